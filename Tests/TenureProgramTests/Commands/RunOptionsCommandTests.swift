import TestSupport
import Testing

@testable import tenure

@Suite("Limits, unique keys, retry policies and states on the command line", .needsPostgres, .needsRedis)
struct RunOptionsCommandTests {
    @Test("Limits are put, listed and deleted; a wrong one is refused with a hint", .timeLimit(.minutes(1)))
    func limits() async throws {
        try await TenantScene.run { scene in
            _ = try await scene.run("tenants", "add", "acme", "--connection", scene.url)
            _ = try await scene.run("tenants", "migrate", "--all")
            let put = try await scene.json(
                [String: Any].self,
                "limits",
                "put",
                "mail",
                "--tenant",
                "acme",
                "--topic",
                "mail.*",
                "--rate",
                "10/s",
                "--max-running",
                "4"
            )
            #expect(put["changed"] as? Bool == true)
            let listed = try await scene.json([[String: Any]].self, "limits", "list", "--tenant", "acme")
            #expect(listed.count == 1)
            #expect(listed.first?["rate"] as? String == "10/s")
            #expect(listed.first?["max_running"] as? Int == 4)
            let bad = try await scene.run("limits", "put", "x", "--tenant", "acme", "--topic", "a*b", "--rate", "1/s")
            #expect(bad.status != 0 && bad.errors.contains("single *"))
            #expect(try await scene.run("limits", "put", "x", "--tenant", "acme").status == 64)
            #expect(try await scene.run("limits", "put", "x", "--tenant", "acme", "--rate", "fast").status == 64)
            #expect(try await scene.run("limits", "delete", "mail", "--tenant", "acme").status == 0)
            #expect(try await scene.run("limits", "delete", "mail", "--tenant", "acme").status == 1)
        }
    }

    @Test("A taken unique key does what it is told, and what waits is listed by its state", .timeLimit(.minutes(1)))
    func uniqueKeys() async throws {
        try await TenantScene.run { scene in
            _ = try await scene.run("tenants", "add", "acme", "--connection", scene.url)
            _ = try await scene.run("tenants", "migrate", "--all")
            func enqueue(_ more: String...) async throws -> ProgramRun {
                try await ProgramRun.run(
                    ["outbox", "enqueue", "--tenant", "acme", "--topic", "t", "--unique-key", "k"] + more,
                    environment: scene.environment
                )
            }
            let first = try await enqueue("--retry", "delays(1s, 10s)", "--retry-for", "1h", "--limit-key", "c-7")
            #expect(first.status == 0, "\(first.errors)")
            #expect(try await enqueue().output == first.output)
            let refused = try await enqueue("--on-conflict", "error")
            #expect(refused.status != 0 && refused.errors.contains("unique key 'k'"))
            let replaced = try await enqueue("--on-conflict", "replace", "--in", "1h")
            #expect(replaced.status == 0 && replaced.output != first.output)
            #expect(try await enqueue("--retry", "sometimes").status == 64)

            let states = ["scheduled", "available", "cancelled"]
            var counts: [Int] = []
            for state in states {
                let runs = try await scene.json(
                    [[String: Any]].self,
                    "runs",
                    "list",
                    "--tenant",
                    "acme",
                    "--state",
                    state
                )
                counts.append(runs.count { $0["state"] as? String == state })
            }
            #expect(counts == [1, 0, 1])
        }
    }
}
