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
/// Every occurrence that does not run becomes a skip with the reason `misfire`, up to 1,000 in one plan; the oldest of
/// those then has the reason `misfire:earlier-too` and stands for itself and for everything before it.
///
/// A plan is a compare-and-set on the job as read: planned twice, it is applied once.
///
/// - Important: The policy `pause` relies on the store: resuming such a job sets `plannedFrom`, or what was missed
///   while it was paused would pause it again.
package struct OccurrencePlanner: Sendable {
    private struct Parsed: Sendable {
        let schedule: JobSchedule
        let timeZone: String
        let daylight: DaylightPolicy
        let timetable: Result<JobTimetable, InvalidSchedule>
    }

    /// Parsed schedules by the job's name.
    private var parsed: [String: Parsed] = [:]

    /// The most skips in one plan.
    package static let maxSkips = 1_000
    /// The most occurrences within the grace, and the most misfires, that run by one plan. Further ones within the
    /// grace stay due for the next plan, which can be made at once; a `misfireBound` beyond it counts as this.
    package static let maxRuns = 10_000
    /// The reason of a skip.
    package static let misfire = "misfire"
    /// The reason of a skip that stands for all earlier ones too.
    package static let misfireEarlierToo = "misfire:earlier-too"

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

    /// The next occurrences after an instant, whatever the job's history and whether it is paused; for a preview.
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
        while found.count < limit, let next = span.first(of: timetable, after: last) {
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
            known.daylight == job.daylight
        {
            return try known.timetable.get()
        }
        let result = Result { () throws(InvalidSchedule) in
            try JobTimetable(job.schedule, timeZone: job.timeZone, daylight: job.daylight, job: job.name)
        }
        self.parsed[job.name] = Parsed(
            schedule: job.schedule,
            timeZone: job.timeZone,
            daylight: job.daylight,
            timetable: result
        )
        return try result.get()
    }
}
