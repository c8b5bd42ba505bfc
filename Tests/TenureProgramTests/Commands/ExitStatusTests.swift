import Testing

@Suite("Exit statuses", .timeLimit(.minutes(1)))
struct ExitStatusTests {
    @Test(
        "Wrong usage is 64",
        arguments: [["nope"], ["cron", "next"], ["jobs", "list"], ["tenants", "add", "a b", "--connection", "x"]]
    )
    func usage(arguments: [String]) async throws {
        let run = try await ProgramRun.run(arguments)

        #expect(run.status == 64)
        #expect(run.lines.isEmpty)
        #expect(!run.errors.isEmpty)
    }

    @Test(
        "A server that cannot be reached is 69",
        arguments: [
            ["cluster", "status", "--redis", "redis://127.0.0.1:1"],
            ["tenants", "list", "--registry", "postgresql://127.0.0.1:1/x"],
            ["jobs", "list", "--tenant", "a=postgresql://127.0.0.1:1/x"],
            ["node", "--tenant", "a=postgresql://127.0.0.1:1/x", "--redis", "redis://127.0.0.1:1"],
        ]
    )
    func unavailable(arguments: [String]) async throws {
        let run = try await ProgramRun.run(arguments)

        #expect(run.status == 69)
        #expect(run.errors.contains("refused"))
    }

    @Test(
        "Settings that cannot be used are 78, with the reason",
        arguments: [
            (["config", "check", "--set", "coordination.lock_duration=1s"], "LockDuration"),
            (["node", "--tenant", "a=x", "--set", "runs.max_concurrent=0"], "runs.max_concurrent"),
            (["node"], "no tenants"),
            (["node", "--tenant", "a=x", "--redis", "http://x"], "scheme"),
            (["tenants", "list"], "no registry"),
            (["cluster", "status", "--config", "/nonexistent"], "/nonexistent"),
        ]
    )
    func settings(arguments: [String], reason: String) async throws {
        let run = try await ProgramRun.run(arguments)

        #expect(run.status == 78)
        #expect(run.errors.contains(reason))
    }

    @Test("Settings come from the environment too, and secrets are masked")
    func configCheck() async throws {
        let run = try await ProgramRun.run(
            ["config", "check", "--output", "json"],
            environment: ["TENURE_HEARTBEAT_INTERVAL": "500ms", "DATABASE_URL": "postgresql://u:secret@h/db"]
        )

        let rows = try run.json([[String: Any]].self)
        let heartbeat = try #require(rows.first { $0["key"] as? String == "coordination.heartbeat_interval" })
        let registry = try #require(rows.first { $0["key"] as? String == "registry" })
        #expect(heartbeat["value"] as? String == "500ms")
        #expect(heartbeat["source"] as? String == "TENURE_HEARTBEAT_INTERVAL")
        #expect(registry["value"] as? String == "postgresql://u:***@h/db")
        #expect(!run.output.contains("secret"))
    }
}
