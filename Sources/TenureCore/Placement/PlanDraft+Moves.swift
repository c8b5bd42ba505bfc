extension PlanDraft {
    /// Gives up moves that cannot end well, and counts those that go on.
    mutating func reviewMoves() {
        var watches: [String: PlannerMemory.Watch] = [:]
        for (tenant, move) in self.state.moves.sorted(by: { $0.key < $1.key }) {
            var watch = self.memory.watches[move.id] ?? PlannerMemory.Watch(stage: move.stage, since: self.now)
            if watch.stage != move.stage { watch = PlannerMemory.Watch(stage: move.stage, since: self.now) }
            if !self.isForgiving, let reason = self.defect(of: move, since: watch.since) {
                self.giveUp(move, because: reason)
                continue
            }
            watches[move.id] = watch
            self.decided.insert(tenant)
            self.inFlight += 1
            if move.reason == MoveReason.trouble.rawValue { self.troubleInFlight += 1 }
        }
        self.memory.watches = watches
    }

    /// Gives up a move that was counted as going on.
    mutating func withdraw(_ move: PlannedMove, because reason: String) {
        self.changes.void[move.tenant] = move.id
        self.notes.append(.moveVoided(move, reason: reason))
        self.memory.watches[move.id] = nil
        self.inFlight -= 1
        if move.reason == MoveReason.trouble.rawValue { self.troubleInFlight -= 1 }
    }

    /// When the next move in flight is overdue.
    var nextMoveDeadline: MonotonicInstant? {
        self.memory.watches.values.map { $0.since.advanced(by: self.moveTimeout) }.min()
    }

    private enum Defect: String {
        case tenantGone = "the tenant is suspended or gone"
        case ownerChanged = "the tenant has another owner"
        case sourceGone = "the source is gone"
        case targetGone = "the target is gone"
        case targetUnfit = "the target takes no tenants any more"
        case pinnedElsewhere = "the tenant is pinned elsewhere"
        case targetInTrouble = "the target cannot reach the tenant's database"
        case sourceLetGo = "the source no longer holds the tenant"
        case overdue = "overdue"
    }

    private func defect(of move: PlannedMove, since: MonotonicInstant) -> Defect? {
        guard let tenant = self.state.tenants[move.tenant], !tenant.isSuspended else { return .tenantGone }
        guard self.state.owners[move.tenant] == move.source else { return .ownerChanged }
        guard let source = self.living[move.source], source.incarnation == move.sourceIncarnation else {
            return .sourceGone
        }
        guard let target = self.living[move.target], target.incarnation == move.targetIncarnation else {
            return .targetGone
        }
        if !self.takesTenants(target) { return .targetUnfit }
        if let pin = tenant.pinnedNode, pin != move.target { return .pinnedElsewhere }
        if self.state.loads[move.target]?.troubledTenants.contains(move.tenant) == true { return .targetInTrouble }
        // A node that leaves, or whose executor stands still, may lose a lock and will not take it again.
        if !self.takesTenants(source), !self.isLocked(move.tenant) { return .sourceLetGo }
        return since.advanced(by: self.moveTimeout) <= self.now ? .overdue : nil
    }

    private mutating func giveUp(_ move: PlannedMove, because defect: Defect) {
        self.changes.void[move.tenant] = move.id
        self.notes.append(.moveVoided(move, reason: defect.rawValue))
        self.memory.movedAt[move.tenant] = self.now
        switch defect {
        case .sourceGone, .sourceLetGo:
            // The target has prepared it, or is about to have.
            self.firstChoice[move.tenant] = move.target
        case .overdue, .targetInTrouble:
            self.memory.avoided[move.tenant] = PlannerMemory.Avoidance(
                target: move.target,
                until: self.now.advanced(by: self.moveTimeout)
            )
            self.memory.troubles[move.tenant]?.tried.insert(move.target)
        case .tenantGone, .ownerChanged, .targetGone, .targetUnfit, .pinnedElsewhere:
            break
        }
    }
}
