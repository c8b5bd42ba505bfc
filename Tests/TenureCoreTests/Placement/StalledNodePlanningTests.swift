import TenureCore
import Testing

/// Tenants of a node that lives and takes none: what it still holds moves, what it let go of goes elsewhere at once.
@Suite("ClusterPlanner: nodes that stand still")
struct StalledNodePlanningTests {
    @Test("Tenants whose locks ran out are taken from the node and assigned in the same plan, however many")
    func lockless() {
        var cluster = PlannedCluster.quiet(nodes: ["n1", "n2"], tenants: 40)
        cluster.settle()
        let tenants = cluster.tenants(of: "n1")
        cluster.state.loads[node("n1")]?.isStalled = true
        for tenant in tenants { cluster.state.locks[tenant] = nil }

        let plan = cluster.plan()

        #expect(tenants.count == 20)
        #expect(plan.changes.assign == Dictionary(uniqueKeysWithValues: tenants.map { ($0, node("n2")) }))
        #expect(plan.changes.unassign.keys.sorted() == tenants.sorted())
        #expect(plan.changes.begin.isEmpty)
    }

    @Test("Tenants that it still holds are not taken from it: they move")
    func locked() {
        var cluster = PlannedCluster.quiet(nodes: ["n1", "n2"], tenants: 10)
        cluster.settle()
        cluster.state.loads[node("n1")]?.isStalled = true

        let plan = cluster.plan()

        #expect(plan.changes.unassign.isEmpty && plan.changes.assign.isEmpty)
        #expect(plan.changes.begin.count == 5)
    }
}
