import TestSupport
import Testing

@testable import tenure

@Suite("tenure runs cancel", .needsPostgres, .needsRedis, .timeLimit(.minutes(1)))
struct RunsCancelTests {
    @Test("It says what became of the request, and exits with 1 when the run has ended or never was")
    func replies() async throws {
        try await TenantScene.run { scene in
            _ = try await scene.run("tenants", "add", "acme", "--connection", scene.url)
            _ = try await scene.run("tenants", "migrate", "--all")
            let database = try await Database(scene.url, reactor: scene.reactor)
            // One waits, and one is claimed by a node.
            try await database.execute(
                """
                SELECT tenure.enqueue('t'), tenure.enqueue('t');
                SELECT tenure.take_ownership(1, 'node-1', 'a');
                SELECT tenure.claim(1, gen_random_uuid(), 'node-1', 'a', '{2}', false);
                """
            )
            await database.close()
            func cancel(_ id: String) async throws -> [String: Any] {
                try await scene.json([String: Any].self, "runs", "cancel", id, "--tenant", "acme")
            }

            let waiting = try await cancel("1")
            #expect(waiting["result"] as? String == "cancelled")
            #expect(waiting["cancelled"] as? Bool == true)
            let running = try await cancel("2")
            #expect(running["result"] as? String == "requested")
            #expect(running["cancelled"] as? Bool == false)
            let text = try await scene.run("runs", "cancel", "2", "--tenant", "acme")
            #expect(text.status == 0)
            #expect(text.output.contains("in progress"))
            let ended = try await scene.run("runs", "cancel", "1", "--tenant", "acme")
            #expect(ended.status == 1)
            #expect(ended.errors.contains("it has ended"))
            let unknown = try await scene.run("runs", "cancel", "99", "--tenant", "acme")
            #expect(unknown.status == 1)
            #expect(unknown.errors.contains("there is no run 99"))
        }
    }
}
