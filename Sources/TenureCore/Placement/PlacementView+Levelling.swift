/// The nodes and tenants of a view while moves are tried out on them.
private struct Levels {
    /// Tenants of one node that may move, lightest first, and among equals in descending order of ID: taken from the
    /// end.
    struct Shelf {
        var entries: [(weight: Double, tenant: Int)] = []
    }

    var load: [Double]
    var room: [Int]
    /// Tenants that may move now, and tenants that may later.
    var now: [Shelf]
    var later: [Shelf]
}

extension PlacementView {
    /// The fewest moves that bring the relative load of every two nodes within the threshold of each other.
    ///
    /// Takes from the most loaded node, gives to the least loaded one, each time the tenant that evens out the two
    /// best, and only when it leaves both below what the more loaded one had. Tenants that may only move later take
    /// part in the reckoning and not in the result: their node's share is not taken from others in the meantime.
    ///
    /// - Complexity: O(m · (n² + log t)) for m moves, n nodes and t tenants, unless rules forbid most moves.
    public func levellingMoves() -> [ProposedMove] {
        guard self.nodes.count > 1, self.limit > 0 else { return [] }
        var levels = self.levels()
        let mean = levels.load.reduce(0, +) / Double(levels.load.count)
        // Sums of weights carry rounding errors; what differs by less is level.
        let tolerated = max(self.threshold, 1e-9) * mean + 1e-9
        var moves: [ProposedMove] = []
        for _ in self.tenants.indices {
            guard moves.count < self.limit, let step = self.nextStep(levels, tolerated: tolerated) else { break }
            let tenant = self.tenants[step.tenant].descriptor
            levels.load[step.source] -= tenant.placementWeight / self.nodes[step.source].capacity
            levels.load[step.target] += tenant.placementWeight / self.nodes[step.target].capacity
            levels.room[step.target] -= 1
            if step.isNow {
                levels.now[step.source].entries.remove(at: step.position)
                moves.append(ProposedMove(tenant.id, to: self.nodes[step.target].id))
            } else {
                levels.later[step.source].entries.remove(at: step.position)
            }
        }
        return moves
    }

    private struct Step {
        var source: Int
        var target: Int
        var tenant: Int
        var position: Int
        var isNow: Bool
    }

    private func levels() -> Levels {
        var indices: [NodeID: Int] = [:]
        for (index, node) in self.nodes.enumerated() { indices[node.id] = index }
        let empty = [Levels.Shelf](repeating: Levels.Shelf(), count: self.nodes.count)
        var levels = Levels(
            load: self.nodes.map(\.relativeLoad),
            room: self.nodes.map(\.room),
            now: empty,
            later: empty
        )
        for (index, tenant) in self.tenants.enumerated() {
            guard let node = indices[tenant.node], tenant.descriptor.placementWeight > 0 else { continue }
            let entry = (weight: tenant.descriptor.placementWeight, tenant: index)
            switch tenant.mobility {
            case .movable: levels.now[node].entries.append(entry)
            case .later: levels.later[node].entries.append(entry)
            case .fixed: break
            }
        }
        for node in self.nodes.indices {
            let order: ((weight: Double, tenant: Int), (weight: Double, tenant: Int)) -> Bool = {
                ($0.weight, -$0.tenant) < ($1.weight, -$1.tenant)
            }
            levels.now[node].entries.sort(by: order)
            levels.later[node].entries.sort(by: order)
        }
        return levels
    }

    private func nextStep(_ levels: Levels, tolerated: Double) -> Step? {
        let byLoad = self.nodes.indices.sorted { (levels.load[$0], $0) < (levels.load[$1], $1) }
        for source in byLoad.reversed() {
            for target in byLoad {
                guard levels.load[source] - levels.load[target] > tolerated else { break }
                guard levels.room[target] > 0 else { continue }
                if let (position, tenant) = self.best(levels.now[source], levels, source, target) {
                    return Step(source: source, target: target, tenant: tenant, position: position, isNow: true)
                }
                if let (position, tenant) = self.best(levels.later[source], levels, source, target) {
                    return Step(source: source, target: target, tenant: tenant, position: position, isNow: false)
                }
            }
        }
        return nil
    }

    /// The tenant whose move from source to target leaves the higher of the two lowest, if it improves them at all.
    private func best(
        _ shelf: Levels.Shelf,
        _ levels: Levels,
        _ source: Int,
        _ target: Int
    ) -> (position: Int, tenant: Int)? {
        let from = self.nodes[source]
        let to = self.nodes[target]
        let difference = levels.load[source] - levels.load[target]
        let ideal = difference / (1 / from.capacity + 1 / to.capacity)
        func higher(_ weight: Double) -> Double {
            max(levels.load[source] - weight / from.capacity, levels.load[target] + weight / to.capacity)
        }
        func improves(_ weight: Double) -> Bool { higher(weight) < levels.load[source] - 1e-9 }
        func isAllowed(_ tenant: Int) -> Bool { self.isAllowed(self.tenants[tenant].descriptor, on: to) }

        // The result worsens with the distance from the ideal weight on both sides: walk outwards.
        let entries = shelf.entries
        var above = entries.firstPosition { $0.weight > ideal + 1e-9 }
        var below = above - 1
        while true {
            let fitsBelow = below >= 0 && improves(entries[below].weight)
            let fitsAbove = above < entries.count && improves(entries[above].weight)
            if fitsBelow, !fitsAbove || higher(entries[below].weight) <= higher(entries[above].weight) {
                if isAllowed(entries[below].tenant) { return (below, entries[below].tenant) }
                below -= 1
            } else if fitsAbove {
                if isAllowed(entries[above].tenant) { return (above, entries[above].tenant) }
                above += 1
            } else {
                return nil
            }
        }
    }
}

extension Array {
    /// The first position whose element satisfies a predicate that is false up to it and true from it on.
    fileprivate func firstPosition(where isBeyond: (Element) -> Bool) -> Int {
        var low = 0
        var high = self.count
        while low < high {
            let middle = (low + high) / 2
            if isBeyond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
