import Foundation
import PostgresClient
import Tenure
import TenureCore
import TestSupport
import Testing

/// What a node does with what is wrong or old, without anybody's help.
@Suite("Unattended work", .needsPostgres, .needsRedis, .timeLimit(.minutes(1)))
struct UnattendedWorkTests {
    private struct Invoice: Codable, Sendable {
        struct Line: Codable, Sendable { var amount: Int }
        var lines: [Line]
    }

    private static let handlers: Handlers = {
        var handlers = Handlers()
        handlers.on("invoice") { (_: Invoice, _) in }
        return handlers
    }()

    @Test("A payload that does not decode is a dead letter at its first attempt, with the coding path")
    func undecodable() async throws {
        try await SoloScene.run { scene in
            let id = try await scene.client.enqueue(
                "invoice",
                payload: #"{"lines": [{"amount": 1}, {"amount": "two"}]}"#
            )
            let good = try await scene.client.enqueue("invoice", payload: #"{"lines": []}"#)
            try await scene.withNode(Self.handlers) { _ in
                try await Polling.wait(for: "both to end") { try await scene.client.work().isEmpty }

                let letter = try #require(try await scene.client.deadLetter(id))
                #expect(letter.reason == "permanent")
                #expect(letter.attempts == 1)
                #expect(letter.error == "payload: expected Int at lines.[1].amount")
                #expect(letter.errors.map(\.error) == [letter.error])
                #expect(try await scene.client.runs(of: good).map(\.state) == ["completed"])
            }
        }
    }

    @Test("Work of an unknown topic waits, is told once, and runs at a node that knows it")
    func unknownTopic() async throws {
        try await SoloScene.run { scene in
            let ids = [try await scene.client.enqueue("unheard-of"), try await scene.client.enqueue("unheard-of")]
            let known = try await scene.client.enqueue("invoice", payload: #"{"lines": []}"#)
            try await scene.withNode(Self.handlers) { events in
                let event = await events.first { $0.name == "topic.unhandled" }
                #expect(event?["topic"]?.description == "unheard-of")
                try await Polling.wait(for: "the known one") { try await scene.client.work(known) == nil }
                let waiting = try await scene.client.work()
                #expect(waiting.map(\.id) == ids)
                #expect(waiting.allSatisfy { $0.attempts == 0 && $0.state == "available" })
                let cluster = try ClusterClient(redisURL: try Servers.requireRedis(), cluster: scene.cluster)
                try await Polling.wait(for: "the cluster's status to tell") {
                    try await cluster.status().loads.values.first?.unhandledTopics == ["acme": ["unheard-of"]]
                }
                await cluster.close()
            }
            var handlers = Self.handlers
            handlers.onRaw("unheard*") { _, _ in }
            try await scene.withNode(handlers) { _ in
                try await Polling.wait(for: "the others") { try await scene.client.work().isEmpty }
            }
        }
    }

    @Test("A47: an owner drops by itself what is older than its retention")
    func retention() async throws {
        try await SoloScene.run { scene in
            try await scene.database.execute(
                """
                CREATE TABLE tenure.runs_20200101 PARTITION OF tenure.runs
                    FOR VALUES FROM ('2020-01-01Z') TO ('2020-01-02Z');
                INSERT INTO tenure.runs (run_id, attempt, finished_at, kind, topic, state)
                    VALUES (1, 1, '2020-01-01 12:00Z', 'timer', 'old', 'completed');
                SELECT tenure.add_partition('dead_letters', 'failed_at', '2020-01-06', '7 days');
                INSERT INTO tenure.dead_letters (id, failed_at, due_at, created_at, backoff_base_ms, backoff_max_ms,
                    attempts, max_attempts, priority, crashes, kind, topic, payload)
                    VALUES (2, '2020-01-07Z', now(), now(), 1, 1, 1, 1, 0, 0, 'timer', 'old', '{}');
                INSERT INTO tenure.changes (at, what) VALUES ('2020-01-01Z', 'old');
                SELECT tenure.receive('s', 'm', 'invoice');
                UPDATE tenure.inbox_ring SET since = '-infinity';
                """
            )
            try await scene.withNode(Self.handlers, { $0.retention.deadLetters = .seconds(86_400) }) { _ in
                try await Polling.wait(for: "the upkeep") {
                    let isInboxOld = try await scene.text("SELECT newest FROM tenure.inbox_ring") == "1"
                    let runs = try await scene.text("SELECT count(*) FROM tenure.runs WHERE topic = 'old'")
                    return isInboxOld && runs == "0"
                }
                #expect(try await scene.text("SELECT count(*) FROM tenure.runs WHERE topic = 'old'") == "0")
                #expect(try await scene.client.receive(source: "s", messageID: "m", topic: "invoice") == nil)
            }
        }
    }
}

/// A tenant in a database of its own, and a cluster of its own with at most one node.
private struct SoloScene {
    let database: DatabaseFixture
    let tenant: Tenant
    let client: TenantClient
    let cluster: ClusterName

    /// Runs a body with a scene, which is gone afterwards.
    static func run(_ body: (SoloScene) async throws -> Void) async throws {
        let redisURL = try Servers.requireRedis()
        let cluster = try ClusterName("test-\(UUID().uuidString.lowercased())")
        try await withDatabase { database in
            let tenant = Tenant(id: try TenantID("acme"), connection: database.url)
            let router = TenantRouter(discovery: StaticDiscovery(tenant))
            let result: Result<Void, any Error>
            do {
                let client = try await router.client(for: tenant.id)
                try await client.migrate()
                try await body(SoloScene(database: database, tenant: tenant, client: client, cluster: cluster))
                result = .success(())
            } catch {
                result = .failure(error)
            }
            await router.close()
            try result.get()
        }
        try await removeKeys(of: cluster, at: redisURL)
    }

    /// Runs a body beside a node that is shut down afterwards.
    func withNode(
        _ handlers: Handlers,
        _ change: (inout NodeOptions) -> Void = { _ in },
        _ body: (AsyncStream<ClusterEvent>) async throws -> Void
    ) async throws {
        var options = NodeOptions(nodeID: try NodeID("node-1"), cluster: self.cluster)
        options.redisURL = try Servers.requireRedis()
        change(&options)
        let node = try Node(
            options: options,
            discovery: StaticDiscovery(self.tenant),
            handlers: handlers,
            logger: quiet
        )
        let events = node.events()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await node.run() }
            try await body(events)
            node.shutDown()
            try await group.next()
        }
    }

    /// The only value of the only row.
    func text(_ sql: String) async throws -> String? {
        try await self.database.connection.query(.unnamed(sql, resultFormat: .text), deadline: .now + .seconds(10))
            .single().optionalString(0)
    }
}
