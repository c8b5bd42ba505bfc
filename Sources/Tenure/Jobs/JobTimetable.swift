internal import Cron
internal import Foundation

/// The instants that a schedule selects, in microseconds since 1970. Pure: parsed once, asked often.
struct JobTimetable: Sendable {
    private enum Kind: Sendable {
        case cron(CronExpression, TimeZone, Cron.GapPolicy, Cron.OverlapPolicy)
        case interval(IntervalSchedule)
    }

    private struct Exclusion: Sendable {
        let calendar: String
        let dates: DateExclusions
        let zone: TimeZone
    }

    private let kind: Kind
    private let exclusion: Exclusion?

    /// Parses a schedule.
    ///
    /// - Throws: ``InvalidSchedule`` in the name of the job.
    init(
        _ schedule: JobSchedule,
        timeZone: String,
        daylight: DaylightPolicy,
        calendar: JobCalendar? = nil,
        job: String
    ) throws(InvalidSchedule) {
        self.exclusion = try calendar.map { calendar throws(InvalidSchedule) in
            Exclusion(
                calendar: calendar.name,
                dates: try Self.dates(calendar, of: job),
                zone: try Self.zone(calendar.timeZone ?? timeZone, of: job)
            )
        }
        switch schedule {
        case .cron(let text):
            guard let gap = Cron.GapPolicy(rawValue: daylight.gap),
                let overlap = Cron.OverlapPolicy(rawValue: daylight.overlap)
            else {
                let gaps = Self.names(Cron.GapPolicy.self)
                let known = "gap: \(gaps); overlap: \(Self.names(Cron.OverlapPolicy.self))"
                throw InvalidSchedule(job: job, reason: "an unknown daylight saving policy (\(known))")
            }
            self.kind = .cron(try Self.expression(text, of: job), try Self.zone(timeZone, of: job), gap, overlap)
        case .interval(let microseconds, let anchor):
            let interval = IntervalSchedule(
                anchorMicroseconds: anchor.microseconds,
                intervalMicroseconds: microseconds
            )
            guard let interval else {
                throw InvalidSchedule(job: job, reason: "the interval is \(microseconds) µs (use one above 0)")
            }
            self.kind = .interval(interval)
        }
    }

    private static func names<Policy: CaseIterable & RawRepresentable<String>>(_ type: Policy.Type) -> String {
        Policy.allCases.map(\.rawValue).joined(separator: ", ")
    }

    private static func expression(_ text: String, of job: String) throws(InvalidSchedule) -> CronExpression {
        do {
            return try CronExpression(text)
        } catch {
            throw InvalidSchedule(job: job, reason: error.description)
        }
    }

    private static func dates(_ calendar: JobCalendar, of job: String) throws(InvalidSchedule) -> DateExclusions {
        do {
            return try DateExclusions(calendar.excluded)
        } catch {
            throw InvalidSchedule(job: job, reason: "the calendar '\(calendar.name)' has an \(error)")
        }
    }

    private static func zone(_ name: String, of job: String) throws(InvalidSchedule) -> TimeZone {
        do {
            return try TimeZoneLookup.zone(named: name)
        } catch {
            throw InvalidSchedule(job: job, reason: error.description)
        }
    }

    /// The first instant after another.
    func next(after instant: Int64) -> Int64? {
        switch self.kind {
        case .cron(let expression, let zone, let gap, let overlap):
            // Occurrences are whole seconds: later than an instant means later than the second that it is in.
            expression.next(after: Self.date(Self.second(of: instant)), in: zone, gap: gap, overlap: overlap)
                .flatMap(Self.microseconds)
        case .interval(let interval):
            interval.next(after: instant)
        }
    }

    /// The last instant up to another, which counts too.
    func previous(through instant: Int64) -> Int64? {
        switch self.kind {
        case .cron(let expression, let zone, let gap, let overlap):
            expression.previous(
                before: Self.date(Self.second(of: instant)),
                in: zone,
                inclusive: true,
                gap: gap,
                overlap: overlap
            ).flatMap(Self.microseconds)
        case .interval(let interval):
            interval.previous(before: instant, inclusive: true)
        }
    }

    /// The newest instants later than `start` and up to `end`, at most `limit`, in ascending order.
    ///
    /// - Complexity: O(limit), whatever the distance from `start` to `end`.
    func newest(_ limit: Int, after start: Int64, through end: Int64) -> [Int64] {
        // Runs of consecutive instants, newest first; each is found by one step back and a walk forward.
        var stretches: [[Int64]] = []
        var missing = limit
        var end = end
        while missing > 0, end > start, let last = self.previous(through: end), last > start {
            // No stretch holds more than is missing of a schedule that fires every second.
            let (floor, underflow) = last.subtractingReportingOverflow(Int64(missing) * Self.microsecondsPerSecond)
            var stretch: [Int64] = []
            switch self.kind {
            case .cron:
                var instant = max(start, underflow ? start : floor)
                while let next = self.next(after: instant), next <= last {
                    stretch.append(next)
                    instant = next
                }
            case .interval:
                stretch = [last]
            }
            let newest = stretch.suffix(missing)
            guard let first = newest.first else { break }
            stretches.append(Array(newest))
            missing -= newest.count
            end = first - 1
        }
        return stretches.reversed().flatMap(\.self)
    }

    // MARK: - Dates that are left out

    /// Why an instant is left out by the calendar; `nil` if it is not.
    func exclusion(of instant: Int64) -> String? {
        guard let exclusion, exclusion.dates.isExcluded(Self.second(of: instant), in: exclusion.zone) else {
            return nil
        }
        return SkipReason.calendar(exclusion.calendar)
    }

    /// The first instant after another that is not left out. `nil` also where thousands in a row are.
    func nextIncluded(after instant: Int64) -> Int64? {
        guard let exclusion else { return self.next(after: instant) }
        var instant = instant
        for _ in 0..<Self.longestSearch {
            guard let next = self.next(after: instant) else { return nil }
            guard exclusion.dates.isExcluded(Self.second(of: next), in: exclusion.zone) else { return next }
            // On at once to the next date that is not.
            guard let end = exclusion.dates.end(ofExclusionAt: Self.second(of: next), in: exclusion.zone) else {
                return nil
            }
            instant = max(next, end * Self.microsecondsPerSecond - 1)
        }
        return nil
    }

    /// The newest instants that are not left out, later than `start` and up to `end`, at most `limit`, in ascending
    /// order.
    ///
    /// - Complexity: O(limit + d) for d dates between `start` and `end`.
    func newestIncluded(_ limit: Int, after start: Int64, through end: Int64) -> [Int64] {
        guard let exclusion else { return self.newest(limit, after: start, through: end) }
        var days: [[Int64]] = []
        var missing = limit
        var end = end
        while missing > 0, end > start, let last = self.previous(through: end), last > start {
            let second = Self.second(of: last)
            if exclusion.dates.isExcluded(second, in: exclusion.zone) {
                guard let begin = exclusion.dates.start(ofExclusionAt: second, in: exclusion.zone) else { break }
                end = min(last, begin * Self.microsecondsPerSecond) - 1
            } else {
                let begin = DateExclusions.startOfDay(at: second, in: exclusion.zone) * Self.microsecondsPerSecond - 1
                let day = self.newest(missing, after: max(start, begin), through: last)
                days.append(day)
                missing -= day.count
                end = begin
            }
        }
        return days.reversed().flatMap(\.self)
    }

    /// Instants that are left out and looked at one after the other.
    private static let longestSearch = 5_000

    // MARK: - Units

    private static let microsecondsPerSecond: Int64 = 1_000_000

    private static func second(of microseconds: Int64) -> Int64 {
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: self.microsecondsPerSecond)
        return remainder < 0 ? quotient - 1 : quotient
    }

    private static func date(_ second: Int64) -> Date { Date(timeIntervalSince1970: Double(second)) }

    private static func microseconds(_ date: Date) -> Int64? {
        Int64(exactly: (date.timeIntervalSince1970.rounded() * Double(self.microsecondsPerSecond)))
    }
}
