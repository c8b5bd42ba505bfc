import Foundation
import TestSupport
import Testing

/// `tenure messages`, against a real Redis and Postgres and without any node.
@Suite("Commands about messages", .timeLimit(.minutes(1)), .needsPostgres, .needsRedis)
struct MessagesCommandsTests {
    /// Runs the commands about messages; the same wherever they lie.
    private func checkCommands(_ scene: TenantScene, _ place: [String]) async throws {
        func run(_ arguments: [String]) async throws -> ProgramRun {
            try await ProgramRun.run(["messages"] + arguments + place, environment: scene.environment)
        }
        func json<Value>(_ type: Value.Type, _ arguments: [String]) async throws -> Value {
            let run = try await run(arguments + ["--output", "json"])
            #expect(run.status == 0, "\(run.errors)")
            return try run.json(Value.self)
        }
        let scheduled = try await run(["schedule", "--topic", "a", "--in", "1h", "--payload", #"{"user": 7}"#])
        let token = try #require(scheduled.lines.first)
        #expect(scheduled.status == 0)
        let recurring = try await run(["recurring", "--topic", "b", "--cron", "0 9 L * ?", "--key", "monthly"])
        let recurrence = try #require(recurring.lines.first)
        #expect(
            try await run(["recurring", "--topic", "b", "--cron", "0 9 L * ?", "--key", "monthly"]).lines == [
                recurrence
            ]
        )

        let listed = try await json([[String: Any]].self, ["list", "--state", "pending"])
        let message = try await json([String: Any].self, ["get", token])

        #expect(Set(listed.compactMap { $0["token"] as? String }) == [token, recurrence])
        #expect(message["state"] as? String == "pending")
        #expect(message["payload"] as? [String: Int] == ["user": 7])
        #expect(try await json([String: Any].self, ["get", recurrence])["cron"] as? String == "0 9 L * ?")

        #expect(try await run(["cancel", token]).status == 0)
        #expect(try await run(["cancel", recurrence]).status == 0)
        #expect(try await json([[String: Any]].self, ["list", "--state", "pending"]).isEmpty)
        #expect(try await run(["cancel", "4711"]).status == 1)
        #expect(try await run(["get", "4711"]).status == 1)
        #expect(try await run(["schedule", "--topic", "a"]).status == 64)
        #expect(try await run(["schedule", "--topic", "two words", "--in", "1s"]).status == 64)
        let wrong = try await run(["recurring", "--topic", "b", "--cron", "61 * * * *"])
        #expect(wrong.status == 64)
        #expect(wrong.errors.contains("61"))
    }

    @Test("Messages in Redis are scheduled, shown, listed and cancelled")
    func redis() async throws {
        try await TenantScene.run { scene in try await self.checkCommands(scene, []) }
    }

    @Test("Messages in a tenant's Postgres are scheduled, shown, listed and cancelled")
    func tenant() async throws {
        try await TenantScene.run { scene in
            let tenant = "acme=\(scene.url)"
            _ = try await scene.run("registry", "init")
            #expect(try await scene.run("tenants", "add", "acme", "--connection", scene.url).status == 0)
            #expect(try await scene.run("tenants", "migrate", "acme").status == 0)
            try await self.checkCommands(scene, ["--tenant", tenant])
        }
    }

    @Test("A Redis that cannot be reached is told as such")
    func unreachable() async throws {
        let run = try await ProgramRun.run(["messages", "list", "--redis", "redis://127.0.0.1:1"])

        #expect(run.status == 69)
        #expect(run.errors.contains("redis://127.0.0.1:1"))
    }
}
