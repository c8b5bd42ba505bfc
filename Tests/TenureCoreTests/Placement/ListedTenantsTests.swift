import TenureCore
import Testing

@Suite("ClusterPlanner: tenants on lists of single nodes")
struct ListedTenantsTests {
    private let acme = TenantDescriptor(id: tenant("acme"))
    private let globex = TenantDescriptor(id: tenant("globex"))

    /// Two nodes with lists of their own and, if there are, nodes that ask where all do.
    private func cluster(_ lists: [String: TenantListing], others: [String] = []) -> PlannedCluster {
        var cluster = PlannedCluster(nodes: lists.keys.sorted() + others)
        for (name, listing) in lists { cluster.state.nodes[node(name)]?.listing = listing }
        for listing in lists.values { listing.tenants.forEach { cluster.add($0) } }
        return cluster
    }

    @Test("Each goes to a node that has it on its list, however the load is")
    func ownListsOnly() {
        var cluster = self.cluster([
            "n1": TenantListing([self.acme, self.globex], isEverything: true),
            "n2": TenantListing([], isEverything: true),
        ])

        cluster.settle()

        #expect(cluster.tenants(of: "n1") == [self.acme.id, self.globex.id])
        #expect(cluster.tenants(of: "n2") == [])
        cluster.deregister("n1")
        cluster.settle()
        #expect(cluster.state.unassigned[self.acme.id] == "no node has it on its list of tenants")
    }

    @Test("A node with nothing but a list gets no tenant of the registry; one with both gets either")
    func besideARegistry() {
        var cluster = self.cluster(
            [
                "n1": TenantListing([self.acme], isEverything: true),
                "n2": TenantListing([self.globex], isEverything: false),
            ],
            others: ["n3"]
        )
        for index in 0..<20 { cluster.add(TenantDescriptor(id: cluster.id(index))) }

        cluster.settle()

        #expect(cluster.tenants(of: "n1") == [self.acme.id])
        #expect(cluster.tenants(of: "n2").contains(self.globex.id))
        #expect(cluster.tenants(of: "n2").count == 11 && cluster.tenants(of: "n3").count == 10)
    }

    @Test("A tenant on a node that does not know it moves to one that does")
    func misplaced() {
        var cluster = PlannedCluster(nodes: ["n1"])
        cluster.add(self.acme)
        cluster.settle()
        cluster.join("n2")
        cluster.state.nodes[node("n1")]?.listing = TenantListing([], isEverything: true)
        cluster.state.nodes[node("n2")]?.listing = TenantListing([self.acme], isEverything: true)

        cluster.settle()

        #expect(cluster.tenants(of: "n2") == [self.acme.id])
    }

    @Test("Pinned to a node that does not know it, it waits, and the reason says so")
    func pinned() {
        var pinned = self.acme
        pinned.pinnedNode = node("n2")
        var cluster = self.cluster([
            "n1": TenantListing([pinned], isEverything: true), "n2": TenantListing([], isEverything: true),
        ])

        cluster.settle()

        #expect(cluster.state.unassigned[pinned.id] == "pinned to node n2, on whose list of tenants it is not")
    }
}
