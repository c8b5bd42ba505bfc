package import TenureCore

/// Decides which occurrences of recurring jobs are due, and which of them run. Pure; keeps nothing but parsed
/// schedules.
///
/// Due are the occurrences later than the last one that was dealt with and than the instant that the schedule was put
/// at, up to the tenant's Postgres's `now()`, within the job's window. A late one is a misfire when it is more than the
/// grace late. Which run:
///
/// | policy   | within the grace | misfires                                   |
/// |----------|------------------|--------------------------------------------|
/// | `latest` | all              | the latest one, if none is within the grace |
/// | `skip`   | all              | none                                       |
/// | `all`    | all              | the newest, so that at most `misfireBound` run in all |
/// | `pause`  | all              | none, and the job is paused                |
///
/// An occurrence on a date that the job's calendar leaves out never runs, and is no misfire. What a pause kept from
/// running is caught up after the resumption as the policy says, but does not pause the job once more.
///
/// Every occurrence that does not run becomes a skip. Its reason is `calendar:` with the calendar's name; or `paused`
/// if it was no misfire yet when the last pause began, and came up to the end of it; or else `misfire`. Of those beyond
/// the grace one plan has the newest 1,000; if there are more, `:earlier-too` is added to the reason of the oldest, and
/// it stands for itself and for everything before it that did not run.
///
/// A plan is a compare-and-set on the job as read: planned twice, it is applied once.
package struct OccurrencePlanner: Sendable {
    private struct Parsed: Sendable {
        let schedule: JobSchedule
        let timeZone: String
        let daylight: DaylightPolicy
        let calendar: JobCalendar?
        let timetable: Result<JobTimetable, InvalidSchedule>
    }

    /// Parsed schedules by the job's name.
    private var parsed: [String: Parsed] = [:]

    /// The most skips in one plan.
    package static let maxSkips = 1_000
    /// The most occurrences within the grace, and the most misfires, that run by one plan. Further ones within the
    /// grace stay due for the next plan, which can be made at once; a `misfireBound` beyond it counts as this.
    package static let maxRuns = 10_000

    /// Makes a planner that has parsed nothing yet.
    package init() {}

    // MARK: - One job

    /// The first occurrence that has not been dealt with; it may have passed already. `nil` when there is none, or the
    /// job is paused.
    ///
    /// - Throws: ``InvalidSchedule`` when the stored schedule cannot be planned.
    package mutating func firstDue(_ job: JobDefinition) throws(InvalidSchedule) -> ServerTime? {
        let timetable = try self.timetable(of: job)
        return job.isPaused ? nil : Span(job).first(of: timetable, after: .min).map(ServerTime.init(microseconds:))
    }

    /// What to do about a job now; `nil` when nothing is due and the stored next due instant is right, or the job is
    /// paused.
    ///
    /// - Parameter now: The tenant's Postgres, or a little earlier.
    /// - Throws: ``InvalidSchedule`` when the stored schedule cannot be planned.
    package mutating func plan(_ job: JobDefinition, now: ServerTime) throws(InvalidSchedule) -> Materialisation? {
        let timetable = try self.timetable(of: job)
        guard !job.isPaused else { return nil }
        let due = DueOccurrences(of: job, timetable, now: now)
        guard !due.running.isEmpty || !due.skipped.isEmpty || due.next != job.nextDue else { return nil }
        return Materialisation(
            job: job.name,
            revision: job.revision,
            lastOccurrence: job.lastOccurrence,
            occurrences: due.running,
            skipped: due.skipped,
            nextDue: due.next,
            pauses: due.pauses
        )
    }

    /// The next occurrences after an instant that are to run, whatever the job's history and whether it is paused; for
    /// a preview.
    ///
    /// - Throws: ``InvalidSchedule`` when the stored schedule cannot be planned.
    package mutating func preview(
        _ job: JobDefinition,
        after instant: ServerTime,
        limit: Int
    ) throws(InvalidSchedule) -> [ServerTime] {
        let timetable = try self.timetable(of: job)
        let span = Span(job)
        var found: [ServerTime] = []
        var last = instant.microseconds
        while found.count < limit, let next = timetable.nextIncluded(after: max(last, span.after)),
            next <= span.through
        {
            found.append(ServerTime(microseconds: next))
            last = next
        }
        return found
    }

    // MARK: - All jobs of a tenant

    /// What to do about the jobs of one tenant now.
    package struct TenantPlan: Sendable, Equatable {
        /// In the order of the jobs.
        package var materialisations: [Materialisation] = []
        /// Jobs that cannot be planned, in the order of the jobs; they keep no other from running.
        package var invalid: [InvalidSchedule] = []
        /// When to plan again at the latest, once this plan has been applied.
        package var nextDue: ServerTime?
    }

    /// Plans all jobs of one tenant, and forgets the schedules of others.
    package mutating func plan(_ jobs: [JobDefinition], now: ServerTime) -> TenantPlan {
        if self.parsed.count > jobs.count {
            let names = Set(jobs.map(\.name))
            self.parsed = self.parsed.filter { names.contains($0.key) }
        }
        var plan = TenantPlan()
        for job in jobs {
            do {
                let materialisation = try self.plan(job, now: now)
                if let materialisation { plan.materialisations.append(materialisation) }
                guard !job.isPaused, materialisation?.pauses != true else { continue }
                let next = materialisation.map(\.nextDue) ?? job.nextDue
                if let next { plan.nextDue = min(plan.nextDue ?? next, next) }
            } catch {
                plan.invalid.append(error)
            }
        }
        return plan
    }

    private mutating func timetable(of job: JobDefinition) throws(InvalidSchedule) -> JobTimetable {
        if let known = self.parsed[job.name], known.schedule == job.schedule, known.timeZone == job.timeZone,
            known.daylight == job.daylight, known.calendar == job.calendar
        {
            return try known.timetable.get()
        }
        let result = Result { () throws(InvalidSchedule) in
            try JobTimetable(
                job.schedule,
                timeZone: job.timeZone,
                daylight: job.daylight,
                calendar: job.calendar,
                job: job.name
            )
        }
        self.parsed[job.name] = Parsed(
            schedule: job.schedule,
            timeZone: job.timeZone,
            daylight: job.daylight,
            calendar: job.calendar,
            timetable: result
        )
        return try result.get()
    }
}
