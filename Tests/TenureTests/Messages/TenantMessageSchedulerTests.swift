import Foundation
import Tenure
import TenureCore
import TenureTesting
import TestSupport
import Testing

@Suite("TenantMessageScheduler", .needsPostgres, .needsRedis, .timeLimit(.minutes(1)))
struct TenantMessageSchedulerTests {
    @Test("It does what every message scheduler must do", arguments: Conformance.all.map(\.description))
    func conformance(_ description: String) async throws {
        let check = try #require(Conformance.all.first { $0.description == description })
        let redisURL = try Servers.requireRedis()
        let cluster = try ClusterName("test-\(UUID().uuidString.lowercased())")
        try await withDatabase { database in
            let tenant = Tenant(id: try TenantID("acme"), connection: database.url)
            let router = TenantRouter(discovery: StaticDiscovery(tenant))
            let result: Result<Void, any Error>
            do {
                let client = try await router.client(for: tenant.id)
                try await client.migrate()
                try await check.run(on: Self.fixture(client, tenant, redisURL, cluster))
                result = .success(())
            } catch {
                result = .failure(error)
            }
            await router.close()
            try result.get()
        }
        try await removeKeys(of: cluster, at: redisURL)
    }

    /// Each delivery is a node of its own.
    private static func fixture(
        _ client: TenantClient,
        _ tenant: Tenant,
        _ redisURL: String,
        _ cluster: ClusterName
    ) -> Conformance.Fixture {
        Conformance.Fixture(
            scheduler: TenantMessageScheduler(client),
            deliver: { handler, body in
                var handlers = Handlers()
                handlers.onRaw("conformance.*") { payload, context in
                    try await handler(
                        Conformance.Delivery(
                            token: try MessageToken(context.runID.description),
                            payload: payload,
                            attempt: context.attempt,
                            scheduledFor: context.scheduledFor
                        )
                    )
                }
                var options = NodeOptions(
                    nodeID: try NodeID("node-\(UUID().uuidString.prefix(8).lowercased())"),
                    cluster: cluster
                )
                options.redisURL = redisURL
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
            },
            now: { try await client.status(history: .seconds(1)).serverTime },
            advance: { try await Task.sleep(for: $0) }
        )
    }
}
