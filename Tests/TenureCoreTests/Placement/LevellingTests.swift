import TenureCore
import Testing

@Suite("PlacementView: levelling moves")
struct LevellingTests {
    /// A view with these weights on nodes `n0`, `n1`, …; tenants are named by node and position.
    private func view(
        _ weights: [[Double]],
        capacities: [Double]? = nil,
        rooms: [Int]? = nil,
        threshold: Double = 0.2,
        limit: Int = .max,
        mobility: (Int, Int) -> PlacedTenant.Mobility = { _, _ in .movable },
        rule: @escaping PlacementView.Rule = { _, _ in true }
    ) -> PlacementView {
        var tenants: [PlacedTenant] = []
        let nodes = weights.enumerated().map { index, own in
            for (position, weight) in own.enumerated() {
                let descriptor = TenantDescriptor(id: tenant("t\(index)-\(position)"), weight: weight)
                tenants.append(PlacedTenant(descriptor, on: node("n\(index)"), mobility: mobility(index, position)))
            }
            return NodeCandidate(
                id: node("n\(index)"),
                capacity: capacities?[index] ?? 1,
                tenants: own.count,
                weight: own.reduce(0, +),
                room: rooms?[index] ?? .max
            )
        }
        return PlacementView(nodes: nodes, tenants: tenants, threshold: threshold, limit: limit, rule: rule)
    }

    private func text(_ moves: [ProposedMove]) -> [String] { moves.map { "\($0.tenant) → \($0.target)" } }

    @Test("Nothing to do for no node, one node, no tenants, or a level load")
    func nothingToDo() {
        #expect(self.view([]).levellingMoves() == [])
        #expect(self.view([[1, 1]]).levellingMoves() == [])
        #expect(self.view([[], []]).levellingMoves() == [])
        #expect(self.view([[1, 1], [1, 1]]).levellingMoves() == [])
        #expect(self.view([[1, 1], [1]]).levellingMoves() == [])
    }

    @Test("One heavy tenant moves rather than many light ones")
    func heavyFirst() {
        #expect(self.text(self.view([[5, 1, 1, 1, 1, 1], []]).levellingMoves()) == ["t0-0 → n1"])
    }

    @Test("The tenant that evens out best is taken, not the heaviest")
    func bestFit() {
        #expect(self.text(self.view([[9, 3, 4], [8]]).levellingMoves()) == ["t0-2 → n1"])
    }

    @Test("A tenant that would only turn the tables stays")
    func noTurningTables() {
        #expect(self.view([[10], [1]]).levellingMoves() == [])
        #expect(self.view([[10, 10], [1, 10]]).levellingMoves() == [])
    }

    @Test("Capacities count: twice the capacity takes twice the load")
    func capacities() {
        let moves = self.view([[1, 1, 1, 1, 1, 1], []], capacities: [1, 2]).levellingMoves()

        #expect(moves.count == 4)
    }

    @Test("No target gets more than it has room for")
    func room() {
        let moves = self.view([[1, 1, 1, 1, 1, 1], [], []], rooms: [.max, 1, .max]).levellingMoves()

        #expect(moves.count { $0.target == node("n1") } == 1)
        #expect(moves.count == 3)
    }

    @Test("The limit bounds the proposals")
    func limit() {
        #expect(self.view([[1, 1, 1, 1, 1, 1], []], limit: 2).levellingMoves().count == 2)
        #expect(self.view([[1, 1], []], limit: 0).levellingMoves() == [])
    }

    @Test("A rule that forbids a target is kept, and another tenant or target taken")
    func rules() {
        let view = self.view(
            [[1, 1, 1, 1], [], []],
            rule: { descriptor, candidate in candidate.id != node("n1") || descriptor.id == tenant("t0-3") }
        )
        let moves = view.levellingMoves()

        #expect(self.text(moves).contains("t0-3 → n1"))
        #expect(moves.allSatisfy { $0.target == node("n2") || $0.tenant == tenant("t0-3") })
        #expect(moves.count == 2)
    }

    @Test("Nodes that can be levelled are, although the most loaded one cannot give anything")
    func stuckNode() {
        let moves = self.view([[9, 9, 9], [1, 1, 1, 1, 1, 1], []], threshold: 0) { node, _ in
            node == 0 ? .fixed : .movable
        }.levellingMoves()

        #expect(moves.count == 3)
        #expect(moves.allSatisfy { $0.target == node("n2") })
    }

    @Test("What may move later is not made up for by others")
    func later() {
        let moves = self.view([[1, 1, 1], [1, 1, 1], []], threshold: 0) { node, _ in
            node == 0 ? .later : .movable
        }.levellingMoves()

        #expect(moves.count == 1)
    }

    @Test("Weightless tenants do not move")
    func weightless() {
        #expect(self.view([[0, 0, 0, 1], []]).levellingMoves() == [])
    }

    @Test("Random loads end level, or stuck for want of a tenant that fits; each tenant moves at most once")
    func random() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<200 {
            let weights = (0..<Int.random(in: 2...8, using: &generator)).map { _ in
                (0..<Int.random(in: 0...30, using: &generator)).map { _ in
                    Double(Int.random(in: 1...4, using: &generator))
                }
            }
            let view = self.view(weights, threshold: 0.1)
            let moves = view.levellingMoves()

            var loads: [NodeID: Double] = [:]
            for node in view.nodes { loads[node.id] = node.weight }
            for move in moves {
                guard let tenant = view.tenants.first(where: { $0.descriptor.id == move.tenant }) else { continue }
                let source = loads[tenant.node, default: 0]
                let target = loads[move.target, default: 0] + tenant.descriptor.weight
                #expect(target < source, "a move does not improve anything")
                loads[tenant.node, default: 0] -= tenant.descriptor.weight
                loads[move.target] = target
            }
            #expect(Set(moves.map(\.tenant)).count == moves.count)
            let highest = loads.values.max() ?? 0
            let lowest = loads.values.min() ?? 0
            let mean = loads.values.reduce(0, +) / Double(loads.count)
            // With weights of 4 at most, nothing can be stuck further apart than that.
            #expect(highest - lowest <= max(0.1 * mean, 4) + 1e-6)
        }
    }
}
