internal import Synchronization

/// The attempts in progress of one tenant: their tasks, deadlines and ends.
///
/// Every attempt that was started ends exactly once in ``takeFinished()``. Ends are collected without an actor hop per
/// row, and the first one of a group wakes the scheduler.
final class RunTable: Sendable {
    struct Entry: Sendable {
        let batch: BatchID
        let isLone: Bool
        let item: WorkItem
        let startedAt: MonotonicInstant
        let deadline: MonotonicInstant
        var task: Task<Void, Never>?
        var cause: CancellationCause?
    }

    private struct State {
        var running: [WorkID: Entry] = [:]
        var finished: [FinishedRun] = []
    }

    private let state = Mutex(State())
    private let executor: (any TaskExecutor)?
    private let onFinish: @Sendable () -> Void

    /// - Parameters:
    ///   - executor: Where attempts run; `nil` is the cooperative pool.
    ///   - onFinish: Called when there is something to take, once until it is taken.
    init(executor: (any TaskExecutor)? = nil, onFinish: @escaping @Sendable () -> Void) {
        self.executor = executor
        self.onFinish = onFinish
    }

    /// Attempts in progress.
    var runningCount: Int { self.state.withLock { $0.running.count } }

    /// The work that is being attempted, or whose end has not been taken yet.
    var inFlight: Set<WorkID> {
        self.state.withLock { state in Set(state.running.keys).union(state.finished.map(\.item.id)) }
    }

    /// The work that is being attempted, with all that is known of it; in no order.
    var items: [WorkItem] { self.state.withLock { $0.running.values.map(\.item) } }

    /// When the first attempt's time will be over.
    var nextDeadline: MonotonicInstant? {
        self.state.withLock { state in state.running.values.lazy.filter { $0.cause == nil }.map(\.deadline).min() }
    }

    /// The longest-running attempt's start.
    var oldestStart: MonotonicInstant? {
        self.state.withLock { state in state.running.values.lazy.map(\.startedAt).min() }
    }

    /// Attempts whose time was over at an instant and which have not ended, in no order.
    func attempts(dueBefore instant: MonotonicInstant) -> [Entry] {
        self.state.withLock { state in state.running.values.filter { $0.deadline <= instant } }
    }

    /// Starts one attempt.
    ///
    /// - Parameter body: Runs the handler and says how it ended, given the reason of a cancellation.
    func start(
        _ entry: Entry,
        body: @escaping @Sendable (_ cause: @Sendable () -> CancellationCause?) async -> AttemptEnd
    ) {
        let id = entry.item.id
        self.state.withLock { $0.running[id] = entry }
        // SHIELD: the attempt outlives the scheduler's step and is cancelled one by one (timeout, lost claim, user);
        // `cancelAll` and the wait for an empty table end it before the scheduler returns.
        let task = Task(executorPreference: self.executor) {
            let end = await body { self.state.withLock { $0.running[id]?.cause } }
            self.finish(entry, end)
        }
        let mustCancel = self.state.withLock { state in
            guard state.running[id] != nil else { return false }
            state.running[id]?.task = task
            return state.running[id]?.cause != nil
        }
        if mustCancel { task.cancel() }
    }

    private func finish(_ entry: Entry, _ end: AttemptEnd) {
        let isFirst = self.state.withLock { state in
            state.running[entry.item.id] = nil
            state.finished.append(
                FinishedRun(
                    batch: entry.batch,
                    isLone: entry.isLone,
                    item: entry.item,
                    outcome: end.outcome,
                    isSettled: end.isSettled
                )
            )
            return state.finished.count == 1 || state.running.isEmpty
        }
        if isFirst { self.onFinish() }
    }

    /// Takes what has ended since the last time.
    func takeFinished() -> [FinishedRun] {
        self.state.withLock { state in
            defer { state.finished = [] }
            return state.finished
        }
    }

    /// Cancels attempts whose time is over; they are counted as failed.
    func cancelOverdue(at now: MonotonicInstant) {
        self.cancel(cause: .timeout) { $0.deadline <= now }
    }

    /// Cancels the attempts of claims that no longer stand.
    func cancel(batch: BatchID) {
        self.cancel(cause: .claimLost) { $0.batch == batch }
    }

    /// Cancels one attempt on a user's behalf. False when it is not in progress here.
    @discardableResult
    func cancel(run id: WorkID) -> Bool {
        self.cancel(cause: .user) { $0.item.id == id } > 0
    }

    /// Cancels everything.
    func cancelAll(cause: CancellationCause) {
        self.cancel(cause: cause) { _ in true }
    }

    @discardableResult
    private func cancel(cause: CancellationCause, where predicate: (Entry) -> Bool) -> Int {
        let entries = self.state.withLock { state -> [Entry] in
            let entries = state.running.values.filter { $0.cause == nil && predicate($0) }
                .sorted { $0.item.id < $1.item.id }
            for entry in entries { state.running[entry.item.id]?.cause = cause }
            return entries
        }
        // One without a task yet is cancelled by `start`.
        for entry in entries { entry.task?.cancel() }
        return entries.count
    }
}
