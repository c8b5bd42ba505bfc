internal import Logging
internal import Synchronization
internal import Tenure
internal import TenureCore

/// Looks now and then whether this node and the cluster know the same tenants, and warns of each that they do not.
struct TenantListWatch: Sendable {
    /// Times between two looks. Each reads the cluster's state, which the leader does far more often.
    private static let intervals = Duration.seconds(1)...Duration.seconds(10)

    let node: NodeID
    /// Tenants of the node's static list.
    let listed: [TenantID]
    let interval: Duration
    let client: ClusterClient
    let logger: Logger

    init(_ settings: Settings, node: NodeID, logger: Logger) throws {
        self.node = node
        self.listed = settings.tenants.map(\.id)
        self.interval = min(max(settings.discovery.interval, Self.intervals.lowerBound), Self.intervals.upperBound)
        self.client = try settings.clusterClient()
        self.logger = logger
    }

    /// Looks until the task is cancelled.
    ///
    /// - Parameter events: All events of the node, which tell what its discovery has found.
    func run(_ events: AsyncStream<ClusterEvent>) async {
        let found = Found()
        await withDiscardingTaskGroup { group in
            group.addTask {
                for await event in events { found.take(event) }
            }
            var before: Set<TenantListDifference> = []
            var told: Set<TenantListDifference> = []
            while !Task.isCancelled {
                // Ends early by cancellation only.
                try? await Task.sleep(for: self.interval)
                guard !Task.isCancelled, let differences = await self.look(found) else { continue }
                // A tenant that was just added is known to some earlier than to others: it counts at the second look.
                for difference in differences where before.contains(difference) && told.insert(difference).inserted {
                    self.logger.warning("\(difference.message)")
                }
                before = Set(differences)
                told.formIntersection(before)
            }
            group.cancelAll()
        }
        await self.client.close()
    }

    /// `nil` when nothing can be said: the discovery has not answered yet, or Redis is away, and the node says so.
    private func look(_ found: Found) async -> [TenantListDifference]? {
        guard let known = found.known else { return nil }
        // A Redis that does not answer now does so at a later look.
        guard let state = try? await self.client.status() else { return nil }
        return TenantListDifference.all(of: self.node, known: known, listed: self.listed, in: state)
    }

    /// What the node's discovery has found, as its events tell.
    private final class Found: Sendable {
        private struct State {
            var tenants: Set<TenantID> = []
            var hasAnswered = false
        }

        private let state = Mutex(State())

        /// `nil` until the discovery has answered.
        var known: Set<TenantID>? { self.state.withLock { $0.hasAnswered ? $0.tenants : nil } }

        func take(_ event: ClusterEvent) {
            // Events name tenants by IDs that were valid.
            let tenant = event["tenant"].flatMap { try? TenantID($0.description) }
            self.state.withLock { state in
                switch (EventName(rawValue: event.name), tenant) {
                case (.discoveryCompleted, _): state.hasAnswered = true
                case (.tenantDiscovered, let tenant?): state.tenants.insert(tenant)
                case (.tenantRemoved, let tenant?): state.tenants.remove(tenant)
                default: break
                }
            }
        }
    }
}
