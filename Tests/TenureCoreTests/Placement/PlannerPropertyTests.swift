import TenureCore
import Testing

/// Properties that hold for every plan, checked on random clusters that go through random events.
@Suite("ClusterPlanner: properties")
struct PlannerPropertyTests {
    private static func randomCluster(_ generator: inout SeededGenerator) -> PlannedCluster {
        var options = CoordinationOptions()
        options.maxSchedulesPerNode = [0, 0, 12, 30].randomElement(using: &generator) ?? 0
        options.maxConcurrentMoves = Int.random(in: 1...12, using: &generator)
        let strategies: [any PlacementStrategy] = [
            LeastLoadedPlacement(), RendezvousPlacement(), LabelAffinityPlacement(otherwise: .anyNode),
            LeastLoadedPlacement(labels: .preferred), LeastLoadedPlacement(labels: .ignored),
        ]
        var cluster = PlannedCluster(
            options: options,
            strategy: strategies.randomElement(using: &generator) ?? LeastLoadedPlacement()
        )
        for index in 0..<Int.random(in: 1...6, using: &generator) { Self.join(index, &cluster, &generator) }
        for index in 0..<Int.random(in: 0...80, using: &generator) { Self.describe(index, &cluster, &generator) }
        return cluster
    }

    private static func join(_ index: Int, _ cluster: inout PlannedCluster, _ generator: inout SeededGenerator) {
        cluster.join(
            "n\(index)",
            incarnation: "i\(generator.next() % 1000)",
            capacity: [1, 1, 1, 2, 0.5].randomElement(using: &generator) ?? 1,
            maxTenants: [0, 0, 0, 10].randomElement(using: &generator) ?? 0,
            labels: Bool.random(using: &generator) ? ["region": "eu"] : [:]
        )
    }

    private static func describe(_ index: Int, _ cluster: inout PlannedCluster, _ generator: inout SeededGenerator) {
        let chance = Int.random(in: 0..<20, using: &generator)
        cluster.add(
            TenantDescriptor(
                id: cluster.id(index),
                weight: [1, 1, 1, 2, 5].randomElement(using: &generator) ?? 1,
                priority: Int.random(in: 0...2, using: &generator),
                labels: chance < 4 ? ["region": "eu"] : [:],
                pinnedNode: chance == 10 ? node("n\(Int.random(in: 0...6, using: &generator))") : nil,
                isSuspended: chance == 11
            )
        )
    }

    private static func disturb(_ cluster: inout PlannedCluster, _ generator: inout SeededGenerator) -> [Holder] {
        let names = cluster.state.nodes.keys.sorted()
        cluster.wait(.milliseconds(Int64.random(in: 10...20_000, using: &generator)))
        switch Int.random(in: 0..<12, using: &generator) {
        case 0:
            return names.randomElement(using: &generator).flatMap { cluster.state.nodes[$0]?.holder }.map { [$0] } ?? []
        case 1: if let name = names.randomElement(using: &generator) { cluster.deregister(name.description) }
        case 2, 3: Self.join(Int.random(in: 0...6, using: &generator), &cluster, &generator)
        case 4:
            if let name = names.randomElement(using: &generator) { cluster.state.nodes[name]?.state = .draining }
        case 5: for name in names { cluster.state.nodes[name]?.state = .active }
        case 6:
            if let name = names.randomElement(using: &generator) { cluster.state.loads[name]?.isStalled.toggle() }
        case 7: Self.describe(Int.random(in: 0...90, using: &generator), &cluster, &generator)
        case 8:
            if let id = cluster.state.tenants.keys.sorted().randomElement(using: &generator) {
                let owner = cluster.state.owners[id]
                cluster.state.tenants[id] = nil
                cluster.state.owners[id] = nil
                cluster.state.moves[id] = nil
                cluster.state.unassigned[id] = nil
                cluster.state.locks[id] = nil
                if let owner { cluster.state.loads[owner]?.troubledTenants.removeAll { $0 == id } }
            }
        case 9:
            if let (id, owner) = cluster.state.owners.sorted(by: { $0.key < $1.key }).randomElement(using: &generator) {
                cluster.state.loads[owner]?.troubledTenants = [id]
            }
        case 10: for name in names { cluster.state.loads[name]?.troubledTenants = [] }
        default:
            cluster.state.requests.append(
                OperatorRequest(
                    id: "r\(generator.next())",
                    kind: Bool.random(using: &generator) ? .rebalance : .move,
                    tenant: cluster.state.tenants.keys.sorted().randomElement(using: &generator),
                    target: names.randomElement(using: &generator)
                )
            )
        }
        return []
    }

    private static func check(_ plan: Plan, before: PlannedCluster, after: PlannedCluster) {
        let gone = Set(plan.changes.lost.map(\.node))
        func cap(_ node: NodeDescriptor) -> Int {
            [after.options.maxSchedulesPerNode, node.maxTenants].filter { $0 > 0 }.min() ?? .max
        }
        // Caps, counting what leaves until it has left.
        for (name, descriptor) in after.state.nodes {
            let owned = after.state.owners.values.count { $0 == name }
            let coming = after.state.moves.values.count { $0.target == name }
            let gained =
                plan.changes.assign.values.count { $0 == name }
                + plan.changes.begin.count { $0.target == name }
            if gained > 0 { #expect(owned + coming <= cap(descriptor)) }
        }
        for move in plan.changes.begin {
            #expect(before.state.owners[move.tenant] == move.source)
            #expect(!gone.contains(move.source) && !gone.contains(move.target))
            #expect(after.state.nodes[move.target]?.state == .active)
            #expect(after.state.loads[move.target]?.isStalled != true)
            if let pin = after.state.tenants[move.tenant]?.pinnedNode { #expect(pin == move.target) }
            let isInFlight = before.state.moves[move.tenant] != nil && plan.changes.void[move.tenant] == nil
            #expect(!isInFlight, "decided again while in flight")
        }
        #expect(Set(plan.changes.begin.map(\.tenant)).count == plan.changes.begin.count)
        if !plan.changes.begin.isEmpty { #expect(after.state.moves.count <= after.options.maxConcurrentMoves) }
        // Everybody has a living node, or a reason.
        for (id, descriptor) in after.state.tenants {
            if let owner = after.state.owners[id] {
                #expect(after.state.nodes[owner] != nil)
                #expect(!descriptor.isSuspended)
                if let assigned = plan.changes.assign[id] {
                    #expect(descriptor.pinnedNode == nil || descriptor.pinnedNode == assigned)
                }
            } else {
                #expect(after.state.unassigned[id] != nil, "\(id) has neither node nor reason")
            }
        }
    }

    @Test(
        "Caps, pins, moves in flight and reasons hold in every plan; undisturbed, a cluster comes to rest",
        arguments: 0..<60
    )
    func holds(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        var cluster = Self.randomCluster(&generator)

        for _ in 0..<40 {
            let lost = Self.disturb(&cluster, &generator)
            let before = cluster
            let plan = cluster.plan(lost: lost)
            Self.check(plan, before: before, after: cluster)
            #expect(before.planned(lost: lost).changes == plan.changes, "the same input gave another plan")
            if Bool.random(using: &generator) { cluster.lockAll() }
            if Bool.random(using: &generator) { cluster.finishMoves() }
            if Int.random(in: 0..<10, using: &generator) == 0 { cluster.memory = PlannerMemory() }
        }

        for name in cluster.state.nodes.keys { cluster.state.loads[name] = NodeLoad() }
        #expect(cluster.settle() < 400)
        for _ in 0..<5 {
            cluster.wait(.seconds(31))
            #expect(cluster.settle() < 400)
        }
        cluster.history = []
        for _ in 0..<5 {
            cluster.wait(.seconds(31))
            cluster.settle()
        }
        #expect(cluster.history.isEmpty, "seed \(seed): tenants keep moving")
    }

    @Test("Equal tenants on equal nodes: a join moves at most ceil(T/N), a loss exactly the orphans", arguments: 2...9)
    func minimalMoves(nodes: Int) {
        for tenants in [1, nodes - 1, nodes, 7, 40, 60, 101] {
            var cluster = PlannedCluster(nodes: (1...nodes).map { "n\($0)" }, tenants: tenants)
            cluster.settle()
            cluster.history = []
            cluster.join("joined")
            cluster.settle()
            #expect(cluster.history.count <= (tenants + nodes) / (nodes + 1))
            #expect(Set(cluster.history.map(\.tenant)).count == cluster.history.count)

            cluster.history = []
            let orphans = Set(cluster.tenants(of: "n1"))
            cluster.plan(lost: [holder("n1")])
            #expect(Set(cluster.history.map(\.tenant)) == orphans)
            #expect(cluster.history.count == orphans.count)
            cluster.lockAll()
            cluster.history = []
            cluster.settle()
            #expect(cluster.history.count <= 1, "\(nodes) nodes, \(tenants) tenants: the takeover was uneven")
        }
    }

    @Test("The order in which dictionaries are filled changes nothing")
    func deterministic() {
        func plan(reversed: Bool) -> PlanChanges {
            var cluster = PlannedCluster()
            let nodes = ["n1", "n2", "n3", "n4"]
            for name in reversed ? nodes.reversed() : nodes { cluster.join(name) }
            let numbers = Array(0..<200)
            for index in reversed ? numbers.reversed() : numbers {
                cluster.add(TenantDescriptor(id: cluster.id(index), weight: Double(index % 7) / 3))
            }
            cluster.plan()
            cluster.lockAll()
            cluster.join("n5")
            return cluster.plan().changes
        }

        #expect(plan(reversed: false) == plan(reversed: true))
    }

    @Test("2,000 tenants on 20 nodes are planned in little time")
    func isFast() {
        var cluster = PlannedCluster(nodes: (1...19).map { "n\($0)" }, tenants: 2000)
        let clock = ContinuousClock()

        let first = clock.measure { cluster.plan() }
        cluster.lockAll()
        cluster.join("n20")
        let join = clock.measure { cluster.plan() }
        cluster.finishMoves()
        let loss = clock.measure { cluster.plan(lost: [holder("n1")]) }

        // A debug build on a busy machine is some thirty times slower than what counts.
        for duration in [first, join, loss] { #expect(duration < .seconds(3)) }
    }
}
