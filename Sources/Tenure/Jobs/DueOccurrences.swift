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

/// The due occurrences of one job, divided by its calendar, its last pause and its misfire policy.
struct DueOccurrences {
    private(set) var running: [ServerTime] = []
    private(set) var skipped: [Materialisation.Skip] = []
    private(set) var next: ServerTime?
    private(set) var pauses = false

    init(of job: JobDefinition, _ timetable: JobTimetable, now: ServerTime) {
        let span = Span(job)
        let pause = Pause(job)
        // The last instant at which an occurrence is a misfire.
        let cut = now.advanced(by: .zero - job.misfireGrace).microseconds.subtractingSaturating(1)
        func skip(_ instant: Int64) -> Materialisation.Skip {
            Materialisation.Skip(
                scheduledFor: ServerTime(microseconds: instant),
                reason: timetable.exclusion(of: instant)
                    ?? (pause.covers(instant) ? SkipReason.paused : SkipReason.misfire)
            )
        }

        var timely: [Int64] = []
        var last = max(span.after, cut)
        while timely.count < OccurrencePlanner.maxRuns,
            let instant = span.first(of: timetable, after: last), instant <= now.microseconds
        {
            timely.append(instant)
            last = instant
        }
        // With a full hand, further occurrences stay due.
        let dealtWith = timely.count < OccurrencePlanner.maxRuns ? now.microseconds : last
        let punctual = timely.filter { timetable.exclusion(of: $0) == nil }

        let end = min(cut, span.through)
        let late = timetable.newestIncluded(
            Self.allowedMisfires(of: job, punctual: punctual.count),
            after: span.after,
            through: end
        )
        let rescued = Set(late)
        let missed = timetable.newest(late.count + OccurrencePlanner.maxSkips, after: span.after, through: end)
            .filter { !rescued.contains($0) }.suffix(OccurrencePlanner.maxSkips)
        self.running = (late + punctual).map(ServerTime.init(microseconds:))
        self.skipped = missed.map(skip)
        if let oldest = missed.first, Self.hasMissed(before: oldest, span, timetable, besides: rescued) {
            self.skipped[0].reason += SkipReason.earlierToo
        }
        self.skipped += timely.filter { timetable.exclusion(of: $0) != nil }.map(skip)
        // What was missed by a pause, or before it, does not pause the job once more.
        let unexcused = max(span.after, pause.end ?? .min)
        self.pauses =
            job.misfire == .pause && !timetable.newestIncluded(1, after: unexcused, through: end).isEmpty
        self.next = span.first(of: timetable, after: dealtWith).map(ServerTime.init(microseconds:))
    }

    /// Whether there is an earlier occurrence that does not run.
    private static func hasMissed(
        before instant: Int64,
        _ span: Span,
        _ timetable: JobTimetable,
        besides rescued: Set<Int64>
    ) -> Bool {
        var earlier = timetable.previous(through: instant - 1)
        while let candidate = earlier, candidate > span.after {
            guard rescued.contains(candidate) else { return true }
            earlier = timetable.previous(through: candidate - 1)
        }
        return false
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

/// The last pause of a job that has been resumed.
private struct Pause {
    /// Its end; `nil` when there was none.
    let end: Int64?
    /// Occurrences from here on were no misfires when it began.
    private let start: Int64

    init(_ job: JobDefinition) {
        self.end = job.resumedAt?.microseconds
        let begin = (job.pausedAt ?? .distantFuture).advanced(by: .zero - job.misfireGrace)
        self.start = begin.microseconds
    }

    /// Whether an occurrence that does not run was missed because of it.
    func covers(_ instant: Int64) -> Bool { self.end.map { instant >= self.start && instant <= $0 } ?? false }
}

extension JobDefinition {
    /// How late an occurrence may start without being a misfire.
    fileprivate var misfireGrace: Duration { .milliseconds(max(0, self.misfireGraceMilliseconds)) }
}

extension Int64 {
    fileprivate func subtractingSaturating(_ other: Int64) -> Int64 {
        let (difference, overflow) = self.subtractingReportingOverflow(other)
        return overflow ? (other > 0 ? .min : .max) : difference
    }
}
