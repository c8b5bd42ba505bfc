internal import Synchronization

/// Tells on standard error how far something has come, once it takes longer than a second.
final class SlowProgress: Sendable {
    private static let interval = Duration.seconds(1)

    private let next = Mutex(ContinuousClock.now + SlowProgress.interval)

    /// Says how much is done, at most once a second.
    func report(done: Int, all: Int, _ what: String) {
        let isDue = self.next.withLock { next in
            guard ContinuousClock.now >= next else { return false }
            next = ContinuousClock.now + Self.interval
            return true
        }
        if isDue { StandardStreams.writeError("[\(done)/\(all)] \(what)") }
    }
}
