internal import OrderedCollections
internal import TenureCore

extension InMemoryCoordinationState {
    func leadership(at now: MonotonicInstant) -> Leadership? {
        guard let leader = self.leader, leader.end > now else { return nil }
        return Leadership(
            holder: leader.holder,
            term: Term(leader.number),
            remaining: now.duration(to: leader.end)
        )
    }

    /// Whether a term is that of the present leader.
    func leads(under term: Term, at now: MonotonicInstant) -> Bool {
        self.leadership(at: now)?.term == term
    }

    mutating func acquireLeadership(
        _ holder: Holder,
        highestTermSeen: Term,
        lease: Duration,
        at now: MonotonicInstant
    ) -> LeadershipReply {
        let end = now.advanced(by: lease)
        let present = self.leadership(at: now)
        if let present, present.holder != holder { return .held(present) }
        if let present, present.term >= highestTermSeen {
            self.leader?.end = end
            return .acquired(present.term)
        }
        self.term = Term(max(self.term, highestTermSeen, present?.term ?? .none).value + 1)
        self.leader = Lease(holder: holder, number: self.term.value, end: end)
        return .acquired(self.term)
    }

    mutating func renewLeadership(
        _ holder: Holder,
        term: Term,
        lease: Duration,
        at now: MonotonicInstant
    ) -> Bool {
        guard let present = self.leadership(at: now), present.holder == holder, present.term == term else {
            return false
        }
        self.leader?.end = now.advanced(by: lease)
        return true
    }

    mutating func resignLeadership(_ holder: Holder, term: Term, at now: MonotonicInstant) -> Bool {
        guard let present = self.leadership(at: now), present.holder == holder, present.term == term else {
            return false
        }
        self.leader = nil
        self.wakeups.append(.leadershipReleased)
        return true
    }

    mutating func publishTenants(_ upserts: [TenantDescriptor], removing: [TenantID]) {
        var isChanged = false
        for tenant in upserts where self.tenants[tenant.id] != tenant {
            self.tenants[tenant.id] = tenant
            isChanged = true
        }
        for tenant in removing {
            let wasKnown = self.tenants.removeValue(forKey: tenant) != nil
            let wasAssigned = self.owners.removeValue(forKey: tenant) != nil
            let wasMoving = self.moves.removeValue(forKey: tenant) != nil
            self.unassigned[tenant] = nil
            if wasKnown || wasAssigned || wasMoving { isChanged = true }
        }
        if isChanged { self.noteChange() }
    }

    mutating func apply(_ changes: PlanChanges) {
        var isChanged = false
        for lost in changes.lost {
            if self.isRegistered(lost) {
                self.remove(lost.node)
                isChanged = true
            }
            if self.voidMoves(where: { $0 == lost }) { isChanged = true }
        }
        for (tenant, id) in changes.void.sorted(by: { $0.key < $1.key }) where self.moves[tenant]?.id == id {
            self.moves[tenant] = nil
            isChanged = true
        }
        for (tenant, reason) in changes.unassign.sorted(by: { $0.key < $1.key }) {
            let wasAssigned = self.owners.removeValue(forKey: tenant) != nil
            let wasMoving = self.moves.removeValue(forKey: tenant) != nil
            if wasAssigned || wasMoving { isChanged = true }
            self.unassigned[tenant] = reason
        }
        for (tenant, node) in changes.assign.sorted(by: { $0.key < $1.key }) where self.mayAssign(tenant, to: node) {
            self.owners[tenant] = node
            self.unassigned[tenant] = nil
            isChanged = true
        }
        for move in changes.begin where self.mayBegin(move) {
            self.moves[move.tenant] = move
            isChanged = true
        }
        for request in changes.served { self.requests[request] = nil }
        if isChanged { self.noteChange() }
    }

    private func mayAssign(_ tenant: TenantID, to node: NodeID) -> Bool {
        guard self.nodes[node] != nil, self.owners[tenant] != node else { return false }
        return self.owners[tenant].flatMap { self.nodes[$0] } == nil
    }

    private func mayBegin(_ move: PlannedMove) -> Bool {
        self.owners[move.tenant] == move.source && move.source != move.target
            && self.isRegistered(move.sourceHolder) && self.isRegistered(move.targetHolder)
            && self.moves[move.tenant] == nil
    }
}
