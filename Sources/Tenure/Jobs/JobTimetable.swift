internal import Cron
internal import Foundation

/// The instants that a schedule selects, in microseconds since 1970. Pure: parsed once, asked often.
struct JobTimetable: Sendable {
    private enum Kind: Sendable {
        case cron(CronExpression, TimeZone, Cron.GapPolicy, Cron.OverlapPolicy)
        case interval(IntervalSchedule)
    }

    private let kind: Kind

    /// Parses a schedule.
    ///
    /// - Throws: ``InvalidSchedule`` in the name of the job.
    init(
        _ schedule: JobSchedule,
        timeZone: String,
        daylight: DaylightPolicy,
        job: String
    ) throws(InvalidSchedule) {
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
