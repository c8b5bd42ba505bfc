import TenureCore
import Testing

@Suite("ClusterPlanner: tenants in trouble")
struct TroublePlanningTests {
    private let id = tenant("t0000")

    private func report(_ cluster: inout PlannedCluster, trouble: Bool) {
        for name in cluster.state.nodes.keys {
            let isOwner = cluster.state.owners[self.id] == name
            cluster.state.loads[name]?.troubledTenants = trouble && isOwner ? [self.id] : []
        }
    }

    @Test("Every other node is tried once, then the tenant is failing and stays where it is")
    func triesEachNodeOnce() {
        var cluster = PlannedCluster(nodes: ["n1", "n2", "n3"], tenants: 1)
        cluster.settle()
        var visited = [cluster.state.owners[self.id]]

        for _ in 0..<2 {
            self.report(&cluster, trouble: true)
            let plan = cluster.plan()
            #expect(plan.changes.begin.map(\.reason) == ["trouble"])
            #expect(plan.failing == [])
            cluster.finishMoves()
            visited.append(cluster.state.owners[self.id])
            self.report(&cluster, trouble: false)
            cluster.wait(.seconds(11))
            #expect(cluster.plan().changes == PlanChanges())
        }
        #expect(Set(visited).count == 3)

        self.report(&cluster, trouble: true)
        let plan = cluster.plan()
        #expect(plan.changes.isEmpty)
        #expect(plan.failing == [self.id])
        #expect(plan.notes == [.tenantFailing(self.id)])
        cluster.wait(.seconds(600))
        #expect(cluster.plan().notes == [])
    }

    @Test("A target that cannot reach the database either counts as tried")
    func targetInTrouble() {
        var cluster = PlannedCluster(nodes: ["n1", "n2"], tenants: 1)
        cluster.settle()
        self.report(&cluster, trouble: true)
        let move = cluster.plan().changes.begin[0]

        cluster.state.loads[move.target]?.troubledTenants = [self.id]
        let plan = cluster.plan()

        #expect(plan.changes.void == [self.id: move.id])
        #expect(plan.changes.begin == [])
        #expect(plan.failing == [self.id])
    }

    @Test("A tenant that is open again is forgotten after a while, and its next trouble starts afresh")
    func recovers() {
        var cluster = PlannedCluster(nodes: ["n1"], tenants: 1)
        cluster.settle()
        self.report(&cluster, trouble: true)
        #expect(cluster.plan().failing == [self.id])

        self.report(&cluster, trouble: false)
        cluster.wait(.seconds(19))
        #expect(cluster.plan().failing == [self.id])
        cluster.wait(.seconds(2))
        let plan = cluster.plan()
        #expect(plan.failing == [])
        #expect(plan.notes == [.tenantRecovered(self.id)])

        cluster.join("n2")
        self.report(&cluster, trouble: true)
        #expect(cluster.plan().changes.begin.map(\.target) == [node("n2")])
    }

    @Test("A new node is another chance for a failing tenant")
    func newNode() {
        var cluster = PlannedCluster(nodes: ["n1"], tenants: 1)
        cluster.settle()
        self.report(&cluster, trouble: true)
        #expect(cluster.plan().failing == [self.id])

        cluster.join("n2")

        #expect(cluster.plan().changes.begin.map(\.target) == [node("n2")])
    }

    @Test("A tenant that is only slow to open keeps its owner")
    func slowIsNotTrouble() {
        var cluster = PlannedCluster(nodes: ["n1", "n2"], tenants: 1)
        cluster.settle()
        cluster.state.locks = [:]
        for name in cluster.state.nodes.keys { cluster.state.loads[name]?.openingTenants = [self.id] }

        for _ in 0..<10 {
            cluster.wait(.seconds(60))
            #expect(cluster.plan().changes == PlanChanges())
        }
    }

    @Test("A server that is down does not take all moves in flight")
    func halfOfTheMoves() {
        var cluster = PlannedCluster.quiet(nodes: ["n1", "n2"], tenants: 40)
        cluster.settle()
        let troubled = cluster.tenants(of: "n1")
        cluster.state.loads[node("n1")]?.troubledTenants = troubled

        #expect(cluster.plan().changes.begin.count == 5)
        #expect(cluster.plan().changes == PlanChanges())
    }
}
