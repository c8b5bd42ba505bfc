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
            ["cluster", "events", "--follow", "--redis", "redis://127.0.0.1:1"],
            ["cluster", "rebalance", "--redis", "redis://127.0.0.1:1"],
            ["tenants", "move", "a", "--to", "n", "--redis", "redis://127.0.0.1:1"],
            ["tenants", "list", "--registry", "postgresql://127.0.0.1:1/x"],
            ["tenants", "migrate", "a", "--registry", "postgresql://127.0.0.1:1/x"],
            ["registry", "init", "--registry", "postgresql://127.0.0.1:1/x"],
            ["jobs", "list", "--tenant", "a=postgresql://127.0.0.1:1/x"],
            ["node", "--tenant", "a=postgresql://127.0.0.1:1/x", "--redis", "redis://127.0.0.1:1"],
        ]
    )
    func unavailable(arguments: [String]) async throws {
        let start = ContinuousClock.now
        let run = try await ProgramRun.run(arguments)

        #expect(run.status == 69)
        #expect(run.errors.contains("refused"))
        // It says which server, and for Redis how to name another.
        #expect(run.errors.contains(arguments.contains("--redis") ? "redis://127.0.0.1:1 (--redis)" : "port 1"))
        #expect(start.duration(to: .now) < .seconds(10))
    }

    @Test(
        "Whoever asks for JSON gets one value, also for an error",
        arguments: [
            (["cluster", "status", "--redis", "redis://127.0.0.1:1"], 69, "Redis"),
            (["tenants", "migrate", "a", "--registry", "postgresql://127.0.0.1:1/x"], 69, "registry"),
            (["timers", "list", "--tenant", "a=postgresql://127.0.0.1:1/x"], 69, "Postgres"),
            (["cron", "next", "61 * * * *"], 64, "minute"),
            (["config", "check", "--set", "runs.batch_size=0"], 78, "runs.batch_size"),
        ]
    )
    func jsonErrors(arguments: [String], status: Int32, text: String) async throws {
        let run = try await ProgramRun.run(arguments + ["--output", "json"])

        let object = try run.json([String: Any].self)
        #expect(run.status == status)
        #expect(object["exit_status"] as? Int == Int(status))
        #expect((object["error"] as? String)?.contains(text) == true)
        #expect(run.errors.contains(text))
    }

    @Test("A negative answer that has a form of its own keeps it")
    func jsonNegative() async throws {
        let run = try await ProgramRun.run(["cron", "next", "0 0 30 2 *", "--output", "json"])

        #expect(run.status == 1)
        #expect(try run.json([String].self).isEmpty)
    }

    @Test("A tenant that is no ID=URL is told without its password")
    func secrets() async throws {
        let run = try await ProgramRun.run(["node", "--tenant", "=postgresql://u:secret@h/db"])

        #expect(run.status == 64)
        #expect(!run.errors.contains("secret"))
    }

    @Test(
        "Settings that cannot be used are 78, with the reason",
        arguments: [
            (
                ["config", "check", "--set", "coordination.lock_duration=1s"],
                "coordination.lock_duration is 1s (--set coordination.lock_duration)"
            ),
            (["config", "check", "--set", "connections.per_server=2"], "connections.per_server"),
            (["config", "check", "--set", "runs.retention=1m"], "runs.retention is 1m (--set runs.retention)"),
            (["config", "check", "--set", "discovery.query=SELECT 1"], "--set discovery.query: discovery.query needs"),
            (["node", "--tenant", "a=x", "--set", "runs.retention=1m"], "runs.retention is 1m (--set runs.retention)"),
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
