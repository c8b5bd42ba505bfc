internal import Foundation
internal import IOReactor
internal import Tenure
internal import TenureCore

/// A cluster to try things on: private servers, sample tenants with traffic, and node processes.
final class DevCluster: Sendable {
    /// How long work that came due before the end has to come to its end.
    private static let patience = Duration.seconds(20)
    /// How long a node has to leave.
    private static let leavePatience = Duration.seconds(45)

    let options: DevOptions
    let servers: PrivateServers
    let registryURL: String
    let redisURL: String
    private let tenants: [SampleTenant]
    private let reactor: IOReactor
    private let moves = MoveLog()

    /// Starts servers and creates tenants; starts no node yet.
    static func start(_ options: DevOptions) async throws -> DevCluster {
        let servers = try await PrivateServers.start()
        do {
            return try await DevCluster(options, servers)
        } catch {
            await servers.stop()
            throw error
        }
    }

    private init(_ options: DevOptions, _ servers: PrivateServers) async throws {
        guard let postgres = servers.postgres, let redis = servers.redis else {
            preconditionFailure("both servers were asked for")
        }
        let reactor = IOReactor(name: "tenure-dev")
        let administrator = try await Database(postgres.url(), reactor: reactor)
        try await administrator.execute("CREATE DATABASE registry")
        let registry = Registry(connection: postgres.url(database: "registry"))
        var tenants: [SampleTenant] = []
        for number in 1...max(1, options.tenants) {
            let id = "tenant-\(number)"
            let tenant = try await SampleTenant.create(
                id,
                on: postgres,
                administrator: administrator,
                reactor: reactor
            )
            try await registry.add(Tenant(id: try TenantID(id), connection: tenant.url))
            tenants.append(tenant)
        }
        await administrator.close()
        await registry.close()
        self.options = options
        self.servers = servers
        self.redisURL = redis.url
        self.registryURL = postgres.url(database: "registry")
        self.tenants = tenants
        self.reactor = reactor
    }

    /// What a node of this cluster is told, besides its name.
    var nodeArguments: [String] {
        ["--redis", self.redisURL, "--registry", self.registryURL, "--cluster", "dev"] + self.options.nodeArguments
    }

    /// Starts the nodes.
    func startNodes() async throws -> [DevNode] {
        var nodes: [DevNode] = []
        do {
            for number in 1...max(1, self.options.nodes) {
                let arguments = self.nodeArguments
                nodes.append(
                    try await DevNode.start(
                        "node-\(number)",
                        arguments: arguments,
                        environment: self.options.environment
                    )
                )
            }
        } catch {
            for node in nodes { await node.process.stop() }
            throw error
        }
        return nodes
    }

    /// Follows one node until it has ended.
    func follow(_ node: DevNode, print: @Sendable (String) -> Void) async {
        for await line in node.process.lines {
            guard let event = ClusterEvent(json: line) else {
                print(line)
                continue
            }
            self.moves.note(event)
            print(event.text)
        }
        print("\(node.id) (process \(node.process.pid)) has ended: \(await node.process.end())")
    }

    /// Makes traffic until it is cancelled.
    func makeTraffic() async {
        await withDiscardingTaskGroup { group in
            for tenant in self.tenants { group.addTask { await tenant.makeTraffic() } }
        }
    }

    /// Waits for what is due, stops the nodes gracefully, and checks.
    func finish(_ nodes: [DevNode]) async throws -> DevSummary {
        guard let first = self.tenants.first else { preconditionFailure("there is at least one tenant") }
        let cutoff = try await first.now()
        let deadline = ContinuousClock.now + Self.patience
        for tenant in self.tenants {
            while nodes.contains(where: \.process.isRunning), ContinuousClock.now < deadline,
                try await !tenant.isDone(by: cutoff)
            {
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        // One after the other, as in an upgrade: so that each hands over to those that stay.
        for node in nodes { await node.process.stop((SIGTERM, Self.leavePatience)) }
        var tallies: [SampleTally] = []
        for tenant in self.tenants { tallies.append(try await tenant.tally(by: cutoff)) }
        return DevSummary(tallies: tallies, takeovers: self.moves.takeovers, handovers: self.moves.handovers)
    }

    /// Stops the servers and removes their data.
    func stop() async {
        for tenant in self.tenants { await tenant.close() }
        await self.servers.stop()
        self.reactor.shutdown()
    }
}
