extension PlanDraft {
    /// After Redis forgot: tenants without an owner go to whoever still holds them, and nothing else is decided.
    mutating func rebuildAssignment() {
        for tenant in self.tenants where self.state.owners[tenant.id] == nil && !tenant.isSuspended {
            guard let holder = self.state.locks[tenant.id]?.holder, self.isLocked(tenant.id, by: holder.node) else {
                continue
            }
            self.assign(tenant.id, to: holder.node)
        }
    }

    /// Takes tenants that nobody may own from their nodes.
    mutating func unassignForbidden() {
        for tenant in self.tenants {
            if let reason = self.prohibition(for: tenant) {
                if self.decided.contains(tenant.id), let move = self.state.moves[tenant.id] {
                    self.withdraw(move, because: reason)
                }
                self.unassign(tenant.id, because: reason)
            }
        }
    }

    /// Gives every tenant without a living owner a node, most urgent first: all of them in the same plan.
    mutating func assignOrphans() {
        // Heavy ones first: the light ones then fill the gaps.
        let orphans = self.tenants
            .filter { self.places[$0.id] == nil && !self.decided.contains($0.id) }
            .sorted {
                ($1.priority, $1.placementWeight, $0.id) < ($0.priority, $0.placementWeight, $1.id)
            }
        for tenant in orphans {
            // A lock that a living node still has says where the tenant is in fact.
            if let holder = self.state.locks[tenant.id]?.holder, self.isLocked(tenant.id, by: holder.node) {
                self.firstChoice[tenant.id] = holder.node
            }
            guard let node = self.choose(for: tenant) else {
                self.unassign(tenant.id, because: self.shortage(for: tenant))
                continue
            }
            self.assign(tenant.id, to: node)
            // The first assignment of a tenant starts no cooldown: a cluster that starts up evens out at once.
            if self.state.owners[tenant.id] != nil { self.memory.movedAt[tenant.id] = self.now }
        }
    }
}
