package import Foundation

/// Dates that a calendar leaves out: days, ranges of days, days of every year and of every week.
///
/// Which date it is at an instant is a matter of a time zone, which each question names. Where clocks are moved back
/// over midnight, the hour that comes again belongs to the day whose date the clock shows.
package struct DateExclusions: Sendable, Hashable {
    /// Days since 1970-01-01, ascending and apart from each other.
    private var ranges: [ClosedRange<Int>] = []
    /// Days of every year, as month × 100 + day.
    private var yearly: Set<Int> = []
    /// Days of every week, 0 being Sunday.
    private var weekdays: Set<Int> = []

    private static let weekdayNames = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]

    /// Reads entries: `2026-12-25`, `2026-12-24..2026-12-31` (both ends count), `12-25` (every year) or `SAT`.
    ///
    /// - Throws: ``InvalidDateEntry`` for the first one that is none of these.
    package init(_ entries: [String]) throws(InvalidDateEntry) {
        var ranges: [ClosedRange<Int>] = []
        for entry in entries {
            if let weekday = Self.weekdayNames.firstIndex(of: entry.uppercased()) {
                self.weekdays.insert(weekday)
            } else if let day = Self.dayOfYear(entry) {
                self.yearly.insert(day)
            } else {
                ranges.append(try Self.range(entry))
            }
        }
        guard self.weekdays.count < Self.weekdayNames.count else {
            throw InvalidDateEntry(entry: entries.joined(separator: " "), reason: "no day of the week is left")
        }
        for range in ranges.sorted(by: { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }) {
            if let last = self.ranges.last, range.lowerBound <= last.upperBound + 1 {
                self.ranges[self.ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                self.ranges.append(range)
            }
        }
    }

    // MARK: Questions

    /// Whether an instant, in whole seconds since 1970, lies on a date that is left out.
    package func isExcluded(_ second: Int64, in zone: TimeZone) -> Bool {
        self.isExcluded(day: Self.day(of: second, ZoneClock(zone)))
    }

    /// The first instant of the next date that is not left out; `nil` when there is none for years.
    package func end(ofExclusionAt second: Int64, in zone: TimeZone) -> Int64? {
        let clock = ZoneClock(zone)
        var day = Self.day(of: second, clock) + 1
        for _ in 0..<Self.longestSearch {
            guard self.isExcluded(day: day) else {
                return clock.instant(ofLocal: Int64(day) * CivilCalendar.secondsPerDay)
            }
            day = (self.range(of: day)?.upperBound ?? day) + 1
        }
        return nil
    }

    /// The first instant of the stretch of dates around an instant that are left out; `nil` when it is longer than
    /// years.
    package func start(ofExclusionAt second: Int64, in zone: TimeZone) -> Int64? {
        let clock = ZoneClock(zone)
        var day = Self.day(of: second, clock)
        for _ in 0..<Self.longestSearch {
            guard self.isExcluded(day: day) else {
                return clock.instant(ofLocal: Int64(day + 1) * CivilCalendar.secondsPerDay)
            }
            day = (self.range(of: day)?.lowerBound ?? day) - 1
        }
        return nil
    }

    /// The first instant of the date that an instant lies on.
    package static func startOfDay(at second: Int64, in zone: TimeZone) -> Int64 {
        let clock = ZoneClock(zone)
        return min(second, clock.instant(ofLocal: Int64(self.day(of: second, clock)) * CivilCalendar.secondsPerDay))
    }

    /// Ranges are passed in one step; what else can follow each other is every day of a leap year, at most.
    private static let longestSearch = 1_000

    private static func day(of second: Int64, _ clock: ZoneClock) -> Int {
        CivilCalendar.split(second + clock.offset(at: second)).days
    }

    private func isExcluded(day: Int) -> Bool {
        if self.weekdays.contains(CivilCalendar.weekday(days: day)) || self.range(of: day) != nil { return true }
        guard !self.yearly.isEmpty else { return false }
        let date = CivilCalendar.date(days: day)
        return self.yearly.contains(date.month * 100 + date.day)
    }

    /// - Complexity: O(log n) for n ranges.
    private func range(of day: Int) -> ClosedRange<Int>? {
        var low = 0
        var high = self.ranges.count
        while low < high {
            let middle = (low + high) / 2
            if self.ranges[middle].upperBound < day { low = middle + 1 } else { high = middle }
        }
        return low < self.ranges.count && self.ranges[low].contains(day) ? self.ranges[low] : nil
    }

    // MARK: Reading

    private static func dayOfYear(_ entry: String) -> Int? {
        let numbers = self.numbers(entry, lengths: [2, 2])
        guard let numbers, self.isDate(2000, numbers[0], numbers[1]) else { return nil }
        return numbers[0] * 100 + numbers[1]
    }

    private static func range(_ entry: String) throws(InvalidDateEntry) -> ClosedRange<Int> {
        let parts = entry.components(separatedBy: "..")
        var days: [Int] = []
        for part in parts {
            guard let numbers = self.numbers(part, lengths: [4, 2, 2]), self.isDate(numbers[0], numbers[1], numbers[2])
            else { break }
            days.append(CivilCalendar.days(year: numbers[0], month: numbers[1], day: numbers[2]))
        }
        guard (1...2).contains(parts.count), days.count == parts.count, let first = days.first, let last = days.last
        else { throw InvalidDateEntry(entry: entry, reason: "it is no date, range, day of the year or of the week") }
        guard first <= last else { throw InvalidDateEntry(entry: entry, reason: "the range ends before it starts") }
        return first...last
    }

    private static func numbers(_ text: String, lengths: [Int]) -> [Int]? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == lengths else { return nil }
        let numbers = parts.compactMap { part in part.utf8.allSatisfy { (48...57).contains($0) } ? Int(part) : nil }
        return numbers.count == lengths.count ? numbers : nil
    }

    private static func isDate(_ year: Int, _ month: Int, _ day: Int) -> Bool {
        year >= 1 && (1...12).contains(month) && (1...CivilCalendar.length(ofMonth: month, in: year)).contains(day)
    }
}

/// An entry that is no date.
package struct InvalidDateEntry: Error, Sendable, Hashable, CustomStringConvertible {
    /// The entry as it was given.
    package let entry: String
    /// What is wrong with it.
    package let reason: String

    /// The message in one line.
    package var description: String {
        "invalid entry \"\(self.entry)\": \(self.reason) (use 2026-12-25, 2026-12-24..2026-12-31, 12-25 or SAT)"
    }
}
