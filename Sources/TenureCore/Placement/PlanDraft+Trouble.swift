extension PlanDraft {
    /// How long after the last sign of trouble, or the last move, an open tenant counts as recovered. An owner needs
    /// 10 s to notice trouble and one heartbeat to say so.
    private static var recovery: Duration { .seconds(20) }

    /// Tries each other node once for tenants whose owner cannot reach their database, then leaves them where they are.
    mutating func relieveTroubled() {
        for tenant in self.tenants where self.troubled.contains(tenant.id) {
            var trouble = self.memory.troubles[tenant.id] ?? PlannerMemory.Trouble(lastSign: self.now)
            trouble.lastSign = self.now
            if let place = self.state.owners[tenant.id] { trouble.tried.insert(place) }
            self.memory.troubles[tenant.id] = trouble
        }
        for tenant in self.tenants {
            guard let trouble = self.memory.troubles[tenant.id] else { continue }
            if self.troubled.contains(tenant.id) {
                if !self.decided.contains(tenant.id) { self.tryElsewhere(tenant, trouble) }
            } else {
                self.awaitRecovery(tenant.id, trouble)
            }
        }
        let known = self.state.tenants
        self.memory.troubles = self.memory.troubles.filter { known[$0.key] != nil }
    }

    private mutating func tryElsewhere(_ tenant: TenantDescriptor, _ trouble: PlannerMemory.Trouble) {
        let untried = self.nodes.contains { node in
            !trouble.tried.contains(node.id) && self.isAllowed(tenant, on: node)
        }
        guard untried else {
            if !trouble.isFailing {
                self.memory.troubles[tenant.id]?.isFailing = true
                self.notes.append(.tenantFailing(tenant.id))
            }
            return
        }
        // A server that is down troubles many tenants at once: half of the moves stay free for what helps.
        guard self.troubleInFlight < max(1, self.options.maxConcurrentMoves / 2),
            let target = self.choose(for: tenant, excluding: trouble.tried),
            self.relocate(tenant.id, to: target, because: .trouble)
        else { return }
        self.troubleInFlight += 1
    }

    private mutating func awaitRecovery(_ tenant: TenantID, _ trouble: PlannerMemory.Trouble) {
        guard let owner = self.state.owners[tenant], self.isLocked(tenant, by: owner),
            !self.opening.contains(tenant)
        else {
            // Not open yet: the new owner has its time to say so.
            var waiting = trouble
            waiting.lastSign = self.now
            self.memory.troubles[tenant] = waiting
            return
        }
        guard trouble.lastSign.advanced(by: Self.recovery) <= self.now else { return }
        self.memory.troubles[tenant] = nil
        if trouble.isFailing { self.notes.append(.tenantRecovered(tenant)) }
    }
}
