import TenureCore
import Testing

@Suite("ClusterPlanner: planned moves")
struct MovePlanningTests {
    @Test("A15: a draining node gets nothing, and gives away what it has within the moves in flight")
    func draining() {
        var cluster = PlannedCluster(nodes: ["n1", "n2", "n3"], tenants: 60)
        cluster.settle()
        cluster.state.nodes[node("n1")]?.state = .draining

        let plan = cluster.plan()
        #expect(plan.changes.begin.count == 10)
        #expect(plan.changes.begin.allSatisfy { $0.source == node("n1") && $0.reason == "drain" })
        #expect(plan.changes.begin.count { $0.target == node("n2") } == 5)
        #expect(cluster.plan().changes == PlanChanges())

        cluster.settle()
        #expect(cluster.counts == [0, 30, 30])
    }

    @Test("Tenants of a draining node stay when there is no other place")
    func drainingAlone() {
        var cluster = PlannedCluster(nodes: ["n1"], tenants: 5)
        cluster.settle()
        cluster.state.nodes[node("n1")]?.state = .draining

        #expect(cluster.plan().changes == PlanChanges())
    }

    @Test("A tenant that its draining node has not locked yet is assigned elsewhere at once")
    func drainingBeforeTheLock() {
        var cluster = PlannedCluster(nodes: ["n1", "n2"], tenants: 4)
        cluster.plan()
        cluster.state.nodes[node("n1")]?.state = .draining

        let plan = cluster.plan()

        #expect(plan.changes.begin == [])
        #expect(plan.changes.assign.count == 2)
    }

    @Test("A stalled node is emptied; when it lets a lock run out its move becomes an assignment")
    func stalled() {
        var cluster = PlannedCluster(nodes: ["n1", "n2"], tenants: 4)
        cluster.settle()
        cluster.state.loads[node("n1")]?.isStalled = true

        let plan = cluster.plan()
        #expect(plan.changes.begin.count == 2)
        let moving = plan.changes.begin[0].tenant

        cluster.state.locks[moving] = nil
        let next = cluster.plan()
        #expect(next.changes.void.keys.sorted() == [moving])
        #expect(next.changes.assign == [moving: node("n2")])
    }

    @Test("A pinned tenant that is elsewhere moves to its node, and moves back nowhere")
    func pins() {
        var cluster = PlannedCluster(nodes: ["n1", "n2"], tenants: 4)
        cluster.settle()
        for id in cluster.tenants(of: "n1") { cluster.add(TenantDescriptor(id: id, pinnedNode: node("n2"))) }

        let plan = cluster.plan()
        #expect(plan.changes.begin.filter { $0.reason == "pin" }.map(\.target) == [node("n2"), node("n2")])

        cluster.finishMoves()
        cluster.wait(.seconds(60))
        // The others level out; the pinned ones stay.
        cluster.settle()
        #expect(cluster.tenants(of: "n2").filter { cluster.state.tenants[$0]?.pinnedNode != nil }.count == 2)
        #expect(cluster.counts == [2, 2])
    }

    @Test("An operator's move is planned at once and served when it begins")
    func moveRequest() {
        var cluster = PlannedCluster.quiet(nodes: ["n1", "n2"], tenants: 2)
        cluster.settle()
        let id = cluster.tenants(of: "n1")[0]
        cluster.state.requests = [OperatorRequest(id: "r1", kind: .move, tenant: id, target: node("n2"))]

        let plan = cluster.plan()

        #expect(plan.beginning == ["\(id): n1 → n2 (request)"])
        #expect(plan.changes.served == ["r1"])
    }

    @Test("An operator's move that is impossible is refused with the reason, and served")
    func refusedRequests() {
        var cluster = PlannedCluster(nodes: ["n1", "n2", "n3"], tenants: 1)
        cluster.join("n4", maxTenants: 1)
        cluster.settle()
        cluster.state.nodes[node("n3")]?.state = .draining
        cluster.add(TenantDescriptor(id: tenant("full"), pinnedNode: node("n4")))
        cluster.add(TenantDescriptor(id: tenant("pinned"), pinnedNode: node("n1")))
        cluster.add(TenantDescriptor(id: tenant("suspended"), isSuspended: true))
        cluster.settle()
        func request(_ id: String, _ name: String?, _ target: String?) -> OperatorRequest {
            OperatorRequest(id: id, kind: .move, tenant: name.map { tenant($0) }, target: target.map { node($0) })
        }
        cluster.state.requests = [
            request("1", nil, nil), request("2", "nobody", "n2"), request("3", "t0000", "n9"),
            request("4", "t0000", "n3"), request("5", "t0000", "n4"), request("6", "pinned", "n2"),
            request("7", "suspended", "n2"),
        ]

        let plan = cluster.plan()

        #expect(plan.changes.served == ["1", "2", "3", "4", "5", "6", "7"])
        #expect(plan.changes.begin == [])
        let reasons = plan.notes.compactMap { note in
            if case .requestRefused(_, let reason) = note { reason } else { nil }
        }
        #expect(
            reasons == [
                "it names no tenant or no node", "there is no tenant nobody", "node n9 is not in the cluster",
                "node n3 takes no tenants now", "node n4 is at its cap of tenants",
                "a pin, a label or the placement strategy keeps tenant pinned from node n2",
                "tenant suspended is suspended",
            ]
        )
    }

    @Test("A request for a tenant that is in flight to elsewhere waits until that has ended")
    func requestWaits() {
        var cluster = PlannedCluster.quiet(nodes: ["n1", "n2", "n3"], tenants: 3)
        cluster.settle()
        let id = cluster.tenants(of: "n1")[0]
        cluster.state.requests = [OperatorRequest(id: "r1", kind: .move, tenant: id, target: node("n2"))]
        cluster.plan()
        cluster.state.requests = [OperatorRequest(id: "r2", kind: .move, tenant: id, target: node("n3"))]

        #expect(cluster.plan().changes == PlanChanges())
        cluster.finishMoves()

        let plan = cluster.plan()
        #expect(plan.beginning == ["\(id): n2 → n3 (request)"])
        #expect(plan.changes.served == ["r2"])
    }

    @Test("Moves beyond the cap in flight wait, operators' too")
    func capInFlight() {
        var cluster = PlannedCluster.quiet(nodes: ["n1", "n2"], tenants: 8, maxConcurrentMoves: 2)
        cluster.settle()
        cluster.state.requests = cluster.tenants(of: "n1").map {
            OperatorRequest(id: $0.description, kind: .move, tenant: $0, target: node("n2"))
        }

        #expect(cluster.plan().changes.begin.count == 2)
        #expect(cluster.plan().changes == PlanChanges())
        #expect(cluster.state.requests.count == 2)
        cluster.finishMoves()
        #expect(cluster.plan().changes.begin.count == 2)
    }

    @Test("A move that stays too long in one stage is void, and its target is avoided for a while")
    func overdue() {
        var cluster = PlannedCluster.quiet(nodes: ["n1", "n2", "n3"], tenants: 3)
        cluster.settle()
        let id = cluster.tenants(of: "n1")[0]
        cluster.state.nodes[node("n1")]?.state = .draining
        let first = cluster.plan()
        let target = first.changes.begin[0].target
        #expect(first.reviewAt == at(30_000))

        cluster.wait(.seconds(20))
        cluster.state.moves[id]?.stage = .ready
        #expect(cluster.plan().reviewAt == at(50_000))

        cluster.wait(.seconds(29))
        #expect(cluster.plan().changes == PlanChanges())

        cluster.wait(.seconds(1))
        let second = cluster.plan()
        #expect(second.changes.void == [id: first.changes.begin[0].id])
        #expect(second.changes.begin.count == 1)
        #expect(second.changes.begin[0].target != target)
        #expect(second.changes.begin[0].id != first.changes.begin[0].id)
    }

    @Test("An orphan goes to a node that was too slow before, when there is no other")
    func avoidedButAlone() {
        var cluster = PlannedCluster.quiet(nodes: ["n1", "n2"], tenants: 2)
        cluster.settle()
        cluster.state.nodes[node("n1")]?.state = .draining
        cluster.plan()
        cluster.wait(.seconds(30))
        #expect(cluster.plan().changes.begin == [])

        let plan = cluster.plan(lost: [holder("n1")])

        #expect(plan.changes.assign == [tenant("t0000"): node("n2")])
    }

    enum Mishap: String, CaseIterable, Sendable {
        case sourceReplaced, targetReplaced, targetLeft, targetDrains, targetStalls, ownerChanged, suspended, removed
        case pinnedElsewhere, targetInTrouble

        func strike(_ cluster: inout PlannedCluster, _ move: PlannedMove) {
            switch self {
            case .sourceReplaced: cluster.join(move.source.description, incarnation: "i2")
            case .targetReplaced: cluster.join(move.target.description, incarnation: "i2")
            case .targetLeft: cluster.state.nodes[move.target] = nil
            case .targetDrains: cluster.state.nodes[move.target]?.state = .draining
            case .targetStalls: cluster.state.loads[move.target]?.isStalled = true
            case .ownerChanged: cluster.state.owners[move.tenant] = node("n3")
            case .suspended: cluster.add(TenantDescriptor(id: move.tenant, isSuspended: true))
            case .removed: cluster.state.tenants[move.tenant] = nil
            case .pinnedElsewhere: cluster.add(TenantDescriptor(id: move.tenant, pinnedNode: node("n3")))
            case .targetInTrouble: cluster.state.loads[move.target]?.troubledTenants = [move.tenant]
            }
        }
    }

    @Test("A move that cannot end well any more is void", arguments: Mishap.allCases)
    func voidMoves(mishap: Mishap) {
        var cluster = PlannedCluster.quiet(nodes: ["n1", "n2", "n3"], tenants: 3)
        cluster.settle()
        let id = cluster.tenants(of: "n1")[0]
        cluster.state.requests = [OperatorRequest(id: "r1", kind: .move, tenant: id, target: node("n2"))]
        let move = cluster.plan().changes.begin[0]
        #expect(cluster.plan().changes == PlanChanges())

        mishap.strike(&cluster, move)
        let plan = cluster.plan()

        #expect(plan.changes.void == [id: move.id])
        #expect(
            plan.notes.contains {
                if case .moveVoided(move, _) = $0 { true } else { false }
            }
        )
    }

    @Test("No move is decided again while it is in flight, also by a new leader that remembers nothing")
    func newLeader() {
        var cluster = PlannedCluster(nodes: ["n1", "n2"], tenants: 10)
        cluster.settle()
        cluster.state.nodes[node("n1")]?.state = .draining
        let first = cluster.plan()

        cluster.memory = PlannerMemory()
        cluster.state.term = Term(2)

        #expect(first.changes.begin.count == 5)
        #expect(cluster.plan().changes == PlanChanges())
    }
}
