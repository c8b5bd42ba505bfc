import InMemoryStores
import Logging
import Tenure
import TenureCore

/// One process of a node, from its start to its end: the very code of production, on a thread and a pool of the
/// simulation.
final class SimulatedProcess: @unchecked Sendable, CustomStringConvertible {
    // SAFETY: touched on the simulation's thread only.

    let node: Int
    let id: NodeID
    /// Tells it from other processes of the node, and from all others.
    let serial: Int
    let loop: SimulationLoop
    let time: NodeTime
    let thread: SimulatedThread
    let pool: SimulatedPool
    let leaving: Signal
    var runtime: NodeRuntime?
    /// Cut off from everything: a crash. What it still does has no effect.
    private(set) var isDead = false
    private(set) var isPaused = false
    /// When it last went on after a pause.
    private(set) var continuedAt = MonotonicInstant.zero
    /// Whether its `serve` has returned.
    var hasEnded = false
    var isLeaving = false
    /// Under which data set it last got or renewed a leadership.
    var leadershipFrom = 0
    /// Under which data set it last got or renewed each lock.
    var locksFrom: [TenantID: Int] = [:]
    /// After so many more jobs something happens to it.
    var stepsToEvent = 0
    var event: (() -> Void)?

    private var task: Task<Void, Never>?
    private var calls: [UInt64: PendingCall] = [:]
    private var lastCall: UInt64 = 0

    init(node: Int, id: NodeID, serial: Int, loop: SimulationLoop, rate: Double) {
        self.node = node
        self.id = id
        self.serial = serial
        self.loop = loop
        self.time = NodeTime(loop, rate: rate)
        self.thread = SimulatedThread(loop, time: self.time, number: serial * 2)
        self.pool = SimulatedPool(loop, number: serial * 2 + 1)
        self.leaving = Signal(clock: MonotonicClock(self.time))
    }

    var description: String { "\(self.id)#\(self.serial)" }

    func start(_ runtime: NodeRuntime, discovery: any TenantDiscovery, onEnd: @escaping () -> Void) {
        self.runtime = runtime
        let ended = Ended(onEnd)
        self.task = Task(executorPreference: self.pool) {
            var failure: (any Error)?
            do {
                try await runtime.serve(discovery: discovery, interval: .seconds(5), until: self.leaving)
            } catch {
                failure = error
            }
            self.loop.note("ended", self.node, "\(self) \(failure.map { "\($0)" } ?? "")")
            self.hasEnded = true
            self.runtime = nil
            ended.body()
        }
    }

    /// Stops it for good, in the middle of whatever it does. Its tasks are cancelled only so that they end.
    func crash() {
        guard !self.isDead, !self.hasEnded else { return }
        self.isDead = true
        for (_, call) in self.calls.sorted(by: { $0.key < $1.key }) { call.abandon() }
        self.task?.cancel()
        self.pause(false)
    }

    /// Stops it, as `SIGSTOP` does, or lets it go on.
    func pause(_ isPaused: Bool) {
        self.isPaused = isPaused
        if !isPaused { self.continuedAt = self.loop.now }
        self.thread.lane.hold(isPaused)
        self.pool.lane.hold(isPaused)
    }

    /// Whether it runs and is part of the cluster, or wants to be.
    var isAlive: Bool { !self.isDead && !self.hasEnded }

    /// One of its jobs has run.
    func stepped() {
        guard self.event != nil else { return }
        self.stepsToEvent -= 1
        guard self.stepsToEvent <= 0, let event = self.event else { return }
        self.event = nil
        event()
    }

    // MARK: Requests

    func add(_ call: PendingCall) {
        self.lastCall += 1
        call.number = self.lastCall
        self.calls[call.number] = call
    }

    func remove(_ call: PendingCall) { self.calls[call.number] = nil }
}

private final class Ended: @unchecked Sendable {
    // SAFETY: called on the simulation's thread only.
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
}
