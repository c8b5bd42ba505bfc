extension PlanDraft {
    /// Lets the strategy propose moves that make the placement better, and begins as many as may be in flight.
    mutating func rebalance() {
        guard self.isForced || (self.options.enableAutoRebalancing && !self.isUnsettled) else { return }
        let free = self.options.maxConcurrentMoves - self.inFlight
        guard free > 0 else { return }
        // One more than can begin tells whether a request has been served in full.
        let limit = self.isForced && free < .max ? free + 1 : free
        let proposals = self.strategy.rebalance(self.view(limit: limit))
        var isComplete = true
        for proposal in proposals {
            guard self.inFlight < self.options.maxConcurrentMoves else {
                isComplete = false
                break
            }
            guard let tenant = self.state.tenants[proposal.tenant], let index = self.indices[proposal.target],
                self.nodes[index].room > 0, self.mobility(of: tenant) == .movable,
                self.isAllowed(tenant, on: self.nodes[index])
            else { continue }
            _ = self.relocate(proposal.tenant, to: proposal.target, because: .rebalance)
        }
        if isComplete { self.changes.served += self.rebalanceRequests }
    }

    /// When to plan again although nothing may have changed: a move is overdue, or a cooldown holds back the balance.
    func reviewAt() -> MonotonicInstant? {
        var instants = [self.nextMoveDeadline].compactMap { $0 }
        let cooldown = self.options.rebalanceCooldown
        if self.nodes.imbalance > self.options.rebalancingThreshold, self.options.enableAutoRebalancing {
            instants += self.memory.movedAt.values.map { $0.advanced(by: cooldown) }
            instants += self.memory.lostAt.values.map { $0.advanced(by: cooldown) }
        }
        instants += self.memory.avoided.values.map(\.until)
        return instants.filter { $0 > self.now }.min()
    }

    private func view(limit: Int) -> PlacementView {
        let nodes = self.nodes.map { node in
            var node = node
            // A node that comes and goes would otherwise stir up everybody's tenants each time.
            if !self.isForced, self.memory.lostAt[node.id] != nil { node.room = 0 }
            return node
        }
        let placed = self.tenants.compactMap { tenant -> PlacedTenant? in
            guard let node = self.places[tenant.id], self.indices[node] != nil else { return nil }
            return PlacedTenant(tenant, on: node, mobility: self.mobility(of: tenant))
        }
        let draft = self
        return PlacementView(
            nodes: nodes,
            tenants: placed,
            threshold: self.isForced ? 0 : self.options.rebalancingThreshold,
            limit: limit,
            rule: { tenant, node in draft.isAllowed(tenant, on: node) && draft.isWithinPreference(tenant, on: node) }
        )
    }

    private func mobility(of tenant: TenantDescriptor) -> PlacedTenant.Mobility {
        if tenant.pinnedNode != nil || self.memory.troubles[tenant.id] != nil { return .fixed }
        guard let place = self.places[tenant.id], !self.decided.contains(tenant.id),
            self.isLocked(tenant.id, by: place), !self.opening.contains(tenant.id),
            self.memory.avoided[tenant.id] == nil
        else { return .later }
        // Entries whose cooldown has ended are gone.
        return self.isForced || self.memory.movedAt[tenant.id] == nil ? .movable : .later
    }

    /// Under preferred labels a tenant does not leave a node that has them for one that lacks them.
    private func isWithinPreference(_ tenant: TenantDescriptor, on node: NodeCandidate) -> Bool {
        guard self.labelPolicy == .preferred, !tenant.labels.isEmpty, !node.hasLabels(tenant.labels) else {
            return true
        }
        return !self.nodes.contains { $0.hasLabels(tenant.labels) }
    }
}
