import ClusterHarness
import Foundation
import TestSupport
import Testing

/// Nodes that are there and do not work as they should.
// One at a time: each test measures the times of a whole cluster.
@Suite("Nodes in trouble", .needsPrivatePostgres, .needsPrivateRedis, .serialized)
struct NodeTroubleTests {
    @Test("Handlers that block every thread of a node: the others take its tenants over", .timeLimit(.minutes(3)))
    func blockedThreads() async throws {
        let cluster = try await TestCluster.start(databases: 3, schemasInTwoMore: 6)
        let rules = try Rules("blocking")
        let nodes = try (1...3).map { try cluster.startNode("node-\($0)", arguments: ["--config", rules.path]) }
        try await cluster.waitUntilAllRun()
        try await cluster.waitUntilMembers(3)
        try await cluster.waitUntilBalanced()
        let tenant = cluster.tenants[0]
        let victim = try #require(try await cluster.owners()[tenant.id])
        let owned = try await cluster.owners().filter { $0.value == victim }.map(\.key).sorted()

        // As many as there are threads in the pool, for less time than claims are lent.
        let count = ProcessInfo.processInfo.activeProcessorCount
        _ = try await cluster.query(
            tenant,
            "SELECT @.enqueue('blocking', '{\"block_ms\": 18000}') FROM generate_series(1, \(count))"
        )
        try await cluster.waitUntil(within: .seconds(10), "the threads are blocked") {
            try await cluster.query(tenant, "SELECT count(*) FROM @.running")[0][0] != "0"
        }
        let blockedAt = try await cluster.now()
        try await cluster.waitUntil(within: .seconds(16), "the node's tenants are elsewhere") {
            try await cluster.owners().values.allSatisfy { $0 != victim }
        }
        let message = "tenants of a node whose threads are blocked moved in \(try await cluster.now() - blockedAt) s"
        FileHandle.standardError.write(Data("\(message)\n".utf8))
        #expect(nodes.first { $0.id == victim }?.process.ending == nil, "the node lives")
        #expect(try await cluster.leader() != victim)
        try await cluster.waitUntilAllRun(
            within: .seconds(20),
            tenants: cluster.tenants.filter { owned.contains($0.id) }
        )

        try await cluster.waitUntil(within: .seconds(40), "what blocked has ended") {
            try await cluster.query(tenant, "SELECT count(*) FROM @.work WHERE topic = 'blocking'")[0][0] == "0"
        }
        try await cluster.waitUntilAllRun(within: .seconds(20))
        try await Audit.of(cluster).expectSound()
        let twice = try await cluster.query(
            tenant,
            """
            SELECT count(*), count(DISTINCT run_id) FROM @.runs
            WHERE topic = 'blocking' AND state = 'completed'
            """
        )
        #expect(twice == [["\(count)", "\(count)"]], "each completed once: \(twice)")
        _ = rules
        try await cluster.stop()
    }

    @Test(
        "Work that kills its process ends in the dead letters after its limit, and harms nobody else",
        .timeLimit(.minutes(3))
    )
    func poison() async throws {
        let cluster = try await TestCluster.start(databases: 2, schemasInTwoMore: 4)
        let rules = try Rules("poison")
        var nodes = try (1...3).map { try cluster.startNode("node-\($0)", arguments: ["--config", rules.path]) }
        try await cluster.waitUntilAllRun()
        try await cluster.waitUntilMembers(3)
        let tenant = cluster.tenants[0]
        let id = try await cluster.query(tenant, "SELECT @.enqueue('poison', '{\"crash\": true}')")[0][0]

        var deaths = 0
        try await cluster.waitUntil(within: .seconds(90), "the dead letter") {
            for index in nodes.indices where nodes[index].process.ending != nil {
                deaths += 1
                nodes[index] = try cluster.startNode(nodes[index].id, arguments: ["--config", rules.path])
            }
            return try await cluster.query(tenant, "SELECT count(*) FROM @.dead_letters")[0][0] == "1"
        }

        let letter = try await cluster.query(
            tenant,
            """
            SELECT id, reason, crashes, attempts,
                (SELECT string_agg(e ->> 'state', ' ' ORDER BY n) FROM jsonb_array_elements(errors)
                    WITH ORDINALITY AS x (e, n))
            FROM @.dead_letters
            """
        )[0]
        #expect(letter == [id, "crash_limit", "3", "0", "crashed crashed crashed discarded"])
        // One crash of the batch that it was in, and three alone.
        #expect(deaths == 4)
        try await cluster.waitUntilAllRun(within: .seconds(20))
        #expect(nodes.allSatisfy { $0.process.ending == nil }, "nobody dies of it any more")
        try await Audit.of(cluster).expectSound()
        _ = rules
        try await cluster.stop()
    }

    @Test("SIGTERM while Redis gives no answer: the node ends soon, its attempts given back", .timeLimit(.minutes(2)))
    func silentRedis() async throws {
        let cluster = try await TestCluster.start(databases: 2, schemasInTwoMore: 4)
        let node = try cluster.startNode("node-1")
        try await cluster.waitUntilAllRun()

        cluster.redis.pause()
        let stoppedAt = ContinuousClock.now
        node.process.signal(SIGTERM)
        let ending = try await node.waitForEnd(within: .seconds(20))
        let took = ContinuousClock.now - stoppedAt
        cluster.redis.resume()

        FileHandle.standardError.write(Data("a node without Redis ended in \(took)\n".utf8))
        #expect(ending == .exited(0))
        #expect(took < .seconds(12))
        let claims = try await cluster.queryAll("SELECT batch FROM @.claims")
        #expect(claims.isEmpty, "nothing is left claimed: \(claims)")
        let next = try cluster.startNode("node-2")
        try await cluster.waitUntilAllRun(within: .seconds(30))
        try await Audit.of(cluster).expectSound()
        _ = next
        try await cluster.stop()
    }
}

/// A settings file whose rules send one topic to the `sleep` sink.
private final class Rules {
    private let directory: TemporaryDirectory
    let path: String

    init(_ topic: String) throws {
        self.directory = try TemporaryDirectory()
        self.path = self.directory.path + "/tenure.yaml"
        try "topics:\n  - { match: \(topic), sink: sleep }\n".write(
            toFile: self.path,
            atomically: true,
            encoding: .utf8
        )
    }
}
