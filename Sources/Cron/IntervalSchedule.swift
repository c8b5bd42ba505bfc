/// Fire times a fixed interval apart, counted from an anchor so that they never drift.
///
/// The occurrences are `anchor + k * interval` for k = 0, 1, 2, …: whatever the delays of earlier runs and however
/// often the next one is computed, they stay on this grid. Times are exact, in microseconds since 1970 (UTC), and know
/// of no time zone: an interval of 24 hours is 24 hours also when clocks change.
package struct IntervalSchedule: Sendable, Hashable {
    /// The first occurrence, in microseconds since 1970.
    package let anchorMicroseconds: Int64
    /// The distance of two occurrences in microseconds, at least 1.
    package let intervalMicroseconds: Int64

    /// Makes a schedule; nil when the interval is less than a microsecond.
    package init?(anchorMicroseconds: Int64, intervalMicroseconds: Int64) {
        guard intervalMicroseconds > 0 else { return nil }
        self.anchorMicroseconds = anchorMicroseconds
        self.intervalMicroseconds = intervalMicroseconds
    }

    /// Returns the first occurrence after an instant (or at it, if `inclusive`), in microseconds since 1970.
    ///
    /// Nil when it would not fit into 64 bits, some 292,000 years from now.
    package func next(after microseconds: Int64, inclusive: Bool = false) -> Int64? {
        let (start, overflow) = microseconds.addingReportingOverflow(inclusive ? 0 : 1)
        guard !overflow else { return nil }
        guard start > self.anchorMicroseconds else { return self.anchorMicroseconds }
        // Unsigned, because the distance of two signed numbers may exceed the signed range.
        let distance = UInt64(bitPattern: start &- self.anchorMicroseconds)
        let remainder = distance % UInt64(self.intervalMicroseconds)
        guard remainder > 0 else { return start }
        let (next, isTooLate) = start.addingReportingOverflow(self.intervalMicroseconds - Int64(remainder))
        return isTooLate ? nil : next
    }

    /// Returns the last occurrence before an instant (or at it, if `inclusive`); nil when that is before the anchor.
    package func previous(before microseconds: Int64, inclusive: Bool = false) -> Int64? {
        let (end, overflow) = microseconds.subtractingReportingOverflow(inclusive ? 0 : 1)
        guard !overflow, end >= self.anchorMicroseconds else { return nil }
        let distance = UInt64(bitPattern: end &- self.anchorMicroseconds)
        return end - Int64(distance % UInt64(self.intervalMicroseconds))
    }
}
