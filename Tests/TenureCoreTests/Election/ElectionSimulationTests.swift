import TenureCore
import Testing

/// A few nodes and a store in simulated time: requests are slow or get lost, processes stand still, clocks differ.
private struct ElectionSimulation {
    enum Happening {
        case heartbeat(Int)
        case timer(Int, Machine.TimerID)
        /// A request reaches the store.
        case request(Int, Machine.Action)
        case reply(Int, Machine.Event)
        case wake(Int)
    }

    private let count: Int
    private var generator: SeededGenerator
    private var queue: [(time: Int64, order: Int, happening: Happening)] = []
    private var order = 0
    /// Milliseconds of true time.
    private(set) var now: Int64 = 0
    private(set) var machines: [ElectionMachine] = []
    /// What each node's clock is ahead of true time.
    private var offsets: [Int64] = []
    /// Until when each process stands still.
    private var stoppedUntil: [Int64] = []
    private var leader: (node: Int, term: Term, until: Int64)?
    private var term = Term.none
    /// Whether anything goes wrong.
    var isFaulty = true
    private(set) var grantedTerms: [Term] = []

    init(nodes count: Int, seed: UInt64) {
        self.count = count
        self.generator = SeededGenerator(seed: seed)
        for index in 0..<count {
            let name = node("n\(index)")
            self.machines.append(ElectionMachine(node: name, parameters: .init(CoordinationOptions(), node: name)))
            self.offsets.append(Int64.random(in: -30_000...30_000, using: &self.generator))
            self.stoppedUntil.append(0)
        }
        for index in 0..<count {
            self.handle(index, .started)
            self.schedule(after: Int64(index) * 10, .heartbeat(index))
        }
    }

    /// The nodes that would act as leaders at this moment.
    var leaders: [Int] {
        self.machines.indices.filter { self.machines[$0].isLeader(at: self.clock($0)) }
    }

    private func clock(_ index: Int) -> MonotonicInstant { at(self.now + self.offsets[index]) }

    private mutating func schedule(after delay: Int64, _ happening: Happening) {
        self.order += 1
        self.queue.append((self.now + delay, self.order, happening))
    }

    /// Lets the next thing happen. False when nothing is left.
    mutating func step() -> Bool {
        guard
            let next = self.queue.indices.min(by: {
                (self.queue[$0].time, self.queue[$0].order) < (self.queue[$1].time, self.queue[$1].order)
            })
        else { return false }
        let (time, _, happening) = self.queue.remove(at: next)
        self.now = max(self.now, time)
        switch happening {
        case .heartbeat(let index):
            if self.isStopped(index, then: happening) { break }
            self.schedule(after: 1000, .heartbeat(index))
            let reply = Machine.Event.leadershipSeen(self.leadership, lastTerm: self.term)
            if !self.isLost() { self.schedule(after: self.latency(), .reply(index, reply)) }
            if self.isFaulty, Int.random(in: 0..<40, using: &self.generator) == 0 {
                self.stoppedUntil[index] = self.now + Int64.random(in: 100...15_000, using: &self.generator)
            }
        case .timer(let index, let timer):
            if self.isStopped(index, then: happening) { break }
            self.handle(index, .timerFired(timer))
        case .reply(let index, let event):
            if self.isStopped(index, then: happening) { break }
            self.handle(index, event)
        case .wake(let index):
            if self.isStopped(index, then: happening) { break }
            self.handle(index, .leadershipReleased)
        case .request(let index, let action):
            self.serve(index, action)
        }
        return true
    }

    /// A process that stands still finds everything waiting when it goes on.
    private mutating func isStopped(_ index: Int, then happening: Happening) -> Bool {
        guard self.stoppedUntil[index] > self.now else { return false }
        self.schedule(after: self.stoppedUntil[index] - self.now, happening)
        return true
    }

    private mutating func handle(_ index: Int, _ event: Machine.Event) {
        for action in self.machines[index].handle(event, at: self.clock(index)) {
            switch action {
            case .acquire, .renew, .resign:
                if self.isLost() {
                    self.fail(index, action)
                } else {
                    self.schedule(after: self.latency(), .request(index, action))
                }
            case .setTimer(let timer, let instant):
                let time = instant.nanoseconds / 1_000_000 - self.offsets[index]
                self.schedule(after: max(0, time - self.now), .timer(index, timer))
            case .startLeading, .stopLeading:
                break
            }
        }
    }

    private mutating func serve(_ index: Int, _ action: Machine.Action) {
        if let leader = self.leader, leader.until <= self.now { self.leader = nil }
        let reply: Machine.Event
        switch action {
        case .acquire(let request, let seen):
            if let leader = self.leader, leader.node != index {
                reply = .acquireReplied(
                    request,
                    .held(
                        self.leadership
                            ?? Leadership(
                                holder: holder("n\(leader.node)"),
                                term: leader.term,
                                remaining: .zero
                            )
                    )
                )
            } else {
                if self.leader == nil {
                    self.term = Term(max(self.term.value, seen.value) + 1)
                    self.grantedTerms.append(self.term)
                }
                self.leader = (index, self.term, self.now + 3000)
                reply = .acquireReplied(request, .acquired(self.term))
            }
        case .renew(let request, let term):
            let isPresent = self.leader.map { $0.node == index && $0.term == term } ?? false
            if isPresent { self.leader?.until = self.now + 3000 }
            reply = .renewReplied(request, isPresent ? .renewed : .superseded)
        case .resign(let term):
            guard let leader = self.leader, leader.node == index, leader.term == term else { return }
            self.leader = nil
            for other in 0..<self.count where !self.isLost() { self.schedule(after: self.latency(), .wake(other)) }
            return
        case .startLeading, .stopLeading, .setTimer:
            return
        }
        if self.isLost() {
            self.fail(index, action)
        } else {
            self.schedule(after: self.latency(), .reply(index, reply))
        }
    }

    /// The caller's deadline passes.
    private mutating func fail(_ index: Int, _ action: Machine.Action) {
        switch action {
        case .acquire(let request, _): self.schedule(after: 500, .reply(index, .acquireReplied(request, .failed)))
        case .renew(let request, _): self.schedule(after: 500, .reply(index, .renewReplied(request, .failed)))
        case .resign, .startLeading, .stopLeading, .setTimer: break
        }
    }

    private var leadership: Leadership? {
        guard let leader = self.leader, leader.until > self.now else { return nil }
        return Leadership(
            holder: holder("n\(leader.node)"),
            term: leader.term,
            remaining: .milliseconds(leader.until - self.now)
        )
    }

    private mutating func isLost() -> Bool {
        self.isFaulty && Int.random(in: 0..<8, using: &self.generator) == 0
    }

    private mutating func latency() -> Int64 {
        let isSlow = self.isFaulty && Int.random(in: 0..<10, using: &self.generator) == 0
        return Int64.random(in: isSlow ? 100...6000 : 1...20, using: &self.generator)
    }
}

@Suite("ElectionMachine: simulated clusters")
struct ElectionSimulationTests {
    @Test(
        "A1, A9: never two leaders at once, whatever is lost, late or stopped; one leader once that ends",
        arguments: 0..<40
    )
    func oneLeader(seed: Int) {
        var simulation = ElectionSimulation(nodes: 2 + seed % 5, seed: UInt64(seed))

        while simulation.now < 150_000, simulation.step() {
            #expect(simulation.leaders.count <= 1, "seed \(seed) at \(simulation.now) ms")
        }
        #expect(simulation.grantedTerms.count >= 3)
        #expect(simulation.grantedTerms == simulation.grantedTerms.sorted())
        #expect(Set(simulation.grantedTerms).count == simulation.grantedTerms.count)

        simulation.isFaulty = false
        // What was under way may take 15 s; then a lease and a try.
        while simulation.now < 171_000, simulation.step() {}
        let end = simulation.now + 30_000
        while simulation.now < end, simulation.step() { #expect(simulation.leaders.count == 1, "seed \(seed)") }
    }

    @Test("A1: nodes that start together agree on one leader within a moment")
    func startTogether() {
        var simulation = ElectionSimulation(nodes: 5, seed: 7)
        simulation.isFaulty = false

        while simulation.now < 200, simulation.step() {}

        #expect(simulation.leaders.count == 1)
    }
}
