import Foundation
import TestSupport
import Testing

@testable import tenure

@Suite("tenure audit", .needsPostgres, .needsRedis, .timeLimit(.minutes(1)))
struct AuditCommandTests {
    @Test("Sound: status 0; one JSON value with what was looked at")
    func sound() async throws {
        try await TenantScene.run { scene in
            let tenant = "acme=\(scene.url)"
            #expect(try await scene.run("tenants", "add", "acme", "--connection", scene.url).status == 0)
            #expect(try await scene.run("tenants", "migrate", "acme").status == 0)

            let all = try await scene.json([String: Any].self, "audit")
            let text = try await scene.run("audit", "--tenant", tenant, "--databases-only")

            #expect(all["sound"] as? Bool == true)
            #expect((all["checked"] as? [String: Any])?["tenants"] as? Int == 1)
            #expect((all["violations"] as? [Any])?.isEmpty == true)
            #expect(text.status == 0)
            #expect(text.lines.first?.hasPrefix("1 tenant: 0 jobs, ") == true)
            #expect(text.lines.last == "sound")
        }
    }

    @Test("A violation: status 1, with its rows in JSON and for people")
    func violation() async throws {
        try await TenantScene.run { scene in
            let tenant = "acme=\(scene.url)"
            #expect(try await scene.run("tenants", "add", "acme", "--connection", scene.url).status == 0)
            #expect(try await scene.run("tenants", "migrate", "acme").status == 0)
            let database = try await Database(scene.url, reactor: scene.reactor)
            for attempt in 1...2 {
                try await database.execute(
                    """
                    INSERT INTO tenure.runs (run_id, attempt, finished_at, kind, topic, state, node)
                    VALUES (7, \(attempt), now(), 'timer', 'report.send', 'completed', 'node-1')
                    """
                )
            }
            await database.close()

            let json = try await scene.run("audit", "--tenant", tenant, "--output", "json")
            let text = try await scene.run("audit", "--tenant", tenant)

            #expect(json.status == 1)
            let report = try json.json([String: Any].self)
            let violations = try #require(report["violations"] as? [[String: Any]])
            #expect(report["sound"] as? Bool == false)
            #expect(violations.map { $0["check"] as? String } == ["completed_twice"])
            #expect(violations.first?["tenant"] as? String == "acme")
            let rows = try #require(violations.first?["rows"] as? [[String: Any]])
            #expect(rows.map { $0["run_id"] as? Int } == [7, 7])
            #expect(text.status == 1)
            #expect(text.lines.contains("broken: runs that completed more than once (completed_twice)"))
            #expect(text.output.contains("report.send"))
            #expect(text.lines.last == "not sound: 1 violation")
        }
    }

    @Test("A server that cannot be reached: status 69 for Redis, the registry, and a tenant that was asked for")
    func unreachable() async throws {
        try await TenantScene.run { scene in
            let nowhere = "postgresql://postgres@127.0.0.1:1/nowhere"
            #expect(try await scene.run("tenants", "add", "lost", "--connection", nowhere).status == 0)

            let redis = try await scene.run("audit", "--redis", "redis://127.0.0.1:1", "--output", "json")
            let registry = try await scene.run("audit", "--registry", nowhere)
            let asked = try await scene.run("audit", "--tenant", "lost", "--databases-only", "--output", "json")
            let among = try await scene.run("audit", "--databases-only", "--output", "json")
            let unknown = try await scene.run("audit", "--tenant", "nobody", "--databases-only")

            #expect(redis.status == 69)
            #expect(try redis.json([String: Any].self)["exit_status"] as? Int == 69)
            #expect(registry.status == 69)
            #expect(asked.status == 69)
            #expect(asked.errors.contains("the database of lost cannot be used"))
            #expect(among.status == 0)
            let warnings = try among.json([String: Any].self)["warnings"] as? [[String: Any]]
            #expect(warnings?.map { $0["check"] as? String } == ["unread"])
            #expect(unknown.status == 1)
        }
    }
}
