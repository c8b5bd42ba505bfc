import TenureCore
import Testing

@Suite("ClusterPlanner: orphans, caps and constraints")
struct OrphanPlanningTests {
    @Test("All tenants of a new cluster are assigned in one plan, evenly")
    func firstAssignment() {
        var cluster = PlannedCluster(nodes: ["n1", "n2", "n3"], tenants: 60)

        let plan = cluster.plan()

        #expect(plan.changes.assign.count == 60)
        #expect(cluster.counts == [20, 20, 20])
        cluster.lockAll()
        #expect(cluster.plan().changes == PlanChanges())
    }

    @Test("A12: all tenants of a lost node are assigned in the plan that removes it, spread over the survivors")
    func lostNode() {
        var cluster = PlannedCluster(nodes: ["n1", "n2", "n3"], tenants: 60)
        cluster.settle()
        let before = cluster.state.owners
        let orphans = Set(cluster.tenants(of: "n1"))

        let plan = cluster.plan(lost: [holder("n1")])

        #expect(plan.changes.lost == [holder("n1")])
        #expect(Set(plan.changes.assign.keys) == orphans)
        #expect(plan.changes.begin == [])
        #expect(cluster.counts == [30, 30])
        for (tenant, owner) in before where owner != node("n1") { #expect(cluster.state.owners[tenant] == owner) }
    }

    @Test(
        "A verdict about a registration that has been replaced harms nobody; the restarted node keeps its tenants (A16)"
    )
    func restartedNode() {
        var cluster = PlannedCluster(nodes: ["n1", "n2"], tenants: 10)
        cluster.settle()
        cluster.join("n1", incarnation: "i2")
        cluster.state.locks = [:]

        let plan = cluster.plan(lost: [holder("n1", "i1")])

        #expect(plan.changes.isEmpty)
    }

    @Test("Tenants of a node that has left the cluster are orphans")
    func absentNode() {
        var cluster = PlannedCluster(nodes: ["n1", "n2"], tenants: 10)
        cluster.settle()
        cluster.deregister("n1")

        let plan = cluster.plan()

        #expect(plan.changes.assign.count == 5)
        #expect(cluster.counts == [10])
    }

    @Test("A13: an orphan whose planned target lives goes there: it is prepared")
    func orphanInFlight() {
        var cluster = PlannedCluster.quiet(nodes: ["n1", "n2", "n3"], tenants: 3)
        cluster.settle()
        let moving = cluster.tenants(of: "n1")[0]
        cluster.state.requests = [
            OperatorRequest(id: "r", kind: .move, tenant: moving, target: node("n3"))
        ]
        cluster.plan()

        let plan = cluster.plan(lost: [holder("n1")])

        #expect(plan.changes.assign == [moving: node("n3")])
        #expect(plan.changes.void.keys.sorted() == [moving])
    }

    @Test("A tenant without an owner entry goes to the living node that still holds its lock")
    func holderIsFirstChoice() {
        var cluster = PlannedCluster(nodes: ["n1", "n2"], tenants: 4)
        cluster.settle()
        let before = cluster.state.owners
        cluster.state.owners = [:]

        cluster.plan()

        #expect(cluster.state.owners == before)
    }

    @Test("A14: caps are kept, the surplus is unassigned with the reason, and assigned when there is room")
    func caps() {
        var options = CoordinationOptions()
        options.maxSchedulesPerNode = 20
        var cluster = PlannedCluster(nodes: ["n1", "n2"], tenants: 50, options: options)

        let plan = cluster.plan()
        #expect(cluster.counts == [20, 20])
        #expect(plan.changes.unassign.count == 10)
        #expect(plan.changes.unassign.values.allSatisfy { $0.hasPrefix("no node has room") })

        cluster.lockAll()
        #expect(cluster.plan().changes == PlanChanges())

        cluster.join("n3")
        cluster.plan()
        #expect(cluster.tenants(of: "n3").count == 10)
        #expect(cluster.state.unassigned == [:])
    }

    @Test(
        "The smaller of the option and the node's own cap counts, and 0 is no cap",
        arguments: [(0, 3, 3), (3, 0, 3), (5, 3, 3), (0, 0, 9)]
    )
    func whichCap(option: Int, own: Int, expected: Int) {
        var options = CoordinationOptions()
        options.maxSchedulesPerNode = option
        var cluster = PlannedCluster(tenants: 9, options: options)
        cluster.join("n1", maxTenants: own)

        cluster.plan()

        #expect(cluster.counts == [expected])
    }

    @Test("When room is short, tenants of higher priority get it")
    func priorityGetsRoom() {
        var cluster = PlannedCluster(tenants: 4)
        cluster.join("n1", maxTenants: 1)
        cluster.add(TenantDescriptor(id: tenant("t0002"), priority: 5))

        cluster.plan()

        #expect(cluster.tenants(of: "n1") == [tenant("t0002")])
    }

    @Test("A node with more tenants than its cap gives the surplus to others, and drops what nobody has room for")
    func overfullNode() {
        var cluster = PlannedCluster(tenants: 10)
        cluster.join("n1")
        cluster.settle()
        cluster.join("n1", maxTenants: 4)
        cluster.join("n2", maxTenants: 3)

        let plan = cluster.plan()
        #expect(plan.changes.begin.count == 3)
        #expect(plan.changes.begin.allSatisfy { $0.reason == "cap" })
        #expect(plan.changes.unassign.count == 3)
        cluster.settle()

        #expect(cluster.counts == [4, 3])
        #expect(cluster.state.unassigned.count == 3)
    }

    @Test("A suspended tenant loses its node and gets one again when it is resumed")
    func suspended() {
        var cluster = PlannedCluster(nodes: ["n1", "n2"], tenants: 4)
        cluster.settle()
        cluster.add(TenantDescriptor(id: tenant("t0001"), isSuspended: true))

        let plan = cluster.plan()
        #expect(plan.changes.unassign == [tenant("t0001"): "suspended"])
        cluster.lockAll()
        #expect(cluster.plan().changes == PlanChanges())

        cluster.add(TenantDescriptor(id: tenant("t0001")))
        #expect(cluster.plan().changes.assign.keys.sorted() == [tenant("t0001")])
    }

    @Test("A pinned tenant is assigned to its node only, and waits for it")
    func pinnedOrphan() {
        var cluster = PlannedCluster(nodes: ["n1", "n2"])
        cluster.add(TenantDescriptor(id: tenant("a"), pinnedNode: node("n2")))
        cluster.add(TenantDescriptor(id: tenant("b"), pinnedNode: node("n9")))

        let plan = cluster.plan()
        #expect(plan.changes.assign == [tenant("a"): node("n2")])
        #expect(plan.changes.unassign == [tenant("b"): "pinned to node n9, which is not in the cluster"])

        cluster.join("n9")
        #expect(cluster.plan().changes.assign == [tenant("b"): node("n9")])
    }

    @Test("A pin to an absent node takes a tenant from the node that has it")
    func pinnedAway() {
        var cluster = PlannedCluster(nodes: ["n1"], tenants: 1)
        cluster.settle()
        cluster.add(TenantDescriptor(id: tenant("t0000"), pinnedNode: node("n9")))

        let plan = cluster.plan()

        #expect(plan.changes.unassign == [tenant("t0000"): "pinned to node n9, which is not in the cluster"])
    }

    @Test("A pin to a draining node names it as the reason")
    func pinnedToDraining() {
        var cluster = PlannedCluster(nodes: ["n1", "n2"])
        cluster.state.nodes[node("n2")]?.state = .draining
        cluster.add(TenantDescriptor(id: tenant("a"), pinnedNode: node("n2")))

        #expect(cluster.plan().changes.unassign == [tenant("a"): "pinned to node n2, which takes no tenants now"])
    }

    @Test("A20: required labels restrict the choice; without such a node the tenant waits, with the reason")
    func requiredLabels() {
        var cluster = PlannedCluster(nodes: ["n1"])
        cluster.join("n2", labels: ["region": "eu", "disk": "fast"])
        for index in 0..<4 { cluster.add(TenantDescriptor(id: cluster.id(index), labels: ["region": "eu"])) }
        cluster.add(TenantDescriptor(id: tenant("us"), labels: ["region": "us", "disk": "fast"]))

        let plan = cluster.plan()

        #expect(cluster.tenants(of: "n2").count == 4)
        #expect(plan.changes.unassign == [tenant("us"): "no node has the labels disk=fast, region=us"])
    }

    @Test("A tenant whose labels were changed moves to a node that has them")
    func changedLabels() {
        var cluster = PlannedCluster(tenants: 1)
        cluster.join("n1")
        cluster.settle()
        cluster.join("n2", labels: ["region": "eu"])
        cluster.add(TenantDescriptor(id: tenant("t0000"), labels: ["region": "eu"]))

        #expect(cluster.plan().beginning == ["t0000: n1 → n2 (label)"])
    }

    @Test("A strategy's own rule is a hard constraint")
    func eligibility() {
        struct NeverOnN1: PlacementStrategy {
            func isEligible(_ node: NodeCandidate, for tenant: TenantDescriptor) -> Bool {
                node.id.description != "n1"
            }
            func place(_ tenant: TenantDescriptor, among candidates: [NodeCandidate]) -> NodeID? { candidates[0].id }
        }
        var cluster = PlannedCluster(nodes: ["n1"], tenants: 1, strategy: NeverOnN1())

        #expect(
            cluster.plan().changes.unassign
                == [tenant("t0000"): "no node is eligible under the placement strategy"]
        )
        cluster.join("n2")
        #expect(cluster.plan().changes.assign == [tenant("t0000"): node("n2")])
    }

    @Test("A strategy that answers with a node it was not offered gets nothing done")
    func lyingStrategy() {
        struct Liar: PlacementStrategy {
            func place(_ tenant: TenantDescriptor, among candidates: [NodeCandidate]) -> NodeID? {
                try? NodeID("elsewhere")
            }
        }
        var cluster = PlannedCluster(nodes: ["n1"], tenants: 1, strategy: Liar())

        let plan = cluster.plan()

        #expect(plan.changes.assign == [:])
        #expect(plan.changes.unassign == [tenant("t0000"): "the placement strategy chose no node"])
    }

    @Test("Without a node that takes tenants, everything waits")
    func nobodyThere() {
        var cluster = PlannedCluster(tenants: 2)

        let plan = cluster.plan()

        #expect(Set(plan.changes.unassign.values) == ["no node takes tenants"])
        #expect(cluster.plan().changes == PlanChanges())
    }

    @Test("After Redis forgot nobody is lost and nothing is an orphan; what nodes hold is assigned to them")
    func forgetful() {
        var cluster = PlannedCluster(nodes: ["n1", "n2"], tenants: 6)
        cluster.settle()
        let before = cluster.state.owners
        cluster.state.owners = [:]
        let unheld = cluster.id(0)
        cluster.state.locks[unheld] = nil
        cluster.state.nodes[node("n2")] = nil

        let first = cluster.plan(lost: [holder("n1")], isForgiving: true)
        #expect(first.changes.lost == [])
        #expect(first.changes.unassign == [:])
        #expect(first.changes.assign.values.allSatisfy { $0 == node("n1") })

        cluster.join("n2")
        cluster.plan(isForgiving: true)
        var expected = before
        expected[unheld] = nil
        #expect(cluster.state.owners == expected)

        cluster.plan()
        #expect(cluster.state.owners[unheld] != nil)
    }

    @Test("Orphans do not go to a node that may have stopped, unless there is no other")
    func suspects() {
        let cluster = PlannedCluster(nodes: ["a", "b", "c"], tenants: 9)

        let spared = cluster.planned(suspects: [node("b")])
        #expect(Set(spared.changes.assign.values) == [node("a"), node("c")])
        #expect(spared.changes.assign.count == 9)

        let everybody = cluster.planned(suspects: [node("a"), node("b"), node("c")])
        #expect(everybody.changes.assign.count == 9)
    }
}
