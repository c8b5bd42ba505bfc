/// The process's monotonic clock as the pure parts see it: nanoseconds since this value was made.
///
/// It counts on during suspend, so that a lease held by a machine that slept has run out when it wakes.
package struct MonotonicClock: Sendable {
    private let origin = ContinuousClock.now

    package init() {}

    /// Now.
    package var now: MonotonicInstant {
        MonotonicInstant(nanoseconds: (ContinuousClock.now - self.origin).nanoseconds)
    }

    /// The instant as the standard library's clock knows it.
    package func instant(_ instant: MonotonicInstant) -> ContinuousClock.Instant {
        // Beyond a century nothing is ever waited for; the sum must not overflow.
        self.origin.advanced(by: .nanoseconds(min(instant.nanoseconds, 3_155_760_000_000_000_000)))
    }
}
