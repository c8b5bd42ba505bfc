internal import Synchronization

/// What runs in progress of one tenant said about how far they are, until it is stored: all of it together, and not
/// more often than once a second.
final class ProgressBoard: Sendable {
    /// How often it is stored.
    static let interval = Duration.seconds(1)

    private struct State {
        var reports: [WorkID: ProgressReport] = [:]
        var lastTaken: MonotonicInstant?
    }

    private let state = Mutex(State())
    private let onFirst: @Sendable () -> Void

    /// - Parameter onFirst: Called when there is something to store, once until it is taken.
    init(onFirst: @escaping @Sendable () -> Void) {
        self.onFirst = onFirst
    }

    /// Takes a report, which replaces the run's last one.
    func note(_ report: ProgressReport) {
        let isFirst = self.state.withLock { state in
            state.reports.updateValue(report, forKey: report.id)
            return state.reports.count == 1
        }
        if isFirst { self.onFirst() }
    }

    /// When to store next; `nil` while there is nothing to store.
    func dueAt(now: MonotonicInstant) -> MonotonicInstant? {
        self.state.withLock { state in
            guard !state.reports.isEmpty else { return nil }
            return state.lastTaken.map { max(now, $0.advanced(by: Self.interval)) } ?? now
        }
    }

    /// Takes everything that is to be stored, in the order of the IDs.
    func take(at now: MonotonicInstant) -> [ProgressReport] {
        self.state.withLock { state in
            state.lastTaken = now
            defer { state.reports = [:] }
            return state.reports.values.sorted { $0.id < $1.id }
        }
    }

    /// Takes back what could not be stored, unless there is news.
    func putBack(_ reports: [ProgressReport]) {
        self.state.withLock { state in
            for report in reports where state.reports[report.id] == nil { state.reports[report.id] = report }
        }
    }

    /// Forgets a run that has ended: its settlement carries its last report.
    func forget(_ ids: [WorkID]) {
        self.state.withLock { state in
            guard !state.reports.isEmpty else { return }
            for id in ids { state.reports[id] = nil }
        }
    }
}
