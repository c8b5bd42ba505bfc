internal import Synchronization

/// Until when a tenant's lock may be trusted: written by the cluster agent after each renewal, read before each claim
/// pass.
final class LeaseCell: Sendable {
    private let nanoseconds = Atomic<Int64>(.min)

    /// Trusts the lock until an instant, which may be earlier than before.
    func trust(until instant: MonotonicInstant) {
        self.nanoseconds.store(instant.nanoseconds, ordering: .releasing)
    }

    /// Trusts it no longer.
    func revoke() {
        self.nanoseconds.store(.min, ordering: .releasing)
    }

    /// The end of the trust.
    var trustedUntil: MonotonicInstant {
        MonotonicInstant(nanoseconds: self.nanoseconds.load(ordering: .acquiring))
    }
}
