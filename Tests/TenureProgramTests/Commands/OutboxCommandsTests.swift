import Foundation
import TestSupport
import Testing

@testable import tenure

@Suite("Commands about many messages", .needsPostgres, .needsRedis, .timeLimit(.minutes(2)))
struct OutboxCommandsTests {
    @Test("A file is enqueued in steps; a wrong line is named, and what was done before is skipped")
    func file() async throws {
        try await TenantScene.run { scene in
            let tenant = "acme=\(scene.url)"
            #expect(try await scene.run("tenants", "add", "acme", "--connection", scene.url).status == 0)
            #expect(try await scene.run("tenants", "migrate", "acme").status == 0)
            let path = FileManager.default.temporaryDirectory.appending(path: "\(scene.name).jsonl").path
            defer { try? FileManager.default.removeItem(atPath: path) }
            var lines = (1...1500).map { "{\"payload\": {\"n\": \($0)}, \"ordering_key\": \"k\($0 % 7)\"}" }
            lines[1200] = "{\"payload\": 1, \"colour\": \"red\"}"
            try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)

            let enqueue = ["outbox", "enqueue", "--tenant", tenant, "--topic", "t", "--from", path]
            let failed = try await ProgramRun.run(enqueue, environment: scene.environment)
            #expect(failed.status == 64)
            #expect(failed.errors.contains("line 1201: the key 'colour' is not known"))
            lines[1200] = "{\"payload\": {\"n\": 1201}, \"topic\": \"u\", \"unique_key\": \"x\"}"
            try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
            let done = try await scene.json(
                [String: Any].self,
                "outbox",
                "enqueue",
                "--tenant",
                tenant,
                "--topic",
                "t",
                "--from",
                path,
                "--skip",
                "1000"
            )

            #expect(done["enqueued"] as? Int == 500)
            #expect(done["last_id"] as? Int ?? 0 >= 1500)
            let work = try await scene.json(
                [[String: Any]].self,
                "outbox",
                "list",
                "--tenant",
                tenant,
                "--limit",
                "9999"
            )
            #expect(work.count == 1500)
            #expect(work.count { $0["topic"] as? String == "u" } == 1)
        }
    }

    @Test("A group is opened, filled, sealed, shown and cancelled; a fan-out reports how far it is")
    func groups() async throws {
        try await TenantScene.run { scene in
            let tenant = "acme=\(scene.url)"
            #expect(try await scene.run("tenants", "add", "acme", "--connection", scene.url).status == 0)
            #expect(try await scene.run("tenants", "migrate", "acme").status == 0)
            let opened = try await scene.json(
                [String: Any].self,
                "groups",
                "open",
                "--tenant",
                tenant,
                "--follow-up",
                "done"
            )
            let id = String(try #require(opened["id"] as? Int))
            let member = try await scene.json(
                [String: Any].self,
                "outbox",
                "enqueue",
                "--tenant",
                tenant,
                "--topic",
                "part",
                "--group",
                id
            )
            #expect(member["id"] is Int)
            #expect(try await scene.run("groups", "seal", id, "--tenant", tenant).status == 0)
            #expect(try await scene.run("groups", "seal", id, "--tenant", tenant).status == 1)
            let shown = try await scene.json(
                [String: Any].self,
                "groups",
                "show",
                id,
                "--tenant",
                tenant
            )
            #expect(shown["pending"] as? Int == 1)
            #expect(shown["sealed"] as? Bool == true)
            let late = ["outbox", "enqueue", "--tenant", tenant, "--topic", "part", "--group", id]
            #expect(try await ProgramRun.run(late, environment: scene.environment).status == 64)
            #expect(try await scene.run("groups", "cancel", id, "--tenant", tenant).status == 0)

            let query = "SELECT i AS key, to_jsonb(i) AS payload FROM generate_series(1, 2500) AS i"
            let fanOut = [
                "outbox", "fan-out", "numbers", "--tenant", tenant, "--topic", "n", "--query", query, "--follow-up",
                "all",
            ]
            for _ in 1...2 {
                let run = try await ProgramRun.run(fanOut + ["--output", "json"], environment: scene.environment)
                #expect(run.status == 0, "\(run.errors)")
                #expect(try run.json([String: Any].self)["enqueued"] as? Int == 2500)
            }
            let fanOuts = try await scene.json(
                [[String: Any]].self,
                "outbox",
                "fan-outs",
                "--tenant",
                tenant
            )
            #expect(fanOuts.map { $0["last_key"] as? String } == ["2500"])
            let work = try await scene.json(
                [[String: Any]].self,
                "outbox",
                "list",
                "--tenant",
                tenant,
                "--limit",
                "9999"
            )
            #expect(work.count { $0["topic"] as? String == "n" } == 2500)
        }
    }

    @Test("A message that changed is refused, and taken for a repetition if that is asked for")
    func changedMessage() async throws {
        try await TenantScene.run { scene in
            let tenant = "acme=\(scene.url)"
            #expect(try await scene.run("tenants", "add", "acme", "--connection", scene.url).status == 0)
            #expect(try await scene.run("tenants", "migrate", "acme").status == 0)
            let receive = [
                "inbox", "receive", "--tenant", tenant, "--source", "s", "--message-id", "1", "--topic", "t",
            ]
            func run(_ more: String...) async throws -> ProgramRun {
                try await ProgramRun.run(receive + more, environment: scene.environment)
            }
            #expect(try await run("--payload", "1").status == 0)
            #expect(try await run("--payload", "1").output.contains("Seen before"))
            let changed = try await run("--payload", "2")
            #expect(changed.status == 64)
            #expect(changed.errors.contains("another payload"))
            #expect(try await run("--payload", "2", "--if-changed", "ignore").output.contains("Seen before"))
        }
    }
}
