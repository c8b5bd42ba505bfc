import Foundation
import Logging
import ServiceLifecycle
import Tenure
import UnixSignals

/// One node of a small cluster. Start it three times, as `node-1`, `node-2` and `node-3`; see README.md beside this
/// file.
@main
struct ThreeNodes {
    static func main() async throws {
        guard CommandLine.arguments.count == 2 else {
            FileHandle.standardError.write(Data("usage: three-nodes NODE-ID, e.g. three-nodes node-1\n".utf8))
            exit(64)
        }
        let environment = ProcessInfo.processInfo.environment
        let postgres = environment["POSTGRES_URL"] ?? "postgresql://127.0.0.1/postgres"
        var logger = Logger(label: "three-nodes") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning

        // Six tenants: six schemas of one database. With a database each, only the connection strings would differ.
        var tenants: [Tenant] = []
        for number in 1...6 {
            let id = try TenantID("tenant-\(number)")
            tenants.append(Tenant(id: id, connection: postgres, schema: "three_nodes_\(number)"))
        }

        var options = NodeOptions(nodeID: try NodeID(CommandLine.arguments[1]), cluster: try ClusterName("three-nodes"))
        options.redisURL = environment["REDIS_URL"] ?? "redis://127.0.0.1:6379"
        // Balance is restored sooner than in production, so that it can be watched.
        options.coordination.rebalanceCooldown = .seconds(5)

        var handlers = Handlers()
        handlers.onRaw("tick") { _, context in
            Self.say("\(context.tenant): tick, run \(context.runID), epoch \(context.epoch)")
        }

        let node = try Node(
            options: options,
            discovery: StaticDiscovery(tenants),
            handlers: handlers,
            logger: logger
        )
        let events = node.events()
        let router = TenantRouter(discovery: StaticDiscovery(tenants))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await event in events { Self.say(event.text) }
            }
            // Every node does this: putting a job that is there already changes nothing.
            for tenant in tenants {
                let client = try await router.client(for: tenant.id)
                try await client.migrate()
                try await client.putJob("tick", topic: "tick", every: .seconds(5))
            }
            let services = ServiceGroup(services: [node], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
            try await services.run()
        }
        await router.close()
    }

    private static func say(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }
}
