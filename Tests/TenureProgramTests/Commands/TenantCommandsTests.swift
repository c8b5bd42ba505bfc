import Foundation
import TestSupport
import Testing

/// The commands about tenants and their work, against a real Postgres and Redis and without any node.
@Suite("Commands about tenants", .timeLimit(.minutes(1)), .needsPostgres, .needsRedis)
struct TenantCommandsTests {
    @Test("A tenant is added, listed, changed and removed; the registry is made by the first that writes")
    func registry() async throws {
        try await TenantScene.run { scene in
            #expect(try await scene.run("tenants", "list").errors.contains("tenure registry init"))
            let added = try await scene.run(
                "tenants",
                "add",
                "acme",
                "--connection",
                scene.url,
                "--label",
                "region=eu",
                "--weight",
                "2"
            )
            #expect(added.status == 0)
            #expect(try await scene.run("tenants", "add", "acme", "--connection", "x").status == 1)
            _ = try await scene.run("tenants", "suspend", "acme")
            _ = try await scene.run("tenants", "pin", "acme", "--to", "node-1")

            let rows = try await scene.json([[String: Any]].self, "tenants", "list")

            #expect(rows.count == 1)
            #expect(rows[0]["id"] as? String == "acme")
            #expect(rows[0]["suspended"] as? Bool == true)
            #expect(rows[0]["pinned_node"] as? String == "node-1")
            #expect(rows[0]["weight"] as? Double == 2)
            #expect(rows[0]["labels"] as? [String: String] == ["region": "eu"])

            #expect(try await scene.run("tenants", "remove", "acme").status == 0)
            #expect(try await scene.json([[String: Any]].self, "tenants", "list").isEmpty)
            #expect(try await scene.run("tenants", "resume", "acme").status == 1)
        }
    }

    @Test(
        "Without a registry every command that reads it says how to get one",
        arguments: [
            ["tenants", "list"], ["tenants", "show", "acme"], ["tenants", "migrate", "--all"],
            ["tenants", "migrate", "acme"], ["jobs", "list", "--tenant", "acme"],
        ]
    )
    func noRegistry(arguments: [String]) async throws {
        try await TenantScene.run { scene in
            let run = try await ProgramRun.run(arguments, environment: scene.environment)

            #expect(run.status != 0)
            #expect(run.lines.isEmpty)
            #expect(run.errors.contains("tenure registry init"))
            #expect(!run.errors.contains("tenants migrate"))
        }
    }

    @Test("A tenant's schema is migrated; until then commands say what to do")
    func migrate() async throws {
        try await TenantScene.run { scene in
            _ = try await scene.run("tenants", "add", "acme", "--connection", scene.url)
            let before = try await scene.run("jobs", "list", "--tenant", "acme")
            #expect(before.status == 1)
            #expect(before.errors.contains("tenure tenants migrate"))

            let first = try await scene.json([[String: Any]].self, "tenants", "migrate", "--all")
            let second = try await scene.json([[String: Any]].self, "tenants", "migrate", "acme")

            #expect((first[0]["applied"] as? [Int])?.isEmpty == false)
            #expect((second[0]["applied"] as? [Int])?.isEmpty == true)
            #expect(try await scene.run("tenants", "migrate", "nobody").status == 1)
        }
    }

    @Test("Jobs are put, listed, paused, resumed, triggered and deleted")
    func jobs() async throws {
        try await TenantScene.run { scene in
            let tenant = "acme=\(scene.url)"
            _ = try await scene.run("tenants", "add", "acme", "--connection", scene.url)
            _ = try await scene.run("tenants", "migrate", "--all")
            let put = ["jobs", "put", "nightly", "--tenant", "acme", "--topic", "t", "--payload", #"{"n": 1}"#]
            let run = try await ProgramRun.run(
                put + ["--cron", "0 3 * * *", "--time-zone", "Europe/Berlin"],
                environment: scene.environment
            )
            #expect(run.status == 0)
            #expect(
                try await ProgramRun.run(put + ["--cron", "61 * * * *"], environment: scene.environment).status == 64
            )

            let job = try await scene.json([String: Any].self, "jobs", "show", "nightly", "--tenant", tenant)
            #expect(job["cron"] as? String == "0 3 * * *")
            #expect(job["time_zone"] as? String == "Europe/Berlin")
            #expect(job["payload"] as? [String: Int] == ["n": 1])

            let pause = try await scene.json([String: Any].self, "jobs", "pause", "nightly", "--tenant", "acme")
            #expect(pause["changed"] as? Bool == true)
            let resume = try await scene.json([String: Any].self, "jobs", "resume", "nightly", "--tenant", "acme")
            #expect(resume["changed"] as? Bool == true)
            let triggered = try await scene.json([String: Any].self, "jobs", "trigger", "nightly", "--tenant", "acme")
            #expect(triggered["id"] is Int)
            #expect(try await scene.run("jobs", "trigger", "nope", "--tenant", "acme").status == 1)

            let preview = try await scene.run("jobs", "preview", "nightly", "--tenant", "acme", "--count", "3")
            #expect(preview.lines.count == 3)
            #expect(preview.lines.allSatisfy { $0.contains("T03:00:00+0") })

            #expect(try await scene.run("jobs", "delete", "nightly", "--tenant", "acme").status == 0)
            #expect(try await scene.run("jobs", "show", "nightly", "--tenant", "acme").status == 1)
        }
    }

    @Test("Timers and messages are added, listed and cancelled, and a message is received once")
    func work() async throws {
        try await TenantScene.run { scene in
            _ = try await scene.run("tenants", "add", "acme", "--connection", scene.url)
            _ = try await scene.run("tenants", "migrate", "--all")

            let timer = try await scene.run("timers", "add", "--tenant", "acme", "--topic", "t", "--in", "10m")
            let id = try #require(Int(timer.output))
            let listed = try await scene.json([[String: Any]].self, "timers", "list", "--tenant", "acme")
            #expect(listed.map { $0["id"] as? Int } == [id])
            #expect(listed[0]["state"] as? String == "scheduled")
            #expect(try await scene.run("timers", "cancel", "\(id)", "--tenant", "acme").status == 0)
            #expect(try await scene.run("timers", "cancel", "\(id)", "--tenant", "acme").status == 1)

            let message = try await scene.json(
                [String: Any].self,
                "outbox",
                "enqueue",
                "--tenant",
                "acme",
                "--topic",
                "t",
                "--payload",
                "[1]"
            )
            #expect(message["id"] is Int)
            let receive = [
                "inbox", "receive", "--tenant", "acme", "--topic", "t", "--source", "s", "--message-id", "m",
            ]
            let json = receive + ["--output", "json"]
            let first = try await ProgramRun.run(json, environment: scene.environment).json([String: Any].self)
            let second = try await ProgramRun.run(json, environment: scene.environment).json([String: Any].self)
            #expect(first["seen"] as? Bool == false)
            #expect(second["seen"] as? Bool == true)
            #expect(second["id"] is NSNull)

            let history = try await scene.json([[String: Any]].self, "runs", "list", "--tenant", "acme")
            #expect(history.map { $0["state"] as? String } == ["cancelled"])
            #expect(try await scene.run("dead", "retry", "1", "--tenant", "acme").status == 1)
        }
    }
}
