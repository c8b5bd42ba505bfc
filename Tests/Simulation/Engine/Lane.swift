import DequeModule
import IOReactor
import Tenure
import TenureCore

/// A thread, or a pool of threads, of the simulation: jobs that wait for their turn.
package final class Lane: @unchecked Sendable {
    // SAFETY: touched on the simulation's thread only; `push` checks it.

    enum Order {
        /// A thread: first in, first out.
        case serial
        /// Threads that nobody promised an order.
        case any
    }

    enum Job {
        case onActor(UnownedJob, UnownedSerialExecutor)
        case inPool(UnownedJob, UnownedTaskExecutor)
        case body(() -> Void)
    }

    /// How many jobs of a pool may overtake the first one.
    private static let overtaking = 4

    let number: Int
    let order: Order
    private unowned let loop: SimulationLoop
    private var jobs = Deque<Job>()
    private(set) var isHeld = false

    init(_ loop: SimulationLoop, number: Int, order: Order) {
        self.loop = loop
        self.number = number
        self.order = order
    }

    var isEmpty: Bool { self.jobs.isEmpty }

    func push(_ job: Job) {
        self.loop.enter()
        self.jobs.append(job)
        if self.jobs.count == 1, !self.isHeld { self.loop.becameReady(self) }
    }

    func next(_ dice: inout Dice) -> Job {
        if case .any = self.order, self.jobs.count > 1 {
            self.jobs.swapAt(0, dice.index(below: min(self.jobs.count, Self.overtaking)))
        }
        return self.jobs.removeFirst()
    }

    func run(_ job: Job) {
        switch job {
        case .onActor(let job, let executor): job.runSynchronously(on: executor)
        case .inPool(let job, let executor): job.runSynchronously(on: executor)
        case .body(let body): body()
        }
    }

    /// Lets nothing run, as when a process is stopped, or lets it go on.
    func hold(_ isHeld: Bool) {
        guard isHeld != self.isHeld else { return }
        self.isHeld = isHeld
        guard !self.jobs.isEmpty else { return }
        if isHeld { self.loop.becameHeld(self) } else { self.loop.becameReady(self) }
    }
}

/// The cooperative pool of a simulated process, or of the simulated servers.
package final class SimulatedPool: TaskExecutor {
    let lane: Lane

    init(_ loop: SimulationLoop, number: Int) {
        self.lane = Lane(loop, number: number, order: .any)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        self.lane.push(.inPool(UnownedJob(job), self.asUnownedTaskExecutor()))
    }
}

/// The coordination thread of a simulated process: takes the place of its reactor.
final class SimulatedThread: DeadlineExecutor, @unchecked Sendable {
    // SAFETY: touched on the simulation's thread only; `checkIsolated` and `Lane.push` check it.

    let lane: Lane
    private let loop: SimulationLoop
    private let time: NodeTime
    private var deadlines = DeadlineQueue()

    init(_ loop: SimulationLoop, time: NodeTime, number: Int) {
        self.loop = loop
        self.time = time
        self.lane = Lane(loop, number: number, order: .serial)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        self.lane.push(.onActor(UnownedJob(job), self.asUnownedSerialExecutor()))
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    func checkIsolated() { self.loop.enter() }

    func schedule(at instant: ContinuousClock.Instant, _ body: @escaping () -> Void) -> DeadlineID {
        let id = self.deadlines.schedule(at: instant, body)
        self.arm(instant)
        return id
    }

    func cancel(_ id: DeadlineID) { self.deadlines.cancel(id) }

    private func arm(_ instant: ContinuousClock.Instant) {
        self.loop.at(self.time.global(instant)) { self.lane.push(.body { self.fire() }) }
    }

    private func fire() {
        var hasFired = false
        while let body = self.deadlines.popDue(at: self.time.now) {
            hasFired = true
            body()
        }
        // A clock that was slowed down has not reached what it was set for.
        if !hasFired, let next = self.deadlines.next { self.arm(next) }
    }
}

/// The monotonic clock of a simulated machine: it may drift, and jumps when the machine was suspended.
final class NodeTime: VirtualTime, @unchecked Sendable {
    // SAFETY: touched on the simulation's thread only.

    private static let base = ContinuousClock.now

    private let loop: SimulationLoop
    private var rate = 1.0
    private var anchor: (global: MonotonicInstant, local: Duration)

    init(_ loop: SimulationLoop, rate: Double) {
        self.loop = loop
        self.rate = rate
        self.anchor = (loop.now, .zero)
    }

    private var local: Duration {
        let passed = Double(self.anchor.global.duration(to: self.loop.now).nanoseconds)
        return self.anchor.local + .nanoseconds(Int64(passed * self.rate))
    }

    var now: ContinuousClock.Instant { Self.base + self.local }

    /// When the clock will show an instant, unless it is changed: the first nanosecond at which it has come.
    func global(_ instant: ContinuousClock.Instant) -> MonotonicInstant {
        let ahead = Double(((instant - Self.base) - self.local).nanoseconds)
        // Beyond a day nothing is waited for in a simulation.
        return self.loop.now.advanced(by: .nanoseconds(Int64(min(ahead, 1e14) / self.rate) + 1))
    }

    /// From now on the clock runs at another rate; first it jumps ahead.
    func change(rate: Double? = nil, jump: Duration = .zero) {
        self.anchor = (self.loop.now, self.local + jump)
        self.rate = rate ?? self.rate
    }

    func sleep(until instant: ContinuousClock.Instant) async throws {
        while self.now < instant { try await self.loop.sleep(until: self.global(instant)) }
        try Task.checkCancellation()
    }
}
