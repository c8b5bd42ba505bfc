internal import Synchronization
package import TenureCore

/// The coordination port in memory: for tests, simulation and clusters of one process.
///
/// It answers as `RedisCoordinationStore` does; both pass `CoordinationConformance`, which also compares them on random
/// sequences of operations. Leases run by the clock that is passed in, and nothing is random, so that a simulation
/// repeats itself exactly.
package final class InMemoryCoordinationStore: CoordinationStore {
    /// What callers meet.
    package enum Condition: Sendable, Hashable {
        /// Requests are answered.
        case healthy
        /// Requests fail with `.unavailable`: nothing happens.
        case unreachable
        /// Requests are executed, and fail with `.outcomeUnknown`.
        case losingReplies
    }

    private struct Protected {
        var state = InMemoryCoordinationState()
        var condition = Condition.healthy
        var listeners: [AsyncStream<Wakeup>.Continuation] = []
    }

    /// Wake-ups that wait for one reader before the oldest are dropped.
    package static let bufferedWakeups = 1024

    private let protected = Mutex(Protected())
    private let now: @Sendable () -> MonotonicInstant

    /// Creates an empty store.
    ///
    /// - Parameter now: The clock by which leases run out. It is called under the store's lock: it must not call back.
    package init(now: @escaping @Sendable () -> MonotonicInstant) {
        self.now = now
    }

    // MARK: Simulating faults

    /// Loses everything, as `FLUSHALL` does.
    ///
    /// - Parameter generations: How many data sets have been named elsewhere; no name is given twice.
    package func forget(after generations: Int = 0) {
        self.protected.withLock { $0.state.forget(after: generations) }
    }

    /// The present lock of a tenant, for whoever watches the cluster from outside.
    package func lock(of tenant: TenantID) -> TenantLock? {
        self.protected.withLock { protected in
            let now = self.now()
            return protected.state.lock(of: tenant, at: now)?.tenantLock(at: now)
        }
    }

    /// The present registration of a node, for whoever watches the cluster from outside.
    package func registration(of node: NodeID) -> Incarnation? {
        self.protected.withLock { $0.state.nodes[node]?.incarnation }
    }

    /// Another store with the same content, as a replica or a backup has it. Nobody listens to it yet.
    package func copy() -> InMemoryCoordinationStore {
        let copy = InMemoryCoordinationStore(now: self.now)
        let state = self.protected.withLock { $0.state }
        copy.protected.withLock { $0.state = state }
        return copy
    }

    /// Sets what callers meet from now on. A return to healthy tells the listeners that wake-ups may have been lost.
    package func simulate(_ condition: Condition) {
        self.protected.withLock { protected in
            let wasHealthy = protected.condition == .healthy
            protected.condition = condition
            if condition == .healthy, !wasHealthy { Self.deliver([.resubscribed], to: &protected.listeners) }
        }
    }

    // MARK: Membership

    package func register(
        _ node: NodeDescriptor,
        replacing: Incarnation?
    ) async throws(CoordinationError) -> RegistrationReply {
        try self.perform("node.register") { state, now in
            state.register(node, replacing: replacing, at: now)
        }
    }

    package func heartbeat(_ heartbeat: Heartbeat) async throws(CoordinationError) -> HeartbeatReply {
        try self.perform("node.heartbeat") { state, now in state.heartbeat(heartbeat, at: now) }
    }

    package func deregister(_ holder: Holder) async throws(CoordinationError) {
        try self.perform("node.deregister") { state, now in state.deregister(holder, at: now) }
    }

    package func setState(
        _ nodeState: NodeState,
        of node: NodeID,
        registeredAs incarnation: Incarnation?
    ) async throws(CoordinationError) -> Bool {
        try self.perform("node.set_state") { state, _ in
            state.setState(nodeState, of: node, registeredAs: incarnation)
        }
    }

    // MARK: Leadership

    package func acquireLeadership(
        _ holder: Holder,
        highestTermSeen: Term,
        lease: Duration
    ) async throws(CoordinationError) -> LeadershipReply {
        try self.perform("leadership.acquire") { state, now in
            state.acquireLeadership(holder, highestTermSeen: highestTermSeen, lease: lease, at: now)
        }
    }

    package func renewLeadership(
        _ holder: Holder,
        term: Term,
        lease: Duration
    ) async throws(CoordinationError) -> Bool {
        try self.perform("leadership.renew") { state, now in
            state.renewLeadership(holder, term: term, lease: lease, at: now)
        }
    }

    package func resignLeadership(_ holder: Holder, term: Term) async throws(CoordinationError) -> Bool {
        try self.perform("leadership.resign") { state, now in state.resignLeadership(holder, term: term, at: now) }
    }

    package func publishTenants(
        _ upserts: [TenantDescriptor],
        removing: [TenantID],
        term: Term
    ) async throws(CoordinationError) {
        try self.performUnderTerm("tenants.publish", term) { state in
            state.publishTenants(upserts, removing: removing)
        }
    }

    package func apply(_ changes: PlanChanges, term: Term) async throws(CoordinationError) {
        try self.performUnderTerm("plan.apply", term) { state in state.apply(changes) }
    }

    // MARK: Locks

    package func acquireLock(
        of tenant: TenantID,
        for holder: Holder,
        floor: Epoch,
        duration: Duration
    ) async throws(CoordinationError) -> LockReply {
        try self.perform("lock.acquire") { state, now in
            state.acquireLock(of: tenant, for: holder, floor: floor, duration: duration, at: now)
        }
    }

    package func releaseLock(
        of tenant: TenantID,
        holder: Holder,
        epoch: Epoch
    ) async throws(CoordinationError) -> Bool {
        try self.perform("lock.release") { state, now in
            state.releaseLock(of: tenant, holder: holder, epoch: epoch, at: now)
        }
    }

    package func reportReady(
        _ tenant: TenantID,
        move: String,
        target: Holder
    ) async throws(CoordinationError) -> Bool {
        try self.perform("move.ready") { state, _ in state.reportReady(tenant, move: move, target: target) }
    }

    package func passLock(
        of tenant: TenantID,
        move: String,
        holder: Holder,
        epoch: Epoch,
        duration: Duration,
        lastClaim: ServerTime
    ) async throws(CoordinationError) -> PassReply {
        try self.perform("lock.pass") { state, now in
            state.passLock(
                of: tenant,
                move: move,
                holder: holder,
                epoch: epoch,
                duration: duration,
                lastClaim: lastClaim,
                at: now
            )
        }
    }

    // MARK: Reading

    package func state() async throws(CoordinationError) -> ClusterState {
        try self.perform("state.read") { state, now in state.clusterState(at: now) }
    }

    package func assignment(of node: NodeID) async throws(CoordinationError) -> NodeAssignment {
        try self.perform("assignment.read") { state, now in state.assignment(of: node, at: now) }
    }

    // MARK: Operators, hints and events

    package func submit(_ request: OperatorRequest) async throws(CoordinationError) {
        let isAccepted = try self.perform("request.submit") { state, _ in state.submit(request) }
        guard isAccepted else {
            throw CoordinationError(
                .rejected,
                operation: "request.submit",
                detail: "too many requests wait for the leader"
            )
        }
    }

    package func hint(_ tenant: TenantID) async throws(CoordinationError) {
        try self.perform("hint") { state, _ in state.wakeups.append(.work(tenant)) }
    }

    package func append(_ event: ClusterEvent) async throws(CoordinationError) -> String {
        try self.perform("events.append") { state, _ in state.append(event) }
    }

    package func events(after id: String?, limit: Int) async throws(CoordinationError) -> [StoredEvent] {
        try self.perform("events.read") { state, _ in state.events(after: id, limit: limit) }
    }

    package func wakeups() async -> AsyncStream<Wakeup> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Wakeup.self,
            bufferingPolicy: .bufferingNewest(Self.bufferedWakeups)
        )
        continuation.yield(.resubscribed)
        self.protected.withLock { $0.listeners.append(continuation) }
        return stream
    }

    // MARK: One step

    /// Runs one operation as one step: the condition decides whether it happens and whether its reply arrives.
    private func perform<Reply: Sendable>(
        _ operation: String,
        _ body: (inout InMemoryCoordinationState, MonotonicInstant) -> Reply
    ) throws(CoordinationError) -> Reply {
        let outcome = self.protected.withLock { protected -> Result<Reply, CoordinationError> in
            guard protected.condition != .unreachable else {
                return .failure(CoordinationError(.unavailable, operation: operation))
            }
            let reply = body(&protected.state, self.now())
            let wakeups = protected.state.wakeups
            protected.state.wakeups = []
            Self.deliver(wakeups, to: &protected.listeners)
            guard protected.condition == .healthy else {
                return .failure(CoordinationError(.outcomeUnknown, operation: operation))
            }
            return .success(reply)
        }
        return try outcome.get()
    }

    private func performUnderTerm(
        _ operation: String,
        _ term: Term,
        _ body: (inout InMemoryCoordinationState) -> Void
    ) throws(CoordinationError) {
        let isPresent = try self.perform(operation) { state, now in
            guard state.leads(under: term, at: now) else { return false }
            body(&state)
            return true
        }
        guard isPresent else { throw CoordinationError(.superseded, operation: operation) }
    }

    /// Yielding runs no code of the readers, so it may happen under the lock, which keeps the order.
    private static func deliver(_ wakeups: [Wakeup], to listeners: inout [AsyncStream<Wakeup>.Continuation]) {
        for wakeup in wakeups {
            listeners.removeAll { listener in
                switch listener.yield(wakeup) {
                case .enqueued: return false
                case .terminated: return true
                case .dropped:
                    listener.yield(.resubscribed)
                    return false
                @unknown default: return false
                }
            }
        }
    }
}
