import Foundation
import Logging
import ServiceLifecycle
import Tenure
import UnixSignals

/// An invoice that is to be sent.
struct Invoice: Codable, Sendable {
    var number: Int
    var email: String
}

/// A report that is to be made.
struct ReportRequest: Codable, Sendable {
    var month: String
}

/// Serves the tenants that pay for it before all others, each group fairly.
struct GoldFirst: SelectionStrategy {
    let gold: Set<TenantID>
    private var base = WeightedFairSelection()

    init(gold: Set<TenantID>) {
        self.gold = gold
    }

    mutating func choose(among candidates: [TenantDemand], at now: MonotonicInstant) -> Int? {
        let golden = candidates.filter { self.gold.contains($0.tenant) }
        let group = golden.isEmpty ? candidates : golden
        guard let choice = self.base.choose(among: group, at: now) else { return nil }
        return candidates.firstIndex { $0.tenant == group[choice].tenant }
    }

    mutating func granted(_ count: Int, to demand: TenantDemand, at now: MonotonicInstant) {
        self.base.granted(count, to: demand, at: now)
    }

    mutating func forgot(_ tenant: TenantID) {
        self.base.forgot(tenant)
    }
}

/// A program that runs a node inside itself, with handlers in Swift.
///
/// Environment: `REDIS_URL`, `POSTGRES_URL` (one database; each tenant has a schema in it), `NODE_ID`.
@main
struct Embedded {
    static func main() async throws {
        let environment = ProcessInfo.processInfo.environment
        let postgres = environment["POSTGRES_URL"] ?? "postgresql://127.0.0.1/postgres"
        let acme = try TenantID("acme")
        let tenants = [
            Tenant(id: acme, connection: postgres, schema: "embedded_acme"),
            Tenant(id: try TenantID("globex"), connection: postgres, schema: "embedded_globex"),
        ]

        var handlers = Handlers()
        handlers.on("invoice.send") { (invoice: Invoice, context) in
            // A mailer that knows idempotency keys sends once, however often this runs.
            Self.say("\(context.tenant): invoice \(invoice.number) to \(invoice.email), key \(context.idempotencyKey)")
        }
        handlers.on("report.make") { (request: ReportRequest, context) in
            guard request.month.count == 7 else { throw PermanentFailure("'\(request.month)' is no month") }
            Self.say("\(context.tenant): report of \(request.month), attempt \(context.attempt)")
        }

        var options = NodeOptions(nodeID: try NodeID(environment["NODE_ID"] ?? "embedded-1"))
        options.cluster = try ClusterName("embedded")
        options.redisURL = environment["REDIS_URL"] ?? "redis://127.0.0.1:6379"
        options.selection = GoldFirst(gold: [acme])

        let logger = Logger(label: "embedded") { StreamLogHandler.standardError(label: $0) }
        let node = try Node(
            options: options,
            discovery: StaticDiscovery(tenants),
            handlers: handlers,
            logger: logger
        )
        let events = node.events()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await event in events where event.name.hasPrefix("tenant.") { Self.say(event.text) }
            }
            let services = ServiceGroup(services: [node], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
            try await services.run()
        }
    }

    private static func say(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }
}
