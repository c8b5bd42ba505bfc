/// A monotonic clock as the pure parts see it: nanoseconds since this value was made.
///
/// It counts on during suspend, so that a lease held by a machine that slept has run out when it wakes. It is the
/// process's, unless a simulation gives another time.
package struct MonotonicClock: Sendable {
    private let origin: ContinuousClock.Instant
    private let time: (any VirtualTime)?

    /// - Parameter time: Passes instead of the process's time.
    package init(_ time: (any VirtualTime)? = nil) {
        self.time = time
        self.origin = time?.now ?? .now
    }

    /// Now.
    package var now: MonotonicInstant {
        MonotonicInstant(nanoseconds: (self.continuous - self.origin).nanoseconds)
    }

    /// Now, as the standard library's clock counts.
    package var continuous: ContinuousClock.Instant {
        if let time { time.now } else { .now }
    }

    /// The instant as the standard library's clock knows it.
    package func instant(_ instant: MonotonicInstant) -> ContinuousClock.Instant {
        // Beyond a century nothing is ever waited for; the sum must not overflow.
        self.origin.advanced(by: .nanoseconds(min(instant.nanoseconds, 3_155_760_000_000_000_000)))
    }

    /// Waits until an instant.
    ///
    /// - Throws: `CancellationError` when the task is cancelled before.
    package func sleep(until instant: ContinuousClock.Instant) async throws {
        if let time {
            try await time.sleep(until: instant)
        } else {
            try await Task.sleep(until: instant, clock: .continuous)
        }
    }

    /// Waits for a while.
    ///
    /// - Throws: `CancellationError` when the task is cancelled before.
    package func sleep(for duration: Duration) async throws {
        try await self.sleep(until: self.continuous + duration)
    }
}
