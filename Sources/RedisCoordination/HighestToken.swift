internal import Synchronization

/// The highest token that this process has seen: the floor of those that it is given next.
final class HighestToken: Sendable {
    private let number = Atomic<Int64>(0)

    /// The highest so far; 0 before the first.
    var value: Int64 { self.number.load(ordering: .acquiring) }

    /// Raises it; a lower one changes nothing.
    func raise(to value: Int64) {
        _ = self.number.max(value, ordering: .acquiringAndReleasing)
    }
}
