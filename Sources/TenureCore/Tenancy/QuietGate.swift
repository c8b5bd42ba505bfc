/// Finds a good moment for a step that should take as little time as possible, by the round trips of probes.
///
/// A machine or a server that is busy for a moment answers late. What a probe should take is known from the quickest
/// ones so far; whoever waits for such an answer begins the step in a moment like that. It is a choice of moments
/// only: when none comes, the step begins anyway.
package struct QuietGate: Sendable, Equatable {
    package enum Verdict: Sendable, Equatable {
        /// This is such a moment, or it has been waited for long enough.
        case proceed
        /// Probe again after a pause.
        case probeAgain
    }

    /// How long to pause between two probes.
    package static let pause = Duration.milliseconds(3)
    /// What a probe may take beyond twice the quickest one: clocks and schedulers are not finer.
    private static let tolerance = Duration.microseconds(500)

    private let begunAt: MonotonicInstant
    private let patience: Duration

    /// - Parameters:
    ///   - begunAt: When the search for a moment begins.
    ///   - patience: How long it goes on at most.
    package init(at begunAt: MonotonicInstant, patience: Duration) {
        self.begunAt = begunAt
        self.patience = patience
    }

    /// A probe has been answered.
    ///
    /// - Parameter quickest: What probes took, this one not included.
    package func probed(roundTrip: Duration, quickest: QuickestRoundTrip, at now: MonotonicInstant) -> Verdict {
        guard self.begunAt.duration(to: now) < self.patience else { return .proceed }
        guard let best = quickest.duration else { return .probeAgain }
        return roundTrip <= best * 2 + Self.tolerance ? .proceed : .probeAgain
    }
}

/// What a round trip takes when nothing disturbs it: the quickest one lately.
///
/// It is forgotten slowly, so that a way that became longer for good is believed after some hundred round trips.
package struct QuickestRoundTrip: Sendable, Equatable {
    /// `nil` before the first round trip.
    package private(set) var duration: Duration?

    package init() {}

    package mutating func note(_ roundTrip: Duration) {
        self.duration = self.duration.map { min(roundTrip, $0 + $0 / 128) } ?? roundTrip
    }
}
