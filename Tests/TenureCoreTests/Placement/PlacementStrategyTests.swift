import TenureCore
import Testing

@Suite("Placement strategies")
struct PlacementStrategyTests {
    private let sample = TenantDescriptor(id: tenant("acme"))

    private func candidates(_ loads: [(String, Double)]) -> [NodeCandidate] {
        loads.map { NodeCandidate(id: node($0.0), tenants: Int($0.1), weight: $0.1) }
    }

    private func tenants(_ count: Int) -> [TenantDescriptor] {
        (0..<count).map { TenantDescriptor(id: tenant("tenant-\($0)")) }
    }

    @Test("Least loaded takes the lowest load with the tenant, equals by tenants, then by ID")
    func leastLoaded() {
        let strategy = LeastLoadedPlacement()

        #expect(strategy.place(self.sample, among: self.candidates([("a", 3), ("b", 1), ("c", 2)])) == node("b"))
        #expect(strategy.place(self.sample, among: self.candidates([("a", 2), ("b", 2)])) == node("a"))
        let fewer = [
            NodeCandidate(id: node("a"), tenants: 2, weight: 2), NodeCandidate(id: node("b"), tenants: 1, weight: 2),
        ]
        #expect(strategy.place(self.sample, among: fewer) == node("b"))
        #expect(strategy.place(self.sample, among: []) == nil)
    }

    @Test("Least loaded compares what a node will carry with the tenant, per unit of capacity")
    func leastLoadedByCapacity() {
        let nodes = [
            NodeCandidate(id: node("big"), capacity: 4, weight: 4), NodeCandidate(id: node("small"), weight: 0.9),
        ]

        #expect(LeastLoadedPlacement().place(self.sample, among: nodes) == node("big"))
    }

    @Test("Rendezvous: the owner of a tenant does not depend on load or on the order of the nodes")
    func rendezvousIsStable() {
        let strategy = RendezvousPlacement()
        let nodes = self.candidates([("a", 0), ("b", 50), ("c", 9)])

        for tenant in self.tenants(100) {
            let owner = strategy.place(tenant, among: nodes)
            #expect(owner != nil)
            #expect(strategy.place(tenant, among: nodes.reversed()) == owner)
        }
    }

    @Test("Rendezvous: these owners never change, or a new version would move every tenant")
    func rendezvousIsFixed() {
        let nodes = self.candidates([("node-1", 0), ("node-2", 0), ("node-3", 0)])
        let owners = self.tenants(8).map { RendezvousPlacement().place($0, among: nodes)?.description ?? "-" }

        #expect(
            owners == ["node-1", "node-2", "node-3", "node-2", "node-3", "node-1", "node-2", "node-2"]
        )
    }

    @Test(
        "Rendezvous: a node that joins takes its share from everybody, and nothing else moves"
    )
    func rendezvousMovesLittle() {
        let strategy = RendezvousPlacement()
        let before = self.candidates([("a", 0), ("b", 0), ("c", 0)])
        let after = self.candidates([("a", 0), ("b", 0), ("c", 0), ("d", 0)])
        var moved = 0

        for tenant in self.tenants(4000) {
            let old = strategy.place(tenant, among: before)
            let new = strategy.place(tenant, among: after)
            if old != new {
                moved += 1
                #expect(new == node("d"))
            }
        }

        #expect((900...1100).contains(moved))
    }

    @Test("Rendezvous: shares follow capacity")
    func rendezvousByCapacity() {
        let nodes = [
            NodeCandidate(id: node("a"), capacity: 1), NodeCandidate(id: node("b"), capacity: 2),
            NodeCandidate(id: node("c"), capacity: 5),
        ]
        var counts: [NodeID: Int] = [:]

        for tenant in self.tenants(8000) {
            if let owner = RendezvousPlacement().place(tenant, among: nodes) { counts[owner, default: 0] += 1 }
        }

        #expect((900...1100).contains(counts[node("a")] ?? 0))
        #expect((1850...2150).contains(counts[node("b")] ?? 0))
        #expect((4850...5150).contains(counts[node("c")] ?? 0))
    }

    @Test("Rendezvous in a cluster: only tenants of a node that left move, and they come back to it")
    func rendezvousInACluster() {
        var cluster = PlannedCluster(nodes: ["n1", "n2", "n3"], tenants: 60, strategy: RendezvousPlacement())
        cluster.settle()
        let before = cluster.state.owners
        let own = Set(cluster.tenants(of: "n3"))
        cluster.history = []

        cluster.plan(lost: [holder("n3")])
        cluster.lockAll()
        #expect(Set(cluster.history.map(\.tenant)) == own)

        cluster.join("n3", incarnation: "i2")
        cluster.wait(.seconds(30))
        cluster.settle()
        #expect(cluster.state.owners == before)
        cluster.wait(.seconds(31))
        #expect(cluster.plan().changes == PlanChanges())
    }

    @Test("Rendezvous: a tenant whose first choice is full goes to its next, and rests there")
    func rendezvousWithCaps() {
        var cluster = PlannedCluster(tenants: 30, strategy: RendezvousPlacement())
        for name in ["n1", "n2", "n3"] { cluster.join(name, maxTenants: 10) }

        cluster.settle()
        cluster.wait(.seconds(31))

        #expect(cluster.counts == [10, 10, 10])
        #expect(cluster.plan().changes == PlanChanges())
    }

    @Test("A20: label affinity keeps to nodes with the labels and falls back to any when told to")
    func labelAffinity() {
        let nodes = [
            NodeCandidate(id: node("a")), NodeCandidate(id: node("b"), labels: ["region": "eu"], weight: 9),
        ]
        let european = TenantDescriptor(id: tenant("t"), labels: ["region": "eu"])
        let american = TenantDescriptor(id: tenant("t"), labels: ["region": "us"])

        #expect(LabelAffinityPlacement().place(european, among: nodes) == node("b"))
        #expect(LabelAffinityPlacement().place(american, among: nodes) == nil)
        #expect(LabelAffinityPlacement(otherwise: .anyNode).place(american, among: nodes) == node("a"))
        #expect(LabelAffinityPlacement(otherwise: .anyNode).place(self.sample, among: nodes) == node("a"))
    }

    @Test(
        "A20: under affinity with fallback tenants move to a node with their labels when there is one, and stay there"
    )
    func labelAffinityInACluster() {
        var cluster = PlannedCluster(
            nodes: ["n1", "n2"],
            strategy: LabelAffinityPlacement(otherwise: .anyNode)
        )
        for index in 0..<6 { cluster.add(TenantDescriptor(id: cluster.id(index), labels: ["region": "eu"])) }
        cluster.settle()
        #expect(cluster.counts == [3, 3])

        cluster.join("n3", labels: ["region": "eu"])
        let plan = cluster.plan()
        #expect(plan.changes.begin.count == 6)
        #expect(plan.changes.begin.allSatisfy { $0.reason == "label" })
        cluster.finishMoves()
        cluster.wait(.seconds(31))
        // All on one node is uneven, and as it should be.
        #expect(cluster.plan().changes == PlanChanges())

        cluster.plan(lost: [holder("n3")])
        #expect(cluster.counts == [3, 3])
    }

    @Test("Labels that are ignored neither restrict nor move anything")
    func ignoredLabels() {
        var cluster = PlannedCluster(nodes: ["n1", "n2"], strategy: LeastLoadedPlacement(labels: .ignored))
        for index in 0..<6 { cluster.add(TenantDescriptor(id: cluster.id(index), labels: ["region": "eu"])) }
        cluster.settle()

        cluster.join("n3", labels: ["region": "eu"])
        cluster.settle()

        #expect(cluster.counts == [2, 2, 2])
    }
}

@Suite("StableHash")
struct StableHashTests {
    @Test("The hash tells texts apart by where they end, and is the same everywhere")
    func distinguishes() {
        #expect(StableHash.of("ab", "c") != StableHash.of("a", "bc"))
        #expect(StableHash.of("a") != StableHash.of("a", ""))
        #expect(StableHash.of("node-1") == StableHash.of("node-1"))
    }

    @Test("The unit interval leaves out both ends")
    func unitInterval() {
        #expect(StableHash.unitInterval(0) > 0)
        #expect(StableHash.unitInterval(.max) < 1)
    }

    @Test("Similar texts spread evenly")
    func spreads() {
        var buckets = [Int](repeating: 0, count: 16)
        for index in 0..<16_000 {
            buckets[Int(StableHash.unitInterval(StableHash.of("tenant-\(index)")) * 16)] += 1
        }
        #expect(buckets.allSatisfy { (850...1150).contains($0) })
    }
}
