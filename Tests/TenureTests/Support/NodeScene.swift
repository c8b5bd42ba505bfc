import Foundation
import PostgresClient
import Tenure
import TenureCore
import TestSupport

/// Runs a body with a tenant in a database of its own, and a cluster of its own.
func withNodeScene(_ body: (NodeScene) async throws -> Void) async throws {
    let redisURL = try Servers.requireRedis()
    let cluster = try ClusterName("test-\(UUID().uuidString.lowercased())")
    try await withDatabase { database in
        let tenant = Tenant(id: try TenantID("acme"), connection: database.url)
        let router = TenantRouter(discovery: StaticDiscovery(tenant))
        let result: Result<Void, any Error>
        do {
            let client = try await router.client(for: tenant.id)
            try await client.migrate()
            try await body(
                NodeScene(database: database, tenant: tenant, client: client, redisURL: redisURL, cluster: cluster)
            )
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await router.close()
        try result.get()
    }
    try await removeKeys(of: cluster, at: redisURL)
}

/// A tenant and its cluster.
struct NodeScene {
    let database: DatabaseFixture
    let tenant: Tenant
    let client: TenantClient
    let redisURL: String
    let cluster: ClusterName

    /// Runs a body beside a node that is shut down afterwards.
    func withNode(
        _ name: String,
        _ handlers: Handlers,
        runs: RunOptions = RunOptions(),
        _ body: (Node) async throws -> Void
    ) async throws {
        let node = try self.node(name, handlers, runs)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await node.run() }
            try await body(node)
            node.shutDown()
            try await group.next()
        }
    }

    /// Runs a body beside a node that ends without leaving.
    func withLostNode(_ name: String, _ handlers: Handlers, _ body: () async throws -> Void) async throws {
        let node = try self.node(name, handlers)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await node.run() }
            try await body()
            group.cancelAll()
            try await group.next()
        }
    }

    private func node(_ name: String, _ handlers: Handlers, _ runs: RunOptions = RunOptions()) throws -> Node {
        var options = NodeOptions(nodeID: try NodeID(name), cluster: self.cluster)
        options.redisURL = self.redisURL
        options.runs = runs
        return try Node(
            options: options,
            discovery: StaticDiscovery(self.tenant),
            handlers: handlers,
            logger: quiet
        )
    }

    /// The only value of the only row.
    func text(_ sql: String) async throws -> String? {
        try await self.database.connection.query(.unnamed(sql, resultFormat: .text), deadline: .now + .seconds(10))
            .single().optionalString(0)
    }

    func waitUntilJoined(_ name: String) async throws {
        let client = try ClusterClient(redisURL: self.redisURL, cluster: self.cluster)
        let id = try NodeID(name)
        try await Polling.wait(for: "\(name) to join") { try await client.status().nodes[id]?.state == .active }
        await client.close()
    }

    func waitUntilEnded(_ id: WorkID) async throws {
        try await Polling.wait(for: "the end of run \(id)") { try await self.client.work(id) == nil }
    }

    /// The states of a run's attempts, the newest first.
    func history(_ id: WorkID) async throws -> [String] {
        try await self.client.runs(of: id).map(\.state)
    }
}
