import Foundation
import PostgresClient
import Tenure
import TenureCore
import TestSupport
import Testing

/// A job that was due every minute for two hours, and paused for the last one, is resumed before a node comes.
@Suite("Missed occurrences in the history (A34, A35)", .needsPostgres, .needsRedis, .timeLimit(.minutes(1)))
struct MissedOccurrencesTests {
    @Test(
        "What was missed runs or is a row with its reason, as the misfire policy says: exact counts",
        arguments: [
            (MisfirePolicy.skip, nil, ["completed": 1, "misfire": 59, "paused": 60]),
            (.latest, nil, ["completed": 1, "misfire": 59, "paused": 60]),
            (.pause, nil, ["completed": 1, "misfire": 59, "paused": 60]),
            (.all, nil, ["completed": 5, "misfire": 59, "paused": 56]),
            (.all, "0001-01-01..9998-12-31", ["calendar:ages": 120]),
        ]
    )
    func counts(_ policy: MisfirePolicy, _ excluded: String?, _ expected: [String: Int]) async throws {
        try await withDatabase { database in
            let tenant = Tenant(id: try TenantID("acme"), connection: database.url)
            let router = TenantRouter(discovery: StaticDiscovery(tenant))
            let client = try await router.client(for: tenant.id)
            try await client.migrate()
            var draft = JobDraft(name: "job", topic: "topic", schedule: .every(.seconds(60)))
            draft.misfire = policy
            draft.misfireBound = 5
            if let excluded {
                try await client.putCalendar("ages", excluding: [excluded])
                draft.calendar = "ages"
            }
            try await client.putJob(draft)
            try await client.pauseJob("job")
            // The last occurrence was 30 s ago, the next one is due in 30 s.
            try await database.execute(
                """
                UPDATE tenure.jobs SET anchor = now() - interval '2 hours 30 seconds',
                    planned_from = now() - interval '2 hours 30 seconds', paused_at = now() - interval '1 hour'
                """
            )
            try await client.resumeJob("job")

            try await self.whileNodeRuns(tenant) {
                try await Polling.wait(for: "the end of what runs") {
                    let job = try await client.job("job")
                    let isPlanned = job?.definition.nextDue != nil
                    return try await client.work(job: "job").isEmpty && isPlanned
                }
            }

            var filter = RunFilter()
            filter.job = "job"
            let runs = try await client.runs(filter, limit: 1_000)
            let found = runs.reduce(into: [:]) { counts, run in counts[run.reason ?? run.state, default: 0] += 1 }
            #expect(found == expected)
            #expect(Set(runs.map(\.scheduledFor)).count == 120, "each occurrence once")
            #expect(try await client.job("job")?.definition.isPaused == false)
            await router.close()
        }
    }

    private func whileNodeRuns(_ tenant: Tenant, _ body: () async throws -> Void) async throws {
        let redisURL = try Servers.requireRedis()
        let cluster = try ClusterName("test-\(UUID().uuidString.lowercased())")
        var options = NodeOptions(nodeID: try NodeID("node-1"), cluster: cluster)
        options.redisURL = redisURL
        var handlers = Handlers()
        handlers.onRaw("topic") { _, _ in }
        let node = try Node(
            options: options,
            discovery: StaticDiscovery(tenant),
            handlers: handlers,
            logger: quiet
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await node.run() }
            try await body()
            node.shutDown()
            try await group.next()
        }
        try await removeKeys(of: cluster, at: redisURL)
    }
}
