internal import OrderedCollections
internal import TenureCore

extension InMemoryCoordinationState {
    mutating func acquireLock(
        of tenant: TenantID,
        for holder: Holder,
        floor: Epoch,
        duration: Duration,
        at now: MonotonicInstant
    ) -> LockReply {
        guard self.isRegistered(holder) else { return .unregistered }
        let counter = self.epochs[tenant] ?? .none
        let owner = self.owners[tenant]
        let wasForgotten = owner == nil && self.unassigned[tenant] == nil && (counter == .none || counter < floor)
        guard owner == holder.node || wasForgotten else { return .notAssigned(owner) }

        let present = self.lock(of: tenant, at: now)
        if let present, present.holder != holder { return .held(present.tenantLock(at: now)) }
        let epoch: Epoch
        if let present, present.number > floor.value {
            epoch = Epoch(present.number)
        } else {
            epoch = Epoch(max(counter.value, floor.value, present?.number ?? 0) + 1)
            self.epochs[tenant] = epoch
        }
        self.locks[tenant] = Lease(holder: holder, number: epoch.value, end: now.advanced(by: duration))
        if wasForgotten {
            self.owners[tenant] = holder.node
            self.ownersVersion += 1
        }
        return .acquired(epoch)
    }

    mutating func releaseLock(
        of tenant: TenantID,
        holder: Holder,
        epoch: Epoch,
        at now: MonotonicInstant
    ) -> Bool {
        guard self.holds(tenant, holder, epoch, at: now) else { return false }
        self.locks[tenant] = nil
        self.wakeups.append(.assignmentChanged)
        return true
    }

    mutating func reportReady(_ tenant: TenantID, move id: String, target: Holder) -> Bool {
        guard let move = self.moves[tenant], move.id == id, move.targetHolder == target, self.isRegistered(target)
        else {
            return false
        }
        if move.stage != .ready {
            self.moves[tenant]?.stage = .ready
            self.noteChange()
        }
        return true
    }

    mutating func passLock(
        of tenant: TenantID,
        move id: String,
        holder: Holder,
        epoch: Epoch,
        duration: Duration,
        lastClaim: ServerTime,
        at now: MonotonicInstant
    ) -> PassReply {
        guard self.holds(tenant, holder, epoch, at: now) else { return .notHeld }
        guard let move = self.moves[tenant], move.id == id, move.stage == .ready, move.sourceHolder == holder,
            self.isRegistered(move.targetHolder)
        else { return .void }
        let passed = Epoch(max(self.epochs[tenant] ?? .none, epoch).value + 1)
        self.epochs[tenant] = passed
        self.locks[tenant] = Lease(
            holder: move.targetHolder,
            number: passed.value,
            end: now.advanced(by: duration)
        )
        self.owners[tenant] = move.target
        self.moves[tenant] = nil
        self.ownersVersion += 1
        self.wakeups.append(
            .lockPassed(tenant: tenant, to: move.targetHolder, from: holder, epoch: passed, lastClaim: lastClaim)
        )
        return .passed(passed)
    }

    private func holds(_ tenant: TenantID, _ holder: Holder, _ epoch: Epoch, at now: MonotonicInstant) -> Bool {
        let lock = self.lock(of: tenant, at: now)
        return lock?.holder == holder && lock?.number == epoch.value
    }

    // MARK: Reading

    func clusterState(at now: MonotonicInstant) -> ClusterState {
        var state = ClusterState()
        state.nodes = self.nodes
        state.heartbeats = self.heartbeats
        state.heartbeatAges = self.heartbeatAges(at: now)
        state.loads = self.loads
        state.tenants = self.tenants
        state.owners = self.owners
        state.ownersVersion = self.ownersVersion
        state.locks = self.locks.filter { $0.value.end > now }.mapValues { $0.tenantLock(at: now) }
        state.epochs = self.epochs
        state.moves = self.moves
        state.unassigned = self.unassigned
        state.requests = Array(self.requests.values)
        state.leader = self.leadership(at: now)
        state.term = self.term
        state.generation = self.generation
        return state
    }

    func assignment(of node: NodeID, at now: MonotonicInstant) -> NodeAssignment {
        var assignment = NodeAssignment()
        for (tenant, owner) in self.owners where owner == node {
            assignment.tenants[tenant] = NodeAssignment.Entry(
                descriptor: self.tenants[tenant],
                lock: self.lock(of: tenant, at: now)?.tenantLock(at: now)
            )
        }
        assignment.moves = self.moves.filter { $0.value.source == node || $0.value.target == node }
        assignment.incarnations = self.nodes.values.map(\.incarnation).sorted()
        assignment.ownersVersion = self.ownersVersion
        assignment.generation = self.generation ?? ""
        return assignment
    }
}

extension InMemoryCoordinationState.Lease {
    /// The lock as the port reports it.
    func tenantLock(at now: MonotonicInstant) -> TenantLock {
        TenantLock(holder: self.holder, epoch: Epoch(self.number), remaining: now.duration(to: self.end))
    }
}
