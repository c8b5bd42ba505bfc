import InMemoryStores
import TenureCore

/// The coordination port as one process uses it, over the simulated network.
struct SimulatedCoordination: CoordinationStore {
    let process: SimulatedProcess
    let world: World

    /// - Parameter check: Looks at what was executed, on the server.
    private func call<Reply: Sendable>(
        _ operation: StaticString,
        urgently: Bool = false,
        _ body:
            @escaping @Sendable (any CoordinationStore, RedisServer.DataSet) async throws(CoordinationError) -> Reply
    ) async throws(CoordinationError) -> Reply {
        let (process, world) = (self.process, self.world)
        let delivery = await world.network.call(
            from: process,
            to: .redis,
            operation,
            timeout: urgently ? .milliseconds(500) : .seconds(2)
        ) { () -> Result<Reply, CoordinationError> in
            let set = world.redis.dataSet(for: process.node)
            do throws(CoordinationError) {
                return .success(try await body(world.defects.coordination(set.store), set))
            } catch {
                return .failure(error)
            }
        }
        switch delivery {
        case .replied(let result): return try result.get()
        case .unavailable: throw CoordinationError(.unavailable, operation: "\(operation)")
        case .unknown: throw CoordinationError(.outcomeUnknown, operation: "\(operation)")
        }
    }

    // MARK: Membership

    func register(
        _ node: NodeDescriptor,
        replacing: Incarnation?
    ) async throws(CoordinationError) -> RegistrationReply {
        try await self.call("node.register") { store, _ throws(CoordinationError) in
            try await store.register(node, replacing: replacing)
        }
    }

    func heartbeat(_ heartbeat: Heartbeat) async throws(CoordinationError) -> HeartbeatReply {
        try await self.call("node.heartbeat", urgently: true) { store, set throws(CoordinationError) in
            let reply = try await store.heartbeat(heartbeat)
            if case .alive(let news) = reply {
                for tenant in heartbeat.locks.keys where !news.lostLocks.contains(tenant) {
                    self.process.locksFrom[tenant] = set.number
                }
            }
            return reply
        }
    }

    func deregister(_ holder: Holder) async throws(CoordinationError) {
        try await self.call("node.deregister") { store, _ throws(CoordinationError) in
            try await store.deregister(holder)
        }
    }

    func setState(
        _ state: NodeState,
        of node: NodeID,
        registeredAs incarnation: Incarnation?
    ) async throws(CoordinationError) -> Bool {
        try await self.call("node.set_state") { store, _ throws(CoordinationError) in
            try await store.setState(state, of: node, registeredAs: incarnation)
        }
    }

    // MARK: Leadership

    func acquireLeadership(
        _ holder: Holder,
        highestTermSeen: Term,
        lease: Duration
    ) async throws(CoordinationError) -> LeadershipReply {
        try await self.call("leadership.acquire") { store, set throws(CoordinationError) in
            let reply = try await store.acquireLeadership(holder, highestTermSeen: highestTermSeen, lease: lease)
            if case .acquired(let term) = reply {
                self.process.leadershipFrom = set.number
                self.world.checker.acquired(term, by: holder, above: highestTermSeen, in: set)
            }
            return reply
        }
    }

    func renewLeadership(_ holder: Holder, term: Term, lease: Duration) async throws(CoordinationError) -> Bool {
        let sentAt = self.world.loop.now
        defer { self.shorten(term, since: sentAt) }
        return try await self.call("leadership.renew", urgently: true) { store, set throws(CoordinationError) in
            let isRenewed = try await store.renewLeadership(holder, term: term, lease: lease)
            if isRenewed { self.process.leadershipFrom = set.number }
            return isRenewed
        }
    }

    /// Trust that is counted from the reply lasts longer than the lease by the time that the round trip took. A holder
    /// that counts from the request sees the same if its lease ends earlier by as much.
    private func shorten(_ term: Term, since sentAt: MonotonicInstant) {
        guard self.world.defects.has(.trustFromReply) else { return }
        let (process, world) = (self.process, self.world)
        let roundTrip = sentAt.duration(to: world.loop.now)
        Task(executorPreference: world.pool) {
            let store = world.redis.dataSet(for: process.node).store
            // The lease may be another's by now, which is left alone.
            guard let leader = try? await store.state().leader, leader.term == term else { return }
            let lease = max(.zero, leader.remaining - roundTrip)
            _ = try? await store.renewLeadership(leader.holder, term: term, lease: lease)
        }
    }

    func resignLeadership(_ holder: Holder, term: Term) async throws(CoordinationError) -> Bool {
        try await self.call("leadership.resign") { store, _ throws(CoordinationError) in
            try await store.resignLeadership(holder, term: term)
        }
    }

    func publishTenants(
        _ upserts: [TenantDescriptor],
        removing: [TenantID],
        term: Term
    ) async throws(CoordinationError) {
        try await self.call("tenants.publish") { store, set throws(CoordinationError) in
            try await store.publishTenants(upserts, removing: removing, term: term)
            self.world.checker.wrote(under: term, in: set, by: self.process)
            self.world.checker.removed(removing, by: self.process)
        }
    }

    func apply(_ changes: PlanChanges, term: Term) async throws(CoordinationError) {
        try await self.call("plan.apply") { store, set throws(CoordinationError) in
            try await store.apply(changes, term: term)
            self.world.checker.wrote(under: term, in: set, by: self.process)
            self.world.checker.planned(changes)
        }
    }

    // MARK: Locks

    func acquireLock(
        of tenant: TenantID,
        for holder: Holder,
        floor: Epoch,
        duration: Duration
    ) async throws(CoordinationError) -> LockReply {
        try await self.call("lock.acquire") { store, set throws(CoordinationError) in
            let reply = try await store.acquireLock(of: tenant, for: holder, floor: floor, duration: duration)
            if case .acquired(let epoch) = reply {
                self.process.locksFrom[tenant] = set.number
                self.world.checker.acquired(tenant, epoch, by: holder, above: floor, in: set)
            }
            return reply
        }
    }

    func releaseLock(of tenant: TenantID, holder: Holder, epoch: Epoch) async throws(CoordinationError) -> Bool {
        try await self.call("lock.release") { store, _ throws(CoordinationError) in
            try await store.releaseLock(of: tenant, holder: holder, epoch: epoch)
        }
    }

    func reportReady(_ tenant: TenantID, move: String, target: Holder) async throws(CoordinationError) -> Bool {
        try await self.call("move.ready") { store, _ throws(CoordinationError) in
            try await store.reportReady(tenant, move: move, target: target)
        }
    }

    func passLock(
        of tenant: TenantID,
        move: String,
        holder: Holder,
        epoch: Epoch,
        duration: Duration,
        lastClaim: ServerTime
    ) async throws(CoordinationError) -> PassReply {
        try await self.call("lock.pass") { store, set throws(CoordinationError) in
            let reply = try await store.passLock(
                of: tenant,
                move: move,
                holder: holder,
                epoch: epoch,
                duration: duration,
                lastClaim: lastClaim
            )
            if case .passed(let next) = reply {
                self.world.checker.passed(tenant, move: move, from: epoch, to: next, in: set)
            }
            return reply
        }
    }

    // MARK: Reading

    func state() async throws(CoordinationError) -> ClusterState {
        try await self.call("state.read") { store, _ throws(CoordinationError) in try await store.state() }
    }

    func assignment(of node: NodeID) async throws(CoordinationError) -> NodeAssignment {
        try await self.call("assignment.read") { store, _ throws(CoordinationError) in
            try await store.assignment(of: node)
        }
    }

    // MARK: Operators, hints and events

    func submit(_ request: OperatorRequest) async throws(CoordinationError) {
        try await self.call("request.submit") { store, _ throws(CoordinationError) in
            try await store.submit(request)
        }
    }

    func hint(_ tenant: TenantID) async throws(CoordinationError) {
        try await self.call("hint") { store, _ throws(CoordinationError) in try await store.hint(tenant) }
    }

    /// Events decide nothing: they go into the trace, not over the network.
    func append(_ event: ClusterEvent) async throws(CoordinationError) -> String {
        self.world.loop.note("event", self.process.node, "\(self.process) \(event.name) \(event.fields)")
        return ""
    }

    func events(after id: String?, limit: Int) async throws(CoordinationError) -> [StoredEvent] { [] }

    func wakeups() async -> AsyncStream<Wakeup> {
        self.world.hints.wakeups(of: self.process)
    }
}
