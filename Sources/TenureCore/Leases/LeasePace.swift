/// When a holder renews its lease, how long it may trust it, and how often a waiter asks. Pure.
///
/// Everything is in proportion to the duration, so that leases of a fraction of a second work as those of hours do.
package struct LeasePace: Sendable, Hashable {
    /// The longest share of a lease that is not trusted, for clocks that run at different speeds and for the time that
    /// cancelling takes.
    private static let marginMax = Duration.milliseconds(500)
    private static let firstPause = Duration.milliseconds(10)
    /// The longest that the first of those who wait pauses: a lease may be released at any time, and nobody tells.
    private static let headPauseMax = Duration.milliseconds(100)
    /// How long one further behind pauses.
    private static let tailPause = Duration.milliseconds(250)

    /// How long a place among those who wait is kept for one that does not ask: many times the longest pause.
    package static let place = Duration.seconds(3)

    /// The duration of the lease, in whole milliseconds.
    package let duration: Duration

    /// The pace of leases of a duration, 10 ms to 7 days.
    package init(duration: Duration) {
        self.duration = .milliseconds(duration.milliseconds)
    }

    /// How long a lease may be trusted, from before the request that took or renewed it was sent: four fifths of its
    /// duration, or all but half a second.
    package var trust: Duration { self.duration - min(self.duration / 5, Self.marginMax) }

    /// From before one renewal was sent to the next: a third of the duration.
    package var renewal: Duration { self.duration / 3 }

    /// How long one renewal may take before it is tried again: a quarter of the duration, 50 ms to 5 s.
    package var renewalTimeout: Duration { min(max(self.duration / 4, .milliseconds(50)), .seconds(5)) }

    /// From a renewal that failed to the next try: a twentieth of the duration, 5 ms to 1 s.
    package var retry: Duration { min(max(self.duration / 20, .milliseconds(5)), .seconds(1)) }

    /// How long a waiter pauses before it asks again.
    ///
    /// - Parameters:
    ///   - attempt: How often it has asked, from 1.
    ///   - freeIn: When the lease runs out unless renewed, if it is known.
    ///   - ahead: How many wait before it.
    package static func pause(
        after attempt: Int,
        freeIn: Duration?,
        ahead: Int,
        using generator: inout some RandomNumberGenerator
    ) -> Duration {
        guard ahead == 0 else { return Self.jittered(Self.tailPause, &generator) }
        let growing = Self.firstPause * (1 << min(max(attempt, 1) - 1, 10))
        let pause = Self.jittered(min(growing, Self.headPauseMax), &generator)
        // The moment that it runs out is known better than by chance.
        guard let freeIn, freeIn < pause else { return pause }
        return max(freeIn, .milliseconds(1))
    }

    /// Half to all of a pause.
    private static func jittered(_ pause: Duration, _ generator: inout some RandomNumberGenerator) -> Duration {
        let nanoseconds = pause.nanoseconds
        return .nanoseconds(Int64.random(in: nanoseconds / 2...nanoseconds, using: &generator))
    }
}
