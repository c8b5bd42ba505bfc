import TenureCore
import Testing

extension SlotAllocator {
    /// Says that a tenant has so much waiting, due at the origin.
    mutating func demand(_ name: String, _ ready: Int, weight: Double = 1, priority: Int = 0, due: Int64 = 0) {
        self.update(
            TenantDescriptor(id: tenant(name), weight: weight, priority: priority),
            ready: ready,
            dueSince: at(due)
        )
    }

    /// Grants as `name×count`.
    mutating func granted(at now: Int64 = 0) -> [String] {
        self.grant(at: at(now)).map { "\($0.tenant)×\($0.count)" }
    }

    /// Runs that end at once: each round gives out all slots and releases them. How many each tenant started.
    mutating func rounds(_ count: Int, every milliseconds: Int64 = 100) -> [String: Int] {
        var started: [String: Int] = [:]
        for round in 0..<count {
            for grant in self.grant(at: at(Int64(round) * milliseconds)) {
                started[grant.tenant.description, default: 0] += grant.count
                self.release(grant.count, of: grant.tenant)
            }
        }
        return started
    }
}

@Suite("SlotAllocator")
struct SlotAllocatorTests {
    @Test("No demand, no grant")
    func noDemand() {
        var allocator = SlotAllocator()
        #expect(allocator.granted() == [])

        allocator.demand("a", 3)
        allocator.demand("a", 0)
        #expect(allocator.granted() == [])
    }

    @Test("A tenant gets what it wants while there is room, and no more")
    func fewerThanSlots() {
        var allocator = SlotAllocator()
        allocator.demand("a", 3)

        #expect(allocator.granted() == ["a×3"])
        #expect(allocator.free == 97)
        #expect(allocator.running(tenant("a")) == 3)
        #expect(allocator.granted() == [])
    }

    @Test("The limit of one tenant and that of the node are kept")
    func limits() {
        var allocator = SlotAllocator(maxConcurrentRuns: 10, maxConcurrentRunsPerTenant: 6)
        allocator.demand("a", 100)
        #expect(allocator.granted() == ["a×6"])

        allocator.demand("b", 100)
        #expect(allocator.granted() == ["b×4"])
        #expect(allocator.free == 0)

        allocator.release(3, of: tenant("a"))
        #expect(allocator.grant(at: at(0)).map(\.count).reduce(0, +) == 3)
        #expect(allocator.taken == 10)
        #expect(allocator.running(tenant("a")) <= 6 && allocator.running(tenant("b")) <= 6)
    }

    @Test("Slots that a claim did not need are given to others")
    func unusedSlots() {
        var allocator = SlotAllocator(maxConcurrentRuns: 4)
        allocator.demand("a", 4)
        #expect(allocator.granted() == ["a×4"])
        allocator.demand("b", 4)
        #expect(allocator.granted() == [])

        allocator.release(4, of: tenant("a"))

        #expect(allocator.granted() == ["b×4"])
    }

    @Test("What a tenant says replaces what it said before; slots that it holds stay counted")
    func updates() {
        var allocator = SlotAllocator(maxConcurrentRuns: 100, maxConcurrentRunsPerTenant: 5)
        allocator.demand("a", 2)
        allocator.demand("a", 50)
        #expect(allocator.granted() == ["a×5"])

        allocator.demand("a", 50)
        #expect(allocator.granted() == [])
    }

    @Test("A tenant that left gets nothing; its runs in progress keep their slots until they end")
    func removal() {
        var allocator = SlotAllocator(maxConcurrentRuns: 4)
        allocator.demand("a", 2)
        _ = allocator.granted()
        allocator.demand("a", 2)

        allocator.remove(tenant("a"))

        #expect(allocator.granted() == [])
        #expect(allocator.free == 2)
        allocator.release(2, of: tenant("a"))
        #expect(allocator.free == 4)
    }

    @Test("Standing claims take slots without being chosen")
    func standingClaims() {
        var allocator = SlotAllocator(maxConcurrentRuns: 5)
        allocator.take(3, for: tenant("a"))
        allocator.demand("b", 9)

        #expect(allocator.granted() == ["b×2"])
    }

    @Test("More slots than the node has may stand; nothing is granted until they are back")
    func overcommitted() {
        var allocator = SlotAllocator(maxConcurrentRuns: 2)
        allocator.take(5, for: tenant("a"))
        allocator.demand("b", 1)

        #expect(allocator.free == 0)
        #expect(allocator.granted() == [])
        allocator.release(4, of: tenant("a"))
        #expect(allocator.granted() == ["b×1"])
    }

    @Test("Many slots are given out in few choices, and still evenly")
    func manySlots() {
        struct Counting: SelectionStrategy {
            final class Count: Sendable {
                // SAFETY: one test, one task; read after the last write.
                nonisolated(unsafe) var value = 0
            }
            let choices = Count()
            var base = WeightedFairSelection()
            mutating func choose(among candidates: [TenantDemand], at now: MonotonicInstant) -> Int? {
                self.choices.value += 1
                return self.base.choose(among: candidates, at: now)
            }
            mutating func granted(_ count: Int, to demand: TenantDemand, at now: MonotonicInstant) {
                self.base.granted(count, to: demand, at: now)
            }
        }
        let strategy = Counting()
        var allocator = SlotAllocator(
            maxConcurrentRuns: 100_000,
            maxConcurrentRunsPerTenant: 100_000,
            strategy: strategy
        )
        allocator.demand("a", 1_000_000)
        allocator.demand("b", 1_000_000)

        let grants = allocator.grant(at: at(0))

        #expect(grants.map(\.count).reduce(0, +) == 100_000)
        #expect(grants.allSatisfy { (49_000...51_000).contains($0.count) })
        #expect(strategy.choices.value <= 130)
    }

    @Test("A strategy that declines leaves slots free; one that points nowhere does no harm", arguments: [nil, -1, 7])
    func declines(answer: Int?) {
        struct Fixed: SelectionStrategy {
            let answer: Int?
            mutating func choose(among candidates: [TenantDemand], at now: MonotonicInstant) -> Int? { self.answer }
        }
        var allocator = SlotAllocator(strategy: Fixed(answer: answer))
        allocator.demand("a", 3)

        #expect(allocator.granted() == [])
        #expect(allocator.free == 100)
    }

    @Test("Candidates are those with demand and below their limit, ordered by ID")
    func candidates() {
        struct Recording: SelectionStrategy {
            final class Seen: Sendable {
                // SAFETY: one test, one task; read after the last write.
                nonisolated(unsafe) var first: [TenantDemand] = []
            }
            let seen = Seen()
            mutating func choose(among candidates: [TenantDemand], at now: MonotonicInstant) -> Int? {
                self.seen.first = candidates
                return nil
            }
        }
        let strategy = Recording()
        var allocator = SlotAllocator(maxConcurrentRuns: 10, maxConcurrentRunsPerTenant: 2, strategy: strategy)
        allocator.take(2, for: tenant("full"))
        allocator.take(1, for: tenant("half"))
        for name in ["half", "full", "c", "b"] { allocator.demand(name, 5, weight: 3, priority: 4, due: 20) }
        allocator.demand("idle", 0)

        _ = allocator.grant(at: at(50))

        #expect(strategy.seen.first.map(\.tenant.description) == ["b", "c", "half"])
        #expect(strategy.seen.first.map(\.running) == [0, 0, 1])
        #expect(strategy.seen.first[0].lateness(at: at(50)) == .milliseconds(30))
        #expect(strategy.seen.first[0].weight == 3)
        #expect(strategy.seen.first[0].priority == 4)
    }

    @Test("1,000 tenants of which few want something cost little")
    func isCheap() {
        var allocator = SlotAllocator()
        for index in 0..<1000 { allocator.demand("t\(index)", index % 100 == 0 ? 1_000_000 : 0) }

        let elapsed = ContinuousClock().measure { _ = allocator.rounds(100) }

        // 100 rounds of 100 slots; a debug build on a busy machine is some thirty times slower than what counts.
        #expect(elapsed < .seconds(10))
    }
}
