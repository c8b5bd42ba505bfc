internal import PostgresStore
internal import TenureCore

/// Compares what is recorded of a job's occurrences with what its schedule says. Pure.
///
/// Compared are the occurrences later than the instant from which the present schedule counts and up to the last one
/// that was dealt with: each left work, a row in the history or a dead letter in the very transaction that moved that
/// place, or is stood for by a row that skipped it together with later ones.
struct OccurrenceLedger: Sendable, Hashable {
    /// What the schedule has, in ascending order.
    private(set) var expected = 0
    /// Of which nothing is recorded.
    private(set) var missing: [Int64] = []
    /// Recorded, and not on the schedule.
    private(set) var offSchedule: [RecordedOccurrence] = []
    /// Recorded, and later than the last one that was dealt with.
    private(set) var ahead: [RecordedOccurrence] = []
    /// Whether there were more occurrences than could be compared.
    private(set) var isCut = false

    /// Compares.
    ///
    /// - Parameters:
    ///   - after: Occurrences up to this instant are left alone: ``firstInstant(of:since:historyFrom:)``.
    ///   - recorded: All later than that, in ascending order.
    ///   - limit: The most that are compared, the newest.
    init(
        of job: JobDefinition,
        _ timetable: JobTimetable,
        after: Int64,
        recorded: [RecordedOccurrence],
        limit: Int
    ) {
        let dealtWith = max(job.lastOccurrence ?? .distantPast, job.plannedFrom).microseconds
        self.ahead = recorded.filter { $0.instant > dealtWith }
        let past = recorded.filter { $0.instant <= dealtWith }

        let last = min(dealtWith, job.endsAt?.microseconds ?? .max)
        let beforeWindow = job.startsAt.map { $0.microseconds - 1 } ?? .min
        var first = max(after, beforeWindow)
        var instants = first < last ? timetable.newest(limit + 1, after: first, through: last) : []
        if instants.count > limit {
            // The oldest of them is where the comparison begins.
            first = instants.removeFirst()
            self.isCut = true
        }
        self.expected = instants.count
        self.compare(instants, past, after: self.isCut ? first : after)
    }

    /// Walks both lists from the newest on: a row that stands for earlier ones is met before those.
    private mutating func compare(_ instants: [Int64], _ recorded: [RecordedOccurrence], after: Int64) {
        var instants = instants[...]
        var recorded = recorded.filter { $0.instant > after }[...]
        // The ID of the row that stands for what comes next. What was made into work later than that row says nothing
        // about what that row stands for; what was made into work before ends it.
        var standingID: Int64?
        func note(_ record: RecordedOccurrence) {
            if record.standsForEarlier {
                standingID = record.id
            } else if let id = standingID, record.id < id {
                standingID = nil
            }
        }
        while let instant = instants.last {
            if let record = recorded.last, record.instant >= instant {
                recorded.removeLast()
                note(record)
                if record.instant > instant {
                    self.offSchedule.append(record)
                } else {
                    instants.removeLast()
                }
            } else {
                instants.removeLast()
                if standingID == nil { self.missing.append(instant) }
            }
        }
        self.offSchedule += recorded.reversed()
        self.missing.reverse()
        self.offSchedule.reverse()
    }

    /// The instant after which occurrences are compared.
    ///
    /// - Parameters:
    ///   - since: What the audit was asked for.
    ///   - historyFrom: Since when the history is complete; what ran just before is left alone too.
    static func firstInstant(of job: JobDefinition, since: ServerTime?, historyFrom: ServerTime) -> Int64 {
        let complete = historyFrom.advanced(by: .seconds(60))
        return max(job.plannedFrom, max(since ?? .distantPast, complete)).microseconds
    }

    /// The first occurrence that is due and was not dealt with; `nil` when the job is paused or is not that late.
    static func overdue(_ job: JobDefinition, _ timetable: JobTimetable, before instant: ServerTime) -> ServerTime? {
        guard !job.isPaused, let first = Span(job).first(of: timetable, after: .min), first < instant.microseconds
        else { return nil }
        return ServerTime(microseconds: first)
    }
}
