internal import TenureCore

/// Between which instants the occurrences of a job lie that have not been dealt with; in microseconds since 1970.
struct Span {
    /// Occurrences are later than this.
    let after: Int64
    /// Occurrences are not later than this.
    let through: Int64

    init(_ job: JobDefinition) {
        let beforeWindow = job.startsAt.map { $0.microseconds.subtractingSaturating(1) } ?? .min
        let dealtWith = max(job.lastOccurrence ?? .distantPast, job.plannedFrom)
        self.after = max(dealtWith.microseconds, beforeWindow)
        self.through = job.endsAt?.microseconds ?? .max
    }

    func first(of timetable: JobTimetable, after instant: Int64) -> Int64? {
        guard let next = timetable.next(after: max(instant, self.after)), next <= self.through else { return nil }
        return next
    }
}

/// The due occurrences of one job, divided by its misfire policy.
struct DueOccurrences {
    private(set) var running: [ServerTime] = []
    private(set) var skipped: [Materialisation.Skip] = []
    private(set) var next: ServerTime?
    private(set) var pauses = false

    init(of job: JobDefinition, _ timetable: JobTimetable, now: ServerTime) {
        let span = Span(job)
        // The last instant at which an occurrence is a misfire.
        let grace = Duration.milliseconds(max(0, job.misfireGraceMilliseconds))
        let cut = now.advanced(by: .zero - grace).microseconds.subtractingSaturating(1)

        var punctual: [Int64] = []
        var last = max(span.after, cut)
        while punctual.count < OccurrencePlanner.maxRuns,
            let instant = span.first(of: timetable, after: last), instant <= now.microseconds
        {
            punctual.append(instant)
            last = instant
        }
        // With a full hand, further occurrences stay due.
        let dealtWith = punctual.count < OccurrencePlanner.maxRuns ? now.microseconds : last

        let allowed = Self.allowedMisfires(of: job, punctual: punctual.count)
        let misfires = timetable.newest(
            allowed + OccurrencePlanner.maxSkips,
            after: span.after,
            through: min(cut, span.through)
        )
        let late = misfires.suffix(allowed)
        self.running = (late + punctual).map(ServerTime.init(microseconds:))
        self.skipped = misfires.dropLast(late.count).map {
            Materialisation.Skip(
                scheduledFor: ServerTime(microseconds: $0),
                reason: OccurrencePlanner.misfire
            )
        }
        if let oldest = self.skipped.first,
            let earlier = timetable.previous(through: oldest.scheduledFor.microseconds - 1),
            earlier > span.after
        {
            self.skipped[0].reason = OccurrencePlanner.misfireEarlierToo
        }
        self.pauses = job.misfire == .pause && !misfires.isEmpty
        self.next = span.first(of: timetable, after: dealtWith).map(ServerTime.init(microseconds:))
    }

    /// How many misfires may run, the newest of them.
    private static func allowedMisfires(of job: JobDefinition, punctual: Int) -> Int {
        switch job.misfire {
        case .skip, .pause: 0
        case .latest: punctual == 0 ? 1 : 0
        case .all: max(0, min(job.misfireBound, OccurrencePlanner.maxRuns) - punctual)
        }
    }
}

extension Int64 {
    fileprivate func subtractingSaturating(_ other: Int64) -> Int64 {
        let (difference, overflow) = self.subtractingReportingOverflow(other)
        return overflow ? (other > 0 ? .min : .max) : difference
    }
}
