extension PlanDraft {
    /// Whether a node may own a tenant: it knows it, and pin, required labels and the strategy's own rule allow it.
    func isAllowed(_ tenant: TenantDescriptor, on node: NodeCandidate) -> Bool {
        guard self.listings.knows(node.id, tenant.id) else { return false }
        if let pin = tenant.pinnedNode, pin != node.id { return false }
        if self.labelPolicy == .required, !node.hasLabels(tenant.labels) { return false }
        return self.strategy.isEligible(node, for: tenant)
    }

    /// The node that a tenant should go to, other than where it is; `nil` when there is none with room.
    ///
    /// - Parameter excluded: Nodes that are out of the question.
    func choose(for tenant: TenantDescriptor, excluding excluded: Set<NodeID> = []) -> NodeID? {
        var avoided = self.suspects
        if let target = self.memory.avoided[tenant.id]?.target { avoided.insert(target) }
        guard !avoided.isEmpty else { return self.choose(for: tenant, without: excluded) }
        if let node = self.choose(for: tenant, without: excluded.union(avoided)) { return node }
        // A node that was slow to take it over, or that may be gone, is better than none.
        return self.places[tenant.id] == nil ? self.choose(for: tenant, without: excluded) : nil
    }

    private func choose(for tenant: TenantDescriptor, without excluded: Set<NodeID>) -> NodeID? {
        let present = self.places[tenant.id]
        func isCandidate(_ node: NodeCandidate) -> Bool {
            node.room > 0 && node.id != present && !excluded.contains(node.id) && self.isAllowed(tenant, on: node)
        }
        // Most of the time all nodes are candidates; then the list need not be copied.
        var candidates = self.nodes
        if !candidates.allSatisfy(isCandidate) { candidates = candidates.filter(isCandidate) }
        if self.labelPolicy == .preferred, !tenant.labels.isEmpty {
            let matching = candidates.filter { $0.hasLabels(tenant.labels) }
            if !matching.isEmpty { candidates = matching }
        }
        guard !candidates.isEmpty else { return nil }
        if let first = self.firstChoice[tenant.id], candidates.contains(where: { $0.id == first }) { return first }
        guard let chosen = self.strategy.place(tenant, among: candidates) else { return nil }
        return candidates.contains { $0.id == chosen } ? chosen : nil
    }

    /// Why nobody may own a tenant, whatever room there is; `nil` when some living node may.
    func prohibition(for tenant: TenantDescriptor) -> String? {
        if tenant.isSuspended { return "suspended" }
        if let pin = tenant.pinnedNode, self.living[pin] == nil {
            return "pinned to node \(pin), which is not in the cluster"
        }
        let nodes = self.everyNode
        if nodes.isEmpty || nodes.contains(where: { self.isAllowed(tenant, on: $0) }) { return nil }
        if let pin = tenant.pinnedNode, !self.listings.knows(pin, tenant.id) {
            return "pinned to node \(pin), on whose list of tenants it is not"
        }
        if !nodes.contains(where: { self.listings.knows($0.id, tenant.id) }) {
            return "no node has it on its list of tenants"
        }
        if self.labelPolicy == .required {
            if let pin = tenant.pinnedNode, nodes.contains(where: { $0.id == pin && !$0.hasLabels(tenant.labels) }) {
                return "pinned to node \(pin), which does not have the labels \(tenant.labelsText)"
            }
            if !nodes.contains(where: { $0.hasLabels(tenant.labels) }) {
                return "no node has the labels \(tenant.labelsText)"
            }
        }
        return "no node is eligible under the placement strategy"
    }

    /// Why a tenant that some node may own gets none now.
    func shortage(for tenant: TenantDescriptor) -> String {
        if self.nodes.isEmpty { return "no node takes tenants" }
        let allowed = self.nodes.filter { self.isAllowed(tenant, on: $0) }
        if allowed.isEmpty {
            if let pin = tenant.pinnedNode { return "pinned to node \(pin), which takes no tenants now" }
            return "no node that may own it takes tenants now"
        }
        if allowed.contains(where: { $0.room > 0 }) { return "the placement strategy chose no node" }
        if let pin = tenant.pinnedNode { return "no node has room: node \(pin), to which it is pinned, is at its cap" }
        return "no node has room: every node that may own it is at its cap of tenants"
    }
}

extension TenantDescriptor {
    /// The labels for a message, in a fixed order.
    fileprivate var labelsText: String {
        self.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
    }
}
