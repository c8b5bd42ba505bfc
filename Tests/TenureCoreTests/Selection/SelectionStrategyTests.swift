import TenureCore
import Testing

@Suite("Selection strategies")
struct SelectionStrategyTests {
    private func allocator(_ strategy: any SelectionStrategy, slots: Int = 10) -> SlotAllocator {
        SlotAllocator(maxConcurrentRuns: slots, maxConcurrentRunsPerTenant: slots, strategy: strategy)
    }

    private let everyStrategy: [any SelectionStrategy] = [
        RoundRobinSelection(), DrainFirstSelection(burst: 50), WeightedFairSelection(), PrioritySelection(),
        TargetLatenessSelection(),
    ]

    @Test("Round robin serves everybody alike, whatever the backlog, the weight and the order of calls")
    func roundRobin() {
        var allocator = self.allocator(RoundRobinSelection())
        allocator.demand("a", 100_000, weight: 9)
        allocator.demand("b", 1000)
        allocator.demand("c", 1000)

        #expect(allocator.rounds(30) == ["a": 100, "b": 100, "c": 100])
    }

    @Test("Round robin goes on where it stopped, also when that tenant has gone")
    func roundRobinGoesOn() {
        var allocator = self.allocator(RoundRobinSelection(), slots: 1)
        for name in ["a", "b", "c"] { allocator.demand(name, 9) }
        #expect(allocator.rounds(2) == ["a": 1, "b": 1])

        allocator.remove(tenant("b"))

        #expect(allocator.granted() == ["c×1"])
    }

    @Test("Drain first serves one tenant until it is done, then the next")
    func drainFirst() {
        var allocator = self.allocator(DrainFirstSelection(burst: 100), slots: 1)
        allocator.demand("a", 3)
        allocator.demand("b", 2)
        var order: [String] = []
        for _ in 0..<5 {
            for grant in allocator.grant(at: at(0)) {
                order.append(grant.tenant.description)
                allocator.release(grant.count, of: grant.tenant)
            }
        }

        #expect(order == ["a", "a", "a", "b", "b"])
    }

    @Test("A45: drain first is bounded: a tenant that never runs dry delays another by one burst")
    func drainFirstIsBounded() {
        var allocator = self.allocator(DrainFirstSelection(burst: 20), slots: 1)
        allocator.demand("a", 1_000_000)
        allocator.demand("b", 1_000_000)

        #expect(allocator.rounds(20) == ["a": 20])
        #expect(allocator.rounds(20) == ["b": 20])
        #expect(allocator.rounds(40) == ["a": 20, "b": 20])
    }

    @Test("Earliest due serves whoever has waited longest")
    func earliestDue() {
        var allocator = self.allocator(EarliestDueSelection(), slots: 3)
        allocator.demand("a", 1, due: 30)
        allocator.demand("b", 1, due: 10)
        allocator.demand("c", 1, due: 20)
        allocator.demand("d", 1, due: 40)

        #expect(allocator.granted(at: 100) == ["b×1", "c×1", "a×1"])
    }

    @Test("Weighted fair shares starts by weight", arguments: [[1.0, 1, 1], [1, 2, 3], [0.5, 4, 0.5]])
    func weightedFair(weights: [Double]) {
        var allocator = self.allocator(WeightedFairSelection())
        for (index, weight) in weights.enumerated() { allocator.demand("t\(index)", 1_000_000, weight: weight) }

        let started = allocator.rounds(300)

        let total = weights.reduce(0, +)
        for (index, weight) in weights.enumerated() {
            let expected = 3000 * weight / total
            let actual = Double(started["t\(index)"] ?? 0)
            #expect(abs(actual - expected) <= 5, "t\(index): \(actual) instead of \(expected)")
        }
    }

    @Test("Weighted fair: who comes late joins at the present: no arrears to catch up, no debt to pay")
    func weightedFairLatecomer() {
        var allocator = self.allocator(WeightedFairSelection())
        allocator.demand("a", 1_000_000)
        _ = allocator.rounds(1000)

        allocator.demand("b", 1_000_000)
        let started = allocator.rounds(10)

        #expect((48...52).contains(started["a"] ?? 0))
        #expect((48...52).contains(started["b"] ?? 0))
    }

    @Test("Weighted fair: who was served alone does not wait when others come")
    func weightedFairReturns() {
        var allocator = self.allocator(WeightedFairSelection(), slots: 1)
        allocator.demand("a", 500)
        _ = allocator.rounds(500)
        allocator.demand("b", 1_000_000)
        allocator.demand("a", 1_000_000)

        let started = allocator.rounds(20)

        #expect((9...11).contains(started["a"] ?? 0))
    }

    @Test("A flood does not delay a tenant with one run by more than a quantum", arguments: [0, 1])
    func flood(index: Int) {
        let strategies: [any SelectionStrategy] = [RoundRobinSelection(), WeightedFairSelection()]
        var allocator = self.allocator(strategies[index], slots: 2)
        allocator.demand("flood", 1_000_000)
        _ = allocator.rounds(100)

        allocator.demand("small", 1)

        #expect(allocator.granted().contains("small×1"))
    }

    @Test("Priority serves the higher first, the tenant's and the work's counted together")
    func priority() {
        var allocator = self.allocator(PrioritySelection(), slots: 1)
        allocator.demand("a", 1, priority: 1)
        allocator.update(TenantDescriptor(id: tenant("b"), priority: 1), ready: 1, dueSince: at(0), workPriority: 2)
        allocator.demand("c", 1, priority: 2)

        var order: [String] = []
        for _ in 0..<3 {
            order += allocator.granted()
            for name in ["a", "b", "c"] where allocator.running(tenant(name)) > 0 {
                allocator.release(1, of: tenant(name))
            }
        }

        #expect(order == ["b×1", "c×1", "a×1"])
    }

    @Test("Priority: equals are served in turn")
    func priorityAmongEquals() {
        var allocator = self.allocator(PrioritySelection(), slots: 1)
        for name in ["a", "b", "c"] { allocator.demand(name, 1_000_000, priority: 3) }

        // Whoever waits over the end of a step comes one turn earlier.
        #expect(allocator.rounds(300).values.allSatisfy { (98...102).contains($0) })
    }

    @Test("Priority: n levels below, one waits n steps, although the flood above is just as late")
    func priorityRises() {
        var allocator = self.allocator(PrioritySelection(riseAfter: .seconds(1)), slots: 1)
        allocator.demand("high", 1_000_000, priority: 5)
        allocator.demand("low", 1_000_000, priority: 0)

        // 10 rounds a second: low is served about every 5 s.
        let started = allocator.rounds(1000, every: 100)

        #expect((15...22).contains(started["low"] ?? 0))
    }

    @Test(
        "A45: nobody starves beside a flood of higher priority and weight, under any strategy that promises it",
        arguments: 0..<4
    )
    func nobodyStarves(index: Int) {
        var allocator = self.allocator(self.everyStrategy[index], slots: 1)
        allocator.demand("flood", 1_000_000, weight: 10, priority: 3)
        allocator.demand("other", 1_000_000, weight: 1, priority: 0)

        let started = allocator.rounds(2000, every: 100)

        #expect((started["other"] ?? 0) >= 10)
    }

    @Test("Extreme priorities and weights do no harm")
    func extremes() {
        for strategy in self.everyStrategy {
            var allocator = self.allocator(strategy, slots: 4)
            allocator.demand("a", .max, weight: .infinity, priority: .max)
            allocator.demand("b", .max, weight: .nan, priority: .min)
            allocator.demand("c", .max, weight: -1, priority: 0)
            allocator.demand("d", .max, weight: 0, priority: 0)

            #expect(allocator.rounds(100).values.reduce(0, +) == 400)
        }
    }

    @Test("A user's strategy with a built-in one inside")
    func composed() {
        struct GoldFirst: SelectionStrategy {
            let gold: Set<TenantID>
            var base = WeightedFairSelection()

            mutating func choose(among candidates: [TenantDemand], at now: MonotonicInstant) -> Int? {
                let preferred = candidates.filter { self.gold.contains($0.tenant) }
                let choice = preferred.isEmpty ? candidates : preferred
                guard let index = self.base.choose(among: choice, at: now) else { return nil }
                return candidates.firstIndex { $0.tenant == choice[index].tenant }
            }

            mutating func granted(_ count: Int, to demand: TenantDemand, at now: MonotonicInstant) {
                self.base.granted(count, to: demand, at: now)
            }
        }
        var allocator = self.allocator(GoldFirst(gold: [tenant("c")]), slots: 3)
        allocator.demand("a", 5)
        allocator.demand("c", 2)

        #expect(allocator.granted() == ["c×2", "a×1"])
    }
}
