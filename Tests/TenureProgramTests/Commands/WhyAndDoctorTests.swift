import Foundation
import TestSupport
import Testing

@testable import tenure

@Suite("tenure why and tenure doctor", .needsPostgres, .needsRedis, .timeLimit(.minutes(1)))
struct WhyAndDoctorTests {
    private func prepare(_ scene: TenantScene) async throws {
        #expect(try await scene.run("tenants", "add", "acme", "--connection", scene.url).status == 0)
        #expect(try await scene.run("tenants", "migrate", "acme").status == 0)
    }

    @Test("why explains an occurrence to come, and names the neighbours of an instant that is none")
    func why() async throws {
        try await TenantScene.run { scene in
            try await self.prepare(scene)
            let put = try await scene.run(
                "jobs",
                "put",
                "tick",
                "--tenant",
                "acme",
                "--topic",
                "t",
                "--cron",
                "0 3 * * *"
            )
            #expect(put.status == 0)

            let found = try await scene.json([String: Any].self, "why", "acme", "tick", "2099-01-01T03:00:00Z")
            let none = try await scene.run("why", "acme", "tick", "2099-01-01T04:00:00Z", "--output", "json")
            let text = try await scene.run("why", "acme=\(scene.url)", "tick", "2099-01-01T03:00:00Z")
            let job = try await scene.run("why", "acme", "nothing", "2099-01-01T03:00:00Z")
            let run = try await scene.run("why", "acme", "--run", "4711")
            let usage = try await scene.run("why", "acme", "tick")

            #expect(found["state"] as? String == "upcoming")
            #expect(found["scheduled_for"] as? String == "2099-01-01T03:00:00.000Z")
            #expect(none.status == 1)
            let neighbours = try none.json([String: Any].self)
            #expect(neighbours["previous"] as? String == "2099-01-01T03:00:00.000Z")
            #expect(neighbours["next"] as? String == "2099-01-02T03:00:00.000Z")
            #expect(text.status == 0)
            #expect(text.lines.first == "job tick at 2099-01-01T03:00:00.000Z, tenant acme: upcoming")
            #expect([job.status, run.status, usage.status] == [1, 1, 64])
        }
    }

    private func findings(_ run: ProgramRun) throws -> [[String: Any]] {
        try #require(try run.json([String: Any].self)["findings"] as? [[String: Any]])
    }

    private func levels(_ findings: [[String: Any]], _ check: String) -> [String] {
        findings.filter { $0["check"] as? String == check }.compactMap { $0["level"] as? String }
    }

    @Test("doctor measures what works, and says why nobody leads where no node runs: status 1")
    func withoutNodes() async throws {
        try await TenantScene.run { scene in
            try await self.prepare(scene)

            let run = try await scene.run("doctor", "--output", "json")
            let findings = try self.findings(run)

            #expect(run.status == 1)
            for check in ["redis.reachable", "redis.permissions", "server.reachable", "server.version", "discovery"] {
                #expect(self.levels(findings, check) == ["ok"], "\(check)")
            }
            #expect(self.levels(findings, "leader") == ["fail"])
            let text = try await scene.run("doctor", "--problems")
            #expect(text.status == 1)
            #expect(text.output.contains("no node is registered"))
            #expect(!text.output.contains("redis.version"))
        }
    }

    @Test("A schema that is not there, a database that is away, and a node that runs: each is told")
    func mixed() async throws {
        try await TenantScene.run { scene in
            try await self.prepare(scene)
            let nowhere = "postgresql://postgres@127.0.0.1:1/nowhere"
            #expect(try await scene.run("tenants", "add", "lost", "--connection", nowhere).status == 0)
            let added = try await scene.run("tenants", "add", "bare", "--connection", scene.url, "--schema", "bare")
            #expect(added.status == 0)

            let findings = try self.findings(try await scene.run("doctor", "--output", "json"))

            #expect(self.levels(findings, "database.reachable") == ["fail"])
            #expect(self.levels(findings, "schema") == ["warn"])
            let subjects = findings.filter { ["fail", "warn"].contains($0["level"] as? String) }
                .compactMap { $0["subject"] as? String }
            #expect(Set(subjects).isSuperset(of: ["lost", "bare", "cluster"]))
            #expect(findings.allSatisfy { $0["level"] as? String == "ok" || $0["advice"] is String })
        }
    }

    @Test("Neither Redis nor the registry: status 69")
    func blind() async throws {
        try await TenantScene.run { scene in
            let nowhere = "postgresql://postgres@127.0.0.1:1/nowhere"
            let run = try await scene.run("doctor", "--redis", "redis://127.0.0.1:1", "--registry", nowhere)
            #expect(try await scene.run("registry", "init").status == 0)
            let half = try await scene.run("doctor", "--redis", "redis://127.0.0.1:1")

            #expect(run.status == 69)
            #expect(run.output.contains("redis.reachable"))
            #expect(half.status == 1)
        }
    }

    @Test("A role that may not is told what it lacks")
    func permissions() async throws {
        try await TenantScene.run { scene in
            try await self.prepare(scene)
            let role = "role_\(scene.name)"
            let database = try await Database(scene.url, reactor: scene.reactor)
            try await database.execute("CREATE ROLE \(role) LOGIN; GRANT USAGE ON SCHEMA tenure TO \(role)")
            var url = try #require(URLComponents(string: scene.url))
            url.user = role
            let run = try await scene.run("doctor", "--tenant", "acme=\(url.string ?? "")", "--output", "json")
            try await database.execute("DROP OWNED BY \(role); DROP ROLE \(role)")
            await database.close()

            let findings = try self.findings(run)
            #expect(self.levels(findings, "database.permissions") == ["fail"])
            let measured = findings.first { $0["check"] as? String == "database.permissions" }?["measured"] as? String
            #expect(measured?.contains("may not read and write") == true)
        }
    }
}
