internal import Synchronization
public import TenureCore

/// A clock that stands still until a test moves it.
///
/// Sleepers wake when the clock reaches their instant, the earliest first. ``waitForSleepers(_:)`` tells when the code
/// under test has gone to sleep, so that a test need not guess.
public final class ManualClock: Clock {
    private struct State {
        var now = MonotonicInstant.zero
        var lastID = 0
        var sleepers: [Int: (until: MonotonicInstant, continuation: CheckedContinuation<Bool, Never>)] = [:]
        /// Cancelled before they had begun to sleep.
        var cancelled: Set<Int> = []
        var watchers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    /// A clock at its origin.
    public init() {}

    /// Now.
    public var now: MonotonicInstant { self.state.withLock { $0.now } }

    /// A nanosecond.
    public var minimumResolution: Duration { .nanoseconds(1) }

    /// How many tasks sleep.
    public var sleeperCount: Int { self.state.withLock { $0.sleepers.count } }

    /// Moves the clock, and wakes those whose time has come.
    ///
    /// - Precondition: The duration is not negative.
    public func advance(by duration: Duration) {
        precondition(duration >= .zero, "a monotonic clock does not go back")
        let woken = self.state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let due = state.sleepers.filter { $0.value.until <= state.now }
                .sorted { ($0.value.until, $0.key) < ($1.value.until, $1.key) }
            for sleeper in due { state.sleepers[sleeper.key] = nil }
            return due.map(\.value.continuation)
        }
        for continuation in woken { continuation.resume(returning: true) }
    }

    /// Sleeps until the clock is moved to an instant or beyond.
    ///
    /// - Throws: `CancellationError` when the task is cancelled meanwhile.
    public func sleep(until deadline: MonotonicInstant, tolerance: Duration? = nil) async throws {
        let id = self.state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        // A cancellation may come after the answer; nobody looks for it then.
        defer { self.state.withLock { _ = $0.cancelled.remove(id) } }
        let isOver = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in self.add(id, until: deadline, continuation) }
        } onCancel: {
            self.cancel(id)
        }
        if !isOver { throw CancellationError() }
    }

    /// Waits until at least so many tasks sleep.
    public func waitForSleepers(_ count: Int = 1) async {
        await withCheckedContinuation { continuation in
            let isReached = self.state.withLock { state in
                if state.sleepers.count >= count { return true }
                state.watchers.append((count, continuation))
                return false
            }
            if isReached { continuation.resume() }
        }
    }

    private func add(_ id: Int, until deadline: MonotonicInstant, _ continuation: CheckedContinuation<Bool, Never>) {
        let (answer, watchers) = self.state.withLock { state -> (Bool?, [CheckedContinuation<Void, Never>]) in
            if state.cancelled.remove(id) != nil { return (false, []) }
            if deadline <= state.now { return (true, []) }
            state.sleepers[id] = (deadline, continuation)
            let count = state.sleepers.count
            let reached = state.watchers.filter { $0.count <= count }.map(\.continuation)
            state.watchers.removeAll { $0.count <= count }
            return (nil, reached)
        }
        if let answer { continuation.resume(returning: answer) }
        for watcher in watchers { watcher.resume() }
    }

    private func cancel(_ id: Int) {
        let sleeper = self.state.withLock { state in
            let sleeper = state.sleepers.removeValue(forKey: id)
            if sleeper == nil { state.cancelled.insert(id) }
            return sleeper
        }
        sleeper?.continuation.resume(returning: false)
    }
}
