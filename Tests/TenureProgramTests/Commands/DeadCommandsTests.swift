import TestSupport
import Testing

@testable import tenure

@Suite("Commands about dead letters", .timeLimit(.minutes(1)), .needsPostgres, .needsRedis)
struct DeadCommandsTests {
    @Test("A56: they are shown with all errors, retried and discarded by filter, and who did it is listed")
    func lifecycle() async throws {
        try await self.withLetters { scene in
            let listed = try await scene.json(
                [[String: Any]].self,
                "dead",
                "list",
                "--tenant",
                "acme",
                "--topic",
                "report.*"
            )
            #expect(listed.compactMap { $0["id"] as? Int } == [3, 2, 1])
            let shown = try await scene.json([String: Any].self, "dead", "show", "1", "--tenant", "acme")
            let errors = try #require(shown["errors"] as? [[String: Any]])
            #expect(errors.compactMap { $0["error"] as? String } == ["e1", "e2"])
            #expect(try await scene.run("dead", "show", "1", "--tenant", "acme").output.contains("ATTEMPT"))

            let plan = try await scene.json(
                [String: Any].self,
                "dead",
                "retry",
                "--tenant",
                "acme",
                "--topic",
                "report.*",
                "--limit",
                "2",
                "--plan"
            )
            #expect(plan["matching"] as? Int == 3)
            #expect(plan["retried"] as? Int == 2)
            let retried = try await scene.run(
                "dead",
                "retry",
                "--tenant",
                "acme",
                "--topic",
                "report.*",
                "--limit",
                "2"
            )
            #expect(retried.output == "2 of 3 that fit are back to work. 1 are beyond --limit 2: call again for them.")
            #expect(try await scene.run("dead", "retry", "3", "--tenant", "acme").status == 0)
            #expect(try await scene.run("dead", "retry", "3", "--tenant", "acme").status == 1)
            let discarded = try await scene.run("dead", "discard", "--tenant", "acme", "--all")
            #expect(discarded.output == "1 of 1 that fit are discarded.")
            #expect(try await scene.json([[String: Any]].self, "dead", "list", "--tenant", "acme").isEmpty)
            #expect(try await scene.json([[String: Any]].self, "outbox", "list", "--tenant", "acme").count == 3)

            let changes = try await scene.json(
                [[String: Any]].self,
                "tenants",
                "changes",
                "acme",
                "--what",
                "dead_letter"
            )
            #expect(
                changes.compactMap { $0["what"] as? String }
                    == ["dead_letters.discarded", "dead_letter.retried", "dead_letters.retried"]
            )
            #expect(changes.compactMap { $0["count"] as? Int } == [1, 1, 2])
            #expect((changes[2]["detail"] as? [String: Any])?["topic"] as? String == "report.*")
            #expect(changes.allSatisfy { ($0["via"] as? String)?.hasPrefix("tenure command by ") == true })
            #expect(changes.allSatisfy { ($0["by_role"] as? String)?.isEmpty == false })
        }
    }

    @Test(
        "What could mean all letters by mistake is refused",
        arguments: [
            [], ["1", "--all"], ["1", "--topic", "x"], ["--all", "--topic", "x"], ["1", "--plan"],
            ["--all", "--limit", "0"], ["--before", "yesterday"],
        ]
    )
    func usage(_ arguments: [String]) async throws {
        for command in ["retry", "discard"] {
            let run = try await ProgramRun.run(["dead", command, "--tenant", "acme"] + arguments)
            #expect(run.status == 64, "\(command) \(arguments)")
        }
    }

    /// Runs a body with a migrated tenant `acme` that has three letters of one kind and one of another.
    private func withLetters(_ body: (TenantScene) async throws -> Void) async throws {
        try await TenantScene.run { scene in
            _ = try await scene.run("tenants", "add", "acme", "--connection", scene.url)
            _ = try await scene.run("tenants", "migrate", "acme")
            let database = try await Database(scene.url, reactor: scene.reactor)
            try await database.execute(
                """
                INSERT INTO tenure.dead_letters (id, failed_at, reason, error, due_at, created_at, backoff_base_ms,
                    backoff_max_ms, attempts, max_attempts, priority, crashes, kind, topic, payload, errors)
                SELECT i, now() + i * interval '1 second', 'attempts exhausted', 'e2', now(), now(), 1, 1, 2, 2, 0, 0,
                    'outbox', t, '{}', '[
                        {"attempt": 1, "at": "2026-01-01T00:00:00Z", "state": "retryable", "error": "e1"},
                        {"attempt": 2, "at": "2026-01-01T00:00:01Z", "state": "discarded", "error": "e2"}]'
                FROM (VALUES (1, 'report.a'), (2, 'report.b'), (3, 'report.a'), (4, 'mail')) AS v (i, t)
                """
            )
            await database.close()
            try await body(scene)
        }
    }
}
