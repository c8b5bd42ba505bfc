internal import Foundation

/// Finds the instants at which the wall clock of a zone shows what a schedule selects.
///
/// A zone's time is a row of stretches of constant offset. Within one, a selected local second is one instant. Where
/// two meet, local time either jumps forward (a gap) or repeats (an overlap), and the policies decide. A search
/// looks at a window around its start: without a transition in it, a plain search of local time decides; with one, the
/// stretches on both sides are searched up to the end of the window, and the search goes on from there.
struct OccurrenceSearch {
    private let schedule: CronSchedule
    private let clock: ZoneClock
    private let gap: GapPolicy
    private let overlap: OverlapPolicy

    /// The first instant of the year 1 in UTC; nothing is looked for before.
    private static let beginning: Int64 = -62_135_596_800

    /// The first instant of the year 10000, in whatever zone.
    private static let end: Int64 = 253_402_300_800 + ZoneClock.reach

    init(_ schedule: CronSchedule, in zone: TimeZone, gap: GapPolicy, overlap: OverlapPolicy) {
        self.schedule = schedule
        self.clock = ZoneClock(zone)
        self.gap = gap
        self.overlap = overlap
    }

    /// Returns the first occurrence at or after an instant.
    func first(from instant: Int64) -> Int64? {
        var start = instant
        while start < Self.end {
            let windowStart = start - ZoneClock.reach
            let windowEnd = start + ZoneClock.reach
            let before = self.clock.offset(at: windowStart)
            let here = self.clock.offset(at: start)
            let after = self.clock.offset(at: windowEnd)

            if before == here, here == after {
                guard let local = self.schedule.next(from: start + here) else { return nil }
                let candidate = local - here
                if candidate <= windowEnd { return candidate }
                // Nothing before this local time. Continuing an hour closer than a window guarantees progress, and
                // leaves more than a day, the longest that a clock was ever moved, so that nothing is jumped over.
                start = candidate - (ZoneClock.reach - 3_600)
                continue
            }
            // With the transition behind, the window ends where it would without it, unless another one lies ahead.
            let transition: ZoneClock.Transition
            var end = windowEnd
            if before != here {
                transition = self.clock.transition(after: windowStart, upTo: start)
                if here != after { end = self.clock.transition(after: start, upTo: windowEnd).instant }
            } else {
                transition = self.clock.transition(after: start, upTo: windowEnd)
            }
            if let found = self.first(from: start, before: end, around: transition) { return found }
            start = end
        }
        return nil
    }

    /// Returns the last occurrence at or before an instant.
    func last(through instant: Int64) -> Int64? {
        // Gallop backwards until there is an occurrence, then halve the distance between it and the limit.
        var width: Int64 = 60
        let widest: Int64 = 401 * 366 * CivilCalendar.secondsPerDay
        var low: Int64
        while true {
            if let found = self.first(from: max(instant - width, Self.beginning)), found <= instant {
                low = found
                break
            }
            guard width < widest else { return nil }
            width = min(width * 4, widest)
        }
        var high = instant + 1
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if let found = self.first(from: middle), found <= instant { low = found } else { high = middle }
        }
        return low
    }

    // MARK: - Around a transition

    /// Returns the first occurrence in a span with no transition but one, which may lie before it.
    private func first(from start: Int64, before end: Int64, around transition: ZoneClock.Transition) -> Int64? {
        let isGap = transition.after > transition.before
        if start < transition.instant {
            var limit = transition.instant + transition.before
            if !isGap, self.overlap == .second { limit = transition.instant + transition.after }
            let local = self.schedule.next(from: start + transition.before, before: limit)
            if let local { return local - transition.before }
        }
        var candidate: Int64?
        if isGap {
            candidate = self.firstOfGap(from: start, transition)
            if candidate == transition.instant { return candidate }
        }
        var from = max(start, transition.instant) + transition.after
        if !isGap, self.skipsSecondPass { from = max(from, transition.instant + transition.before) }
        let local = self.schedule.next(from: from, before: end + transition.after)
        if let local { candidate = min(candidate ?? .max, local - transition.after) }
        return candidate.flatMap { $0 < end ? $0 : nil }
    }

    /// Returns the first instant to which the policy moves an occurrence of the gap.
    private func firstOfGap(from start: Int64, _ transition: ZoneClock.Transition) -> Int64? {
        let gapStart = transition.instant + transition.before
        let gapEnd = transition.instant + transition.after
        switch self.gap {
        case .skip:
            return nil
        case .firstValidInstant:
            guard start <= transition.instant else { return nil }
            return self.schedule.next(from: gapStart, before: gapEnd).map { _ in transition.instant }
        case .shift:
            // What the old offset would make of the local time is later than it by the length of the gap.
            let from = max(start + transition.before, gapStart)
            return self.schedule.next(from: from, before: gapEnd).map { $0 - transition.before }
        }
    }

    private var skipsSecondPass: Bool {
        switch self.overlap {
        case .first: true
        case .automatic: !self.schedule.isInterval
        case .second, .both: false
        }
    }
}
