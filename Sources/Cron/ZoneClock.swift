internal import Foundation

/// A time zone as a mapping between instants and local seconds.
///
/// Instants are whole seconds since 1970-01-01T00:00:00Z; local seconds are the wall-clock reading counted the same
/// way. Relies on what holds for every zone of the tz database: transitions are days apart (the closest on record are
/// seven), and no transition moves the clock by more than a day.
struct ZoneClock {
    /// How far around an instant transitions are looked for: more than the longest gap or overlap (24 hours, where
    /// a zone changed sides of the date line), and with it at most one transition in a window.
    static let reach: Int64 = 26 * 3_600

    /// A change of the offset from UTC.
    struct Transition {
        /// The first instant of the new offset.
        let instant: Int64
        /// The offset before, in seconds east of UTC.
        let before: Int64
        /// The offset from `instant` on.
        let after: Int64
    }

    private let zone: TimeZone

    init(_ zone: TimeZone) {
        self.zone = zone
    }

    /// The offset from UTC at an instant, in seconds, positive in the east.
    func offset(at instant: Int64) -> Int64 {
        Int64(self.zone.secondsFromGMT(for: Date(unixSeconds: instant)))
    }

    /// The transition between two instants whose offsets are known to differ.
    func transition(after start: Int64, upTo end: Int64) -> Transition {
        let before = self.offset(at: start)
        var low = start
        var high = end
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if self.offset(at: middle) == before { low = middle } else { high = middle }
        }
        return Transition(instant: high, before: before, after: self.offset(at: high))
    }

    /// The instant of a local second: the earlier one when it comes twice, the end of the gap when it does not exist.
    func instant(ofLocal local: Int64) -> Int64 {
        let early = self.offset(at: local - Self.reach)
        let late = self.offset(at: local + Self.reach)
        guard early != late else { return local - early }
        let transition = self.transition(after: local - Self.reach, upTo: local + Self.reach)
        if local < transition.instant + transition.before { return local - transition.before }
        return max(transition.instant, local - transition.after)
    }
}

extension Date {
    /// Seconds from 1970-01-01 to 2001-01-01, Foundation's reference date.
    private static let referenceSeconds: Int64 = 978_307_200

    /// Makes a date of whole seconds since 1970.
    init(unixSeconds: Int64) {
        self.init(timeIntervalSinceReferenceDate: Double(unixSeconds - Self.referenceSeconds))
    }

    /// The whole seconds since 1970, rounded down and limited to the years 1 to 10000; nil when not a number.
    ///
    /// Computed from the stored reference value: `timeIntervalSince1970` rounds, possibly over a second's edge.
    var unixSecondsRoundedDown: Int64? {
        let seconds = self.timeIntervalSinceReferenceDate.rounded(.down)
        guard !seconds.isNaN else { return nil }
        return Int64(min(max(seconds, -63_113_904_000), 252_455_616_000)) + Self.referenceSeconds
    }

    /// Whether the date is a whole second.
    var isWholeSecond: Bool {
        self.timeIntervalSinceReferenceDate == self.timeIntervalSinceReferenceDate.rounded(.down)
    }
}
