import InMemoryStores
import TenureCore

/// A coordination store with defects: each is a few lines around a call that is right.
struct BrokenCoordination: CoordinationStore {
    let base: InMemoryCoordinationStore
    let defects: Defects

    func register(
        _ node: NodeDescriptor,
        replacing: Incarnation?
    ) async throws(CoordinationError) -> RegistrationReply {
        try await self.base.register(node, replacing: replacing)
    }

    func heartbeat(_ heartbeat: Heartbeat) async throws(CoordinationError) -> HeartbeatReply {
        let reply = try await self.base.heartbeat(heartbeat)
        guard case .alive(var news) = reply else { return reply }
        if self.defects.has(.renewalWithoutEpoch) { news.lostLocks = [] }
        return .alive(news)
    }

    func deregister(_ holder: Holder) async throws(CoordinationError) { try await self.base.deregister(holder) }

    func setState(
        _ state: NodeState,
        of node: NodeID,
        registeredAs incarnation: Incarnation?
    ) async throws(CoordinationError) -> Bool {
        try await self.base.setState(state, of: node, registeredAs: incarnation)
    }

    func acquireLeadership(
        _ holder: Holder,
        highestTermSeen: Term,
        lease: Duration
    ) async throws(CoordinationError) -> LeadershipReply {
        let seen = self.defects.has(.termStartsAgain) ? Term.none : highestTermSeen
        return try await self.base.acquireLeadership(holder, highestTermSeen: seen, lease: lease)
    }

    func renewLeadership(_ holder: Holder, term: Term, lease: Duration) async throws(CoordinationError) -> Bool {
        guard self.defects.has(.renewsAnothersLeadership), let leader = try await self.base.state().leader else {
            return try await self.base.renewLeadership(holder, term: term, lease: lease)
        }
        return try await self.base.renewLeadership(leader.holder, term: leader.term, lease: lease)
    }

    func resignLeadership(_ holder: Holder, term: Term) async throws(CoordinationError) -> Bool {
        try await self.base.resignLeadership(holder, term: term)
    }

    func publishTenants(
        _ upserts: [TenantDescriptor],
        removing: [TenantID],
        term: Term
    ) async throws(CoordinationError) {
        try await self.base.publishTenants(upserts, removing: removing, term: self.accepted(term))
    }

    func apply(_ changes: PlanChanges, term: Term) async throws(CoordinationError) {
        try await self.base.apply(changes, term: self.accepted(term))
    }

    private func accepted(_ term: Term) async throws(CoordinationError) -> Term {
        guard self.defects.has(.deposedLeaderWrites) else { return term }
        return try await self.base.state().leader?.term ?? term
    }

    func acquireLock(
        of tenant: TenantID,
        for holder: Holder,
        floor: Epoch,
        duration: Duration
    ) async throws(CoordinationError) -> LockReply {
        let floor = self.defects.has(.epochStartsAgain) ? Epoch.none : floor
        return try await self.base.acquireLock(of: tenant, for: holder, floor: floor, duration: duration)
    }

    func releaseLock(of tenant: TenantID, holder: Holder, epoch: Epoch) async throws(CoordinationError) -> Bool {
        guard self.defects.has(.releaseWithoutEpoch), let lock = self.base.lock(of: tenant) else {
            return try await self.base.releaseLock(of: tenant, holder: holder, epoch: epoch)
        }
        return try await self.base.releaseLock(of: tenant, holder: lock.holder, epoch: lock.epoch)
    }

    func reportReady(_ tenant: TenantID, move: String, target: Holder) async throws(CoordinationError) -> Bool {
        let isReady = try await self.base.reportReady(tenant, move: move, target: target)
        if isReady, self.defects.has(.passesBeforeClaimsStop), let lock = self.base.lock(of: tenant) {
            _ = try await self.base.passLock(
                of: tenant,
                move: move,
                holder: lock.holder,
                epoch: lock.epoch,
                duration: .seconds(4),
                lastClaim: .distantPast
            )
        }
        return isReady
    }

    func passLock(
        of tenant: TenantID,
        move: String,
        holder: Holder,
        epoch: Epoch,
        duration: Duration,
        lastClaim: ServerTime
    ) async throws(CoordinationError) -> PassReply {
        try await self.base.passLock(
            of: tenant,
            move: move,
            holder: holder,
            epoch: epoch,
            duration: duration,
            lastClaim: lastClaim
        )
    }

    func state() async throws(CoordinationError) -> ClusterState { try await self.base.state() }

    func assignment(of node: NodeID) async throws(CoordinationError) -> NodeAssignment {
        try await self.base.assignment(of: node)
    }

    func submit(_ request: OperatorRequest) async throws(CoordinationError) { try await self.base.submit(request) }

    func hint(_ tenant: TenantID) async throws(CoordinationError) { try await self.base.hint(tenant) }

    func append(_ event: ClusterEvent) async throws(CoordinationError) -> String { try await self.base.append(event) }

    func events(after id: String?, limit: Int) async throws(CoordinationError) -> [StoredEvent] {
        try await self.base.events(after: id, limit: limit)
    }

    func wakeups() async -> AsyncStream<Wakeup> { await self.base.wakeups() }
}
