import Testing

@testable import PostgresClient

@Suite("PoolMachine")
struct PoolMachineTests {
    typealias Place = PoolMachine.Place
    typealias Action = PoolMachine.Action

    private let now = ContinuousClock.now
    private let a = Place(server: "s", database: "a")
    private let b = Place(server: "s", database: "b")
    private let c = Place(server: "s", database: "c")

    private func waiter(_ value: UInt64) -> PoolMachine.WaiterID { .init(rawValue: value) }
    private func connection(_ value: UInt64) -> PoolMachine.ConnectionID { .init(rawValue: value) }

    private func machine(_ perServer: Int, perDatabase: Int = 4, opening: Int = 0, claiming: Int = 0) -> PoolMachine {
        PoolMachine(
            limits: PoolLimits(
                perServer: perServer,
                perDatabase: perDatabase,
                reservedForOpening: opening,
                reservedForClaiming: claiming
            )
        )
    }

    @Test("A caller gets a new connection, the next one the same when it was returned")
    func reuse() {
        var machine = self.machine(4)

        #expect(
            machine.requested(self.waiter(1), self.a, .claiming, at: self.now) == [.open(self.connection(1), self.a)]
        )
        #expect(machine.opened(self.connection(1), at: self.now) == [.lease(self.waiter(1), self.connection(1))])
        #expect(machine.returned(self.connection(1), isReusable: true, at: self.now) == [])
        #expect(
            machine.requested(self.waiter(2), self.a, .claiming, at: self.now)
                == [.lease(self.waiter(2), self.connection(1))]
        )
    }

    @Test("A connection that comes back unusable is closed and replaced")
    func unusable() {
        var machine = self.machine(1)
        _ = machine.requested(self.waiter(1), self.a, .claiming, at: self.now)
        _ = machine.opened(self.connection(1), at: self.now)
        #expect(machine.requested(self.waiter(2), self.a, .claiming, at: self.now) == [])

        #expect(machine.returned(self.connection(1), isReusable: false, at: self.now) == [.close(self.connection(1))])
        #expect(machine.ended(self.connection(1), at: self.now) == [.open(self.connection(2), self.a)])
    }

    @Test("When the budget is used up the longest idle connection gives way, one for each caller")
    func eviction() {
        var machine = self.machine(2)
        for (value, place) in [(UInt64(1), self.a), (2, self.b)] {
            _ = machine.requested(self.waiter(value), place, .claiming, at: self.now)
            _ = machine.opened(self.connection(value), at: self.now)
        }
        _ = machine.returned(self.connection(2), isReusable: true, at: self.now)
        _ = machine.returned(self.connection(1), isReusable: true, at: self.now)

        #expect(machine.requested(self.waiter(3), self.c, .claiming, at: self.now) == [.close(self.connection(2))])
        // The place is not free before the server has confirmed it, and is not taken twice.
        #expect(machine.withdrawn(self.waiter(99), from: self.c, at: self.now) == [])
        #expect(machine.ended(self.connection(2), at: self.now) == [.open(self.connection(3), self.c)])
        #expect(machine.statistics[0].evictedCount == 1)
    }

    @Test("A database has no more connections than its cap; those behind it are served")
    func databaseCap() {
        var machine = self.machine(10, perDatabase: 1)
        _ = machine.requested(self.waiter(1), self.a, .claiming, at: self.now)
        _ = machine.opened(self.connection(1), at: self.now)

        #expect(machine.requested(self.waiter(2), self.a, .claiming, at: self.now) == [])
        #expect(
            machine.requested(self.waiter(3), self.b, .claiming, at: self.now) == [.open(self.connection(2), self.b)]
        )
        #expect(
            machine.returned(self.connection(1), isReusable: true, at: self.now)
                == [.lease(self.waiter(2), self.connection(1))]
        )
    }

    @Test("Slow work leaves the reserved shares of the server and one connection of the database")
    func shares() {
        var machine = self.machine(4, perDatabase: 2, opening: 1, claiming: 1)

        #expect(machine.requested(self.waiter(1), self.a, .handlers, at: self.now)?.count == 1)
        #expect(machine.requested(self.waiter(2), self.a, .handlers, at: self.now) == [])
        #expect(machine.requested(self.waiter(3), self.b, .housekeeping, at: self.now)?.count == 1)
        #expect(machine.requested(self.waiter(4), self.c, .handlers, at: self.now) == [])
        #expect(machine.requested(self.waiter(5), self.a, .claiming, at: self.now)?.count == 1)
        #expect(machine.requested(self.waiter(6), self.c, .claiming, at: self.now) == [])
        #expect(machine.requested(self.waiter(7), self.c, .opening, at: self.now)?.count == 1)
    }

    @Test("A connection that cannot be opened fails one caller, the longest waiting of its database")
    func openFailure() {
        var machine = self.machine(4)
        _ = machine.requested(self.waiter(1), self.a, .claiming, at: self.now)
        _ = machine.requested(self.waiter(2), self.a, .claiming, at: self.now)

        #expect(machine.openFailed(self.connection(2), at: self.now) == [.fail(self.waiter(1))])
        #expect(machine.opened(self.connection(1), at: self.now) == [.lease(self.waiter(2), self.connection(1))])
        #expect(machine.statistics[0].failedCount == 1)
    }

    @Test("A caller that leaves frees its place in line; its connection serves the next")
    func withdrawal() {
        var machine = self.machine(1)
        _ = machine.requested(self.waiter(1), self.a, .claiming, at: self.now)
        _ = machine.requested(self.waiter(2), self.a, .claiming, at: self.now)

        #expect(machine.withdrawn(self.waiter(1), from: self.a, at: self.now) == [])
        #expect(machine.opened(self.connection(1), at: self.now) == [.lease(self.waiter(2), self.connection(1))])
    }

    @Test("An idle connection is closed after its period")
    func idlePeriod() {
        var machine = self.machine(4)
        _ = machine.requested(self.waiter(1), self.a, .claiming, at: self.now)
        _ = machine.opened(self.connection(1), at: self.now)
        _ = machine.returned(self.connection(1), isReusable: true, at: self.now)

        #expect(machine.nextTick() == self.now + .seconds(10))
        #expect(machine.ticked(at: self.now + .seconds(9)) == [])
        #expect(machine.ticked(at: self.now + .seconds(10)) == [.close(self.connection(1))])
        #expect(machine.ended(self.connection(1), at: self.now) == [])
        #expect(machine.nextTick() == nil)
    }

    @Test("Invalidation closes idle connections now and leased ones when they are returned")
    func invalidation() {
        var machine = self.machine(4)
        for value in 1...2 as ClosedRange<UInt64> {
            _ = machine.requested(self.waiter(value), self.a, .claiming, at: self.now)
            _ = machine.opened(self.connection(value), at: self.now)
        }
        _ = machine.returned(self.connection(1), isReusable: true, at: self.now)

        #expect(machine.invalidated(self.a, at: self.now) == [.close(self.connection(1))])
        #expect(machine.returned(self.connection(2), isReusable: true, at: self.now) == [.close(self.connection(2))])
    }

    @Test("A listener's connection is opened if there is room, kept when idle, and gives way to callers")
    func listening() {
        var machine = self.machine(1)

        #expect(machine.listening(self.a, isWanted: true, at: self.now) == [.open(self.connection(1), self.a)])
        #expect(machine.opened(self.connection(1), at: self.now) == [.subscribe(self.connection(1))])
        #expect(machine.nextTick() == nil)
        #expect(machine.requested(self.waiter(1), self.b, .claiming, at: self.now) == [.close(self.connection(1))])
        #expect(machine.ended(self.connection(1), at: self.now) == [.open(self.connection(2), self.b)])
        _ = machine.opened(self.connection(2), at: self.now)
        // Its place is taken; a caller of its database listens again.
        #expect(machine.returned(self.connection(2), isReusable: true, at: self.now) == [])
        #expect(machine.requested(self.waiter(2), self.a, .claiming, at: self.now) == [.close(self.connection(2))])
        _ = machine.ended(self.connection(2), at: self.now)
        #expect(
            machine.opened(self.connection(3), at: self.now)
                == [.subscribe(self.connection(3)), .lease(self.waiter(2), self.connection(3))]
        )
    }

    @Test("After giving way a listener's connection comes back by itself, when there is room and after the pause")
    func listeningAgain() {
        var machine = self.machine(1)
        _ = machine.listening(self.a, isWanted: true, at: self.now)
        _ = machine.opened(self.connection(1), at: self.now)
        _ = machine.requested(self.waiter(1), self.b, .claiming, at: self.now)
        _ = machine.ended(self.connection(1), at: self.now)
        _ = machine.opened(self.connection(2), at: self.now)

        #expect(machine.returned(self.connection(2), isReusable: false, at: self.now) == [.close(self.connection(2))])
        #expect(machine.ended(self.connection(2), at: self.now) == [])
        #expect(machine.nextTick() == self.now + .seconds(1))
        #expect(machine.ticked(at: self.now + .seconds(1)) == [.open(self.connection(3), self.a)])
        #expect(machine.nextTick() == nil)
    }

    @Test("A connection that the server does not let listen serves callers, and is asked again after the pause")
    func listeningRefused() {
        var machine = self.machine(2)
        _ = machine.listening(self.a, isWanted: true, at: self.now)
        _ = machine.opened(self.connection(1), at: self.now)

        machine.subscriptionFailed(self.connection(1), at: self.now)

        #expect(
            machine.requested(self.waiter(1), self.a, .claiming, at: self.now)
                == [.lease(self.waiter(1), self.connection(1))]
        )
        #expect(machine.nextTick() == self.now + .seconds(1))
        #expect(machine.returned(self.connection(1), isReusable: true, at: self.now) == [])
        #expect(machine.ticked(at: self.now + .seconds(1)) == [.subscribe(self.connection(1))])
    }

    @Test("Nothing that is over wakes the machine again", arguments: 0..<50 as Range<UInt64>)
    func noBusyTicks(seed: UInt64) {
        var run = PoolSimulation(seed: seed)
        for _ in 0..<400 {
            run.step()
            let isQuiet = run.isQuietAfterTick
            #expect(isQuiet)
        }
    }

    @Test("After shutdown nobody is served and everything is closed")
    func shutdown() {
        var machine = self.machine(1)
        _ = machine.requested(self.waiter(1), self.a, .claiming, at: self.now)
        _ = machine.opened(self.connection(1), at: self.now)
        _ = machine.requested(self.waiter(2), self.a, .claiming, at: self.now)

        #expect(machine.shutDown(at: self.now) == [.fail(self.waiter(2))])
        #expect(machine.requested(self.waiter(3), self.a, .claiming, at: self.now) == nil)
        #expect(machine.returned(self.connection(1), isReusable: true, at: self.now) == [.close(self.connection(1))])
    }

    @Test("Whatever happens, budgets hold and every caller is served or told", arguments: 0..<100 as Range<UInt64>)
    func property(seed: UInt64) {
        var run = PoolSimulation(seed: seed)
        for _ in 0..<400 { run.step() }
        run.finish()

        #expect(run.violations == [])
        #expect(run.answered == run.asked)
        #expect(run.unanswered == [])
    }
}

/// Drives a machine with random events and keeps the books that its invariants are checked against.
private struct PoolSimulation {
    private var random: SplitMix
    private var machine: PoolMachine
    private var now = ContinuousClock.now
    private var opening: [PoolMachine.ConnectionID] = []
    private var leased: [PoolMachine.ConnectionID] = []
    private var closing: [PoolMachine.ConnectionID] = []
    private var places: [PoolMachine.ConnectionID: PoolMachine.Place] = [:]
    private(set) var unanswered: Set<UInt64> = []
    private(set) var asked = 0
    private(set) var answered = 0
    private(set) var violations: [String] = []
    private let limits = PoolLimits(perServer: 6, perDatabase: 2, reservedForOpening: 1, reservedForClaiming: 2)

    init(seed: UInt64) {
        self.random = SplitMix(state: seed)
        self.machine = PoolMachine(limits: self.limits)
    }

    private mutating func pick(_ count: Int) -> Int { Int(self.random.next() % UInt64(count)) }

    mutating func step() {
        self.now += .milliseconds(self.pick(2000))
        switch self.pick(9) {
        case 0...3: self.request()
        case 4: self.open()
        case 5: self.giveBack()
        case 6: self.end()
        case 7: self.take(self.machine.ticked(at: self.now))
        default:
            let place = PoolMachine.Place(server: "s", database: "d\(self.pick(8))")
            self.take(self.machine.listening(place, isWanted: self.pick(2) == 0, at: self.now))
        }
    }

    private mutating func request() {
        let place = PoolMachine.Place(server: "s", database: "d\(self.pick(8))")
        self.asked += 1
        let id = UInt64(self.asked)
        self.unanswered.insert(id)
        let purpose = PostgresPurpose.allCases[self.pick(4)]
        self.take(self.machine.requested(.init(rawValue: id), place, purpose, at: self.now) ?? [])
        if self.pick(10) == 0, self.unanswered.remove(id) != nil {
            self.answered += 1
            self.take(self.machine.withdrawn(.init(rawValue: id), from: place, at: self.now))
        }
    }

    private mutating func open() {
        guard !self.opening.isEmpty else { return }
        let id = self.opening.remove(at: self.pick(self.opening.count))
        if self.pick(5) == 0 {
            self.places[id] = nil
            self.take(self.machine.openFailed(id, at: self.now))
        } else {
            self.take(self.machine.opened(id, at: self.now))
        }
    }

    private mutating func giveBack() {
        guard !self.leased.isEmpty else { return }
        let id = self.leased.remove(at: self.pick(self.leased.count))
        self.take(self.machine.returned(id, isReusable: self.pick(5) != 0, at: self.now))
    }

    private mutating func end() {
        guard !self.closing.isEmpty else { return }
        self.ended(self.closing.remove(at: self.pick(self.closing.count)))
    }

    private mutating func ended(_ id: PoolMachine.ConnectionID) {
        self.places[id] = nil
        self.take(self.machine.ended(id, at: self.now))
    }

    private mutating func take(_ actions: [PoolMachine.Action]) {
        for action in actions {
            switch action {
            case .open(let id, let place):
                self.opening.append(id)
                self.places[id] = place
            case .close(let id): self.closing.append(id)
            case .subscribe: break
            case .lease(let waiter, let id):
                if self.leased.contains(id) { self.violations.append("\(id) leased twice") }
                self.leased.append(id)
                self.answer(waiter)
            case .fail(let waiter): self.answer(waiter)
            }
        }
        self.checkBudgets()
    }

    private mutating func answer(_ waiter: PoolMachine.WaiterID) {
        guard self.unanswered.remove(waiter.rawValue) != nil else {
            return self.violations.append("\(waiter) answered twice")
        }
        self.answered += 1
    }

    private mutating func checkBudgets() {
        let total = self.machine.statistics.first?.total ?? 0
        if total > self.limits.perServer { self.violations.append("over the server's budget") }
        if total != self.places.count {
            self.violations.append("\(total) connections counted, \(self.places.count) exist")
        }
        let databases = Dictionary(grouping: self.places.values, by: \.database)
        if databases.values.contains(where: { $0.count > self.limits.perDatabase }) {
            self.violations.append("over a database's cap")
        }
    }

    /// Whether a tick leaves nothing to do at the same instant.
    var isQuietAfterTick: Bool {
        mutating get {
            self.take(self.machine.ticked(at: self.now))
            return self.machine.nextTick().map { $0 > self.now } ?? true
        }
    }

    /// Faults and requests stop: everybody has to be served.
    mutating func finish() {
        for _ in 0..<5000 where !self.unanswered.isEmpty {
            self.now += .seconds(2)
            if !self.opening.isEmpty {
                self.take(self.machine.opened(self.opening.removeFirst(), at: self.now))
            } else if !self.closing.isEmpty {
                self.ended(self.closing.removeFirst())
            } else if !self.leased.isEmpty {
                self.take(self.machine.returned(self.leased.removeFirst(), isReusable: true, at: self.now))
            } else {
                self.take(self.machine.ticked(at: self.now))
            }
        }
    }
}
