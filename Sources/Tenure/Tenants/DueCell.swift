internal import Synchronization

/// When a tenant has something to do next: written by its scheduler, read by the cluster agent, which chooses quiet
/// moments for hand-overs.
final class DueCell: Sendable {
    /// How long before its instant something counts as near: a hand-over should have ended by then.
    private static let lead = Duration.milliseconds(100)
    /// What has been due for longer waits for something else than its turn.
    private static let longestTurn = Duration.milliseconds(500)

    private let nanoseconds = Atomic<Int64>(.max)

    /// The earliest instant at which something is due; `distantFuture` for nothing.
    func set(_ instant: MonotonicInstant) {
        self.nanoseconds.store(instant.nanoseconds, ordering: .relaxed)
    }

    /// Whether something is due about now.
    func isNear(at now: MonotonicInstant) -> Bool {
        let instant = MonotonicInstant(nanoseconds: self.nanoseconds.load(ordering: .relaxed))
        return instant <= now.advanced(by: Self.lead) && instant.duration(to: now) < Self.longestTurn
    }
}
