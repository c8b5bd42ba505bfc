extension PlanDraft {
    /// Brings tenants away from nodes that drain or stand still. Without another place they stay.
    mutating func evacuate() {
        for tenant in self.tenants where !self.decided.contains(tenant.id) {
            guard let place = self.places[tenant.id], self.indices[place] == nil, self.canRelocate(tenant.id),
                let target = self.choose(for: tenant)
            else { continue }
            _ = self.relocate(tenant.id, to: target, because: .drain)
        }
    }

    /// Brings tenants that are where they may not be to a node that may own them: pins, labels, the strategy's rule.
    mutating func correctPlaces() {
        for tenant in self.tenants where !self.decided.contains(tenant.id) {
            guard let place = self.places[tenant.id], let index = self.indices[place],
                !self.isRightPlace(self.nodes[index], for: tenant), self.canRelocate(tenant.id),
                let target = self.choose(for: tenant), self.isBetter(target, than: self.nodes[index], for: tenant)
            else { continue }
            let reason: MoveReason = tenant.pinnedNode == target ? .pin : .label
            _ = self.relocate(tenant.id, to: target, because: reason)
        }
    }

    /// Brings tenants beyond a node's cap elsewhere; those for which there is no room anywhere lose their node.
    mutating func relieveFullNodes() {
        guard self.nodes.contains(where: { $0.room < 0 }) else { return }
        // The least important go first.
        let order = self.tenants.sorted { ($0.priority, $1.id) < ($1.priority, $0.id) }
        for tenant in order where !self.decided.contains(tenant.id) {
            guard let place = self.places[tenant.id], let index = self.indices[place] else { continue }
            // What leaves takes up room until it has left; here the question is what stays.
            guard let cap = self.living[place].flatMap(self.cap), self.nodes[index].tenants > cap else { continue }
            if let target = self.choose(for: tenant) {
                _ = self.relocate(tenant.id, to: target, because: .cap)
            } else if !self.nodes.contains(where: { $0.room > 0 && self.isAllowed(tenant, on: $0) }) {
                self.unassign(tenant.id, because: self.shortage(for: tenant))
            }
        }
    }

    /// Whether a tenant could leave its node now, so that choosing a target is worth the effort.
    private func canRelocate(_ tenant: TenantID) -> Bool {
        self.inFlight < self.options.maxConcurrentMoves || !self.isLocked(tenant)
    }

    private func isRightPlace(_ node: NodeCandidate, for tenant: TenantDescriptor) -> Bool {
        guard self.isAllowed(tenant, on: node) else { return false }
        return self.labelPolicy != .preferred || node.hasLabels(tenant.labels)
    }

    /// A tenant that only prefers its labels moves to a node that has them, not to another that lacks them.
    private func isBetter(_ target: NodeID, than node: NodeCandidate, for tenant: TenantDescriptor) -> Bool {
        guard self.isAllowed(tenant, on: node), let index = self.indices[target] else { return true }
        return self.nodes[index].hasLabels(tenant.labels)
    }
}
