import TenureCore
import Testing

/// A leader plans from what Redis holds, whatever that is.
@Suite("Fuzzing of plans", .timeLimit(.minutes(10)))
struct PlannerFuzzTests {
    private static let numbers: [Double] = [
        0, -0.0, 1, -1, 0.5, 1e308, -1e308, 1e-300, .infinity, -.infinity, .nan, 1_000,
    ]
    private static let integers: [Int] = [0, 1, -1, 7, .max, .min, 1_000]

    private static func state(using random: inout SeededGenerator) throws -> ClusterState {
        func one<Value>(_ values: [Value]) -> Value { values.randomElement(using: &random) ?? values[0] }
        func chance() -> Bool { Bool.random(using: &random) }
        var state = ClusterState()
        let nodes = try (0..<4).map { try NodeID("node-\($0)") }
        let tenants = try (0..<9).map { try TenantID("tenant-\($0)") }
        for node in nodes where chance() {
            state.nodes[node] = NodeDescriptor(
                id: node,
                incarnation: Incarnation(one(["1", "2", ""])),
                host: "h",
                pid: 1,
                version: "1",
                capacity: one(Self.numbers),
                maxTenants: one(Self.integers),
                labels: chance() ? [:] : ["region": "eu"],
                state: chance() ? .active : .draining
            )
            var load = NodeLoad()
            load.tenants = one(Self.integers)
            load.busySlots = one(Self.integers)
            load.dueRate = one(Self.numbers)
            load.isStalled = Int.random(in: 0..<5, using: &random) == 0
            load.troubledTenants = chance() ? [] : [one(tenants)]
            load.openingTenants = chance() ? [] : [one(tenants)]
            load.lags = ["tenant-1": Int64(one(Self.integers))]
            state.loads[node] = load
            if chance() { state.heartbeats[node] = Int64(one(Self.integers)) }
            if chance() { state.heartbeatAges[node] = .milliseconds(Int64(one(Self.integers)) / 1_000_000) }
        }
        for tenant in tenants where chance() {
            state.tenants[tenant] = TenantDescriptor(
                id: tenant,
                weight: one(Self.numbers),
                priority: one(Self.integers),
                labels: chance() ? [:] : ["region": "eu"],
                pinnedNode: chance() ? nil : one(nodes),
                isSuspended: Int.random(in: 0..<5, using: &random) == 0
            )
        }
        for tenant in tenants {
            if chance() { state.owners[tenant] = one(nodes) }
            if chance() {
                let holder = Holder(node: one(nodes), incarnation: Incarnation(one(["1", "3"])))
                state.locks[tenant] = TenantLock(holder: holder, epoch: Epoch(3), remaining: .seconds(1))
            }
            if Int.random(in: 0..<4, using: &random) == 0 {
                let (from, to) = (one(nodes), one(nodes))
                state.moves[tenant] = PlannedMove(
                    id: "m",
                    tenant: tenant,
                    from: Holder(node: from, incarnation: Incarnation("1")),
                    to: Holder(node: to, incarnation: Incarnation("1")),
                    reason: "x"
                )
            }
            if Int.random(in: 0..<4, using: &random) == 0 { state.unassigned[tenant] = "" }
        }
        state.requests = [OperatorRequest(id: "r", kind: .move, tenant: one(tenants), target: one(nodes))]
        return state
    }

    @Test("A plan is made from any state, and moves to living nodes only")
    func plans() throws {
        // One byte a state: the seed of what it holds.
        try Fuzz("plan").run(["a", "b", "c", "some state", ""]) { text in
            let seed = text.utf8.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
            var random = SeededGenerator(seed: seed)
            let state = try Self.state(using: &random)
            for strategy: any PlacementStrategy in [
                LeastLoadedPlacement(), RendezvousPlacement(), LabelAffinityPlacement(),
            ] {
                let preview = ClusterPlanner(options: CoordinationOptions(), strategy: strategy).preview(state)
                for move in preview.moves { #expect(state.nodes[move.target] != nil) }
            }
            return !state.nodes.isEmpty && !text.isEmpty
        }
    }
}
