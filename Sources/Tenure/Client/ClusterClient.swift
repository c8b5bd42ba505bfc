internal import Foundation
internal import IOReactor
internal import RedisClient
internal import RedisCoordination
internal import Synchronization
internal import TenureCore

/// A cluster as its operators see it, over Redis: its state, its events, and what one may ask of it.
///
/// It is no node and takes part in nothing. Every method throws ``CoordinationError`` when Redis cannot be reached.
public final class ClusterClient: Sendable {
    private enum State {
        case unused
        case open(IOReactor, RedisCoordinationStore)
        case closed
    }

    private let configuration: RedisCoordinationStore.Configuration
    private let state = Mutex(State.unused)

    /// How often a request that was left for the leader is looked after.
    private static let servedInterval = Duration.milliseconds(50)

    /// A client of a cluster. Connects when it is first used.
    ///
    /// - Parameters:
    ///   - redisURL: Where Redis is, in any form that a node takes.
    ///   - cluster: The cluster's name. Default `default`.
    ///   - keyPrefix: The option `KeyPrefix` of its nodes. Default `tenure:`.
    /// - Throws: ``CoordinationError`` with `.rejected` when the URL cannot be used.
    public init(
        redisURL: String,
        cluster: ClusterName? = nil,
        keyPrefix: String = "tenure:"
    ) throws(CoordinationError) {
        do {
            self.configuration = RedisCoordinationStore.Configuration(
                url: try RedisURL(redisURL),
                // The literal is a valid name.
                cluster: cluster ?? (try! ClusterName("default")),
                keyPrefix: keyPrefix
            )
        } catch {
            throw CoordinationError(.rejected, operation: "connect", detail: "\(error)")
        }
    }

    // MARK: Looking

    /// Nodes, tenants, owners, locks and moves, read in one step.
    public func status() async throws -> ClusterState {
        try await self.store().state()
    }

    /// Events as the stream keeps them, the oldest first.
    ///
    /// - Parameters:
    ///   - id: Those after this entry; `nil` for all that are kept.
    ///   - limit: The most that is returned. Default 1,000.
    public func events(after id: String? = nil, limit: Int = 1000) async throws -> [StoredEvent] {
        try await self.store().events(after: id, limit: limit)
    }

    // MARK: Nodes

    /// Lets a node hand over its tenants and take no others, until it is undrained or starts anew.
    ///
    /// - Returns: Whether there is such a node.
    @discardableResult
    public func drain(_ node: NodeID) async throws -> Bool {
        try await self.store().setState(.draining, of: node)
    }

    /// Lets a node take tenants again.
    ///
    /// - Returns: Whether there is such a node.
    @discardableResult
    public func undrain(_ node: NodeID) async throws -> Bool {
        try await self.store().setState(.active, of: node)
    }

    // MARK: Requests to the leader

    /// Asks the leader to even out the load now, whatever the threshold and the cooldown say.
    ///
    /// - Returns: The request's ID, for ``waitUntilServed(_:timeout:)``.
    @discardableResult
    public func rebalance() async throws -> String {
        try await self.submit(OperatorRequest(id: Self.newID(), kind: .rebalance))
    }

    /// Asks the leader to move a tenant to a node.
    ///
    /// - Returns: The request's ID, for ``waitUntilServed(_:timeout:)``.
    /// - Throws: ``UnknownTenant`` or ``UnknownNode`` when the cluster does not know one of them.
    @discardableResult
    public func move(_ tenant: TenantID, to node: NodeID) async throws -> String {
        let state = try await self.status()
        guard state.tenants[tenant] != nil else { throw UnknownTenant(tenant.description) }
        guard state.nodes[node] != nil else { throw UnknownNode(node) }
        return try await self.submit(OperatorRequest(id: Self.newID(), kind: .move, tenant: tenant, target: node))
    }

    /// Waits until the leader has taken up a request; what it decided is in the events.
    ///
    /// - Returns: False when it did not within the timeout: there may be no leader.
    public func waitUntilServed(_ request: String, timeout: Duration = .seconds(5)) async throws -> Bool {
        let deadline = ContinuousClock.now + timeout
        while true {
            guard try await self.status().requests.contains(where: { $0.id == request }) else { return true }
            guard ContinuousClock.now < deadline else { return false }
            try await Task.sleep(for: Self.servedInterval)
        }
    }

    /// What ``rebalance()`` would do now, by a leader with these options.
    package func planRebalance(
        options: CoordinationOptions = CoordinationOptions(),
        placement: any PlacementStrategy = LeastLoadedPlacement()
    ) async throws -> RebalancePreview {
        ClusterPlanner(options: options, strategy: placement).preview(try await self.status())
    }

    /// Tells the owner of a tenant that there is new work. A lost hint only costs time.
    func hint(_ tenant: TenantID) async throws {
        try await self.store().hint(tenant)
    }

    /// Closes the connections. Later calls fail.
    public func close() async {
        let before = self.state.withLock { state in
            defer { state = .closed }
            return state
        }
        guard case .open(let reactor, let store) = before else { return }
        await store.close()
        reactor.shutdown()
    }

    // MARK: Connection

    private func submit(_ request: OperatorRequest) async throws -> String {
        try await self.store().submit(request)
        return request.id
    }

    private static func newID() -> String { UUID().uuidString.lowercased() }

    /// The store, which is made at the first call.
    func store() throws(CoordinationError) -> RedisCoordinationStore {
        let store = self.state.withLock { state -> RedisCoordinationStore? in
            switch state {
            case .open(_, let store): return store
            case .closed: return nil
            case .unused:
                let reactor = IOReactor(name: "tenure-cluster")
                let store = RedisCoordinationStore(reactor: reactor, configuration: self.configuration)
                state = .open(reactor, store)
                return store
            }
        }
        guard let store else {
            throw CoordinationError(.unavailable, operation: "connect", detail: "the client was closed")
        }
        return store
    }
}
