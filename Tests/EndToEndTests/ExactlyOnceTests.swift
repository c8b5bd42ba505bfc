import ClusterHarness
import Foundation
import TestSupport
import Testing

@Suite("Exactly once", .serialized)
struct ExactlyOnceTests {
    private static let settings = """
        topics:
          - { match: "ledger.*", sink: sql, function: "public.post_entry", context: true }
        """

    private static let schema = """
        CREATE TABLE public.entries (run bigint, attempt integer, key text);
        CREATE TABLE public.counters (id integer PRIMARY KEY, n bigint NOT NULL);
        INSERT INTO public.counters SELECT i, 0 FROM generate_series(0, 9) AS i;
        CREATE FUNCTION public.post_entry(payload jsonb, context jsonb) RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO public.entries
            VALUES ((context->>'run_id')::bigint, (context->>'attempt')::int, context->>'idempotency_key');
            UPDATE public.counters SET n = n + 1 WHERE id = (payload->>'n')::int % 10;
            PERFORM pg_sleep(0.002);
        END $$;
        """

    @Test(
        "Row 85: a node is killed five times while it calls a function: as many effects as completions as messages",
        .timeLimit(.minutes(3))
    )
    func killed() async throws {
        let cluster = try await TestCluster.start(databases: 1, schemasInTwoMore: 0)
        let tenant = cluster.tenants[0]
        _ = try await cluster.query(tenant, Self.schema)
        let folder = try TemporaryDirectory()
        let config = folder.path + "/tenure.yaml"
        try Self.settings.write(toFile: config, atomically: true, encoding: .utf8)
        let total = 3000
        _ = try await cluster.query(
            tenant,
            "SELECT count(@.enqueue('ledger.post', jsonb_build_object('n', i))) FROM generate_series(1, \(total)) AS i"
        )
        let completed = "SELECT count(*) FROM @.runs WHERE topic = 'ledger.post' AND state = 'completed'"
        func completions() async throws -> Int { Int(try await cluster.query(tenant, completed)[0][0]) ?? 0 }

        for round in 1...5 {
            let node = try cluster.startNode("node-1", configuration: config)
            try await cluster.waitUntil(within: .seconds(30), "round \(round) to make progress") {
                try await completions() >= round * 300
            }
            node.process.signal(SIGKILL)
            _ = try await node.waitForEnd(within: .seconds(10))
        }
        let killedAt = try await completions()
        #expect(killedAt < total, "the kills came too late to say anything")
        let last = try cluster.startNode("node-1", configuration: config)
        try await cluster.waitUntil(within: .seconds(60), "the rest") {
            try await cluster.query(tenant, "SELECT count(*) FROM @.work WHERE kind = 'outbox'")[0][0] == "0"
        }

        #expect(try await completions() == total)
        let effects = "SELECT count(*), count(DISTINCT run), count(DISTINCT key) FROM public.entries"
        #expect(try await cluster.query(tenant, effects) == [["\(total)", "\(total)", "\(total)"]])
        #expect(try await cluster.query(tenant, "SELECT sum(n) FROM public.counters") == [["\(total)"]])
        #expect(try await cluster.query(tenant, "SELECT count(*) FROM @.dead_letters") == [["0"]])
        let crashed = try await cluster.query(tenant, "SELECT count(*) FROM @.runs WHERE state = 'crashed'")
        #expect(crashed != [["0"]], "no kill met a run in progress")
        let message = "exactly once: \(killedAt) of \(total) before the last kill, \(crashed[0][0]) runs crashed\n"
        FileHandle.standardError.write(Data(message.utf8))
        last.process.signal(SIGTERM)
        _ = try await last.waitForEnd(within: .seconds(30))
        try await cluster.stop()
    }
}
