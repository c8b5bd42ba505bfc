internal import Synchronization

/// What a node measures about itself between two heartbeats; written from anywhere, read by the cluster agent.
final class NodeGauges: Sendable {
    /// Without progress for so long, the executor counts as stalled.
    private static let stallThreshold = Duration.seconds(2)

    private let startedRuns = Atomic<Int64>(0)
    private let lastProgress = Atomic<Int64>(.max)

    func noteStarted(_ count: Int) {
        self.startedRuns.add(Int64(count), ordering: .relaxed)
    }

    /// Runs started since this node began.
    var started: Int64 { self.startedRuns.load(ordering: .relaxed) }

    /// Said again and again by a task that needs the same threads as handlers do.
    func noteProgress(at now: MonotonicInstant) {
        self.lastProgress.store(now.nanoseconds, ordering: .relaxed)
    }

    /// Whether that task has not got its turn for too long. Asked from the reactor's thread, which needs none of them.
    func isStalled(at now: MonotonicInstant) -> Bool {
        let last = self.lastProgress.load(ordering: .relaxed)
        return last != .max && MonotonicInstant(nanoseconds: last).duration(to: now) > Self.stallThreshold
    }
}
