/// Which nodes know which tenants, where not all know all.
package struct TenantListings: Sendable {
    /// The nodes that have a tenant on their lists.
    private var nodes: [TenantID: Set<NodeID>] = [:]
    /// Nodes that know nothing but their lists.
    private var closed: Set<NodeID> = []

    /// Reads what nodes say about themselves.
    package init(of descriptors: some Sequence<NodeDescriptor>) {
        for descriptor in descriptors {
            guard let listing = descriptor.listing else { continue }
            if listing.isEverything { self.closed.insert(descriptor.id) }
            for tenant in listing.tenants { self.nodes[tenant.id, default: []].insert(descriptor.id) }
        }
    }

    /// Whether a node knows where a tenant's database is.
    package func knows(_ node: NodeID, _ tenant: TenantID) -> Bool {
        if self.closed.isEmpty, self.nodes.isEmpty { return true }
        guard let listed = self.nodes[tenant] else { return !self.closed.contains(node) }
        return listed.contains(node)
    }
}
