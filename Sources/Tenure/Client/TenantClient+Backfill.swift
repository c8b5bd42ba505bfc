internal import TenureCore

/// What a backfill did, or would do.
public struct Backfill: Sendable, Hashable {
    /// One occurrence.
    public struct Occurrence: Sendable, Hashable {
        /// What is decided about an occurrence.
        public enum State: String, Sendable, Hashable {
            /// It is enqueued, or would be.
            case added
            /// There is work for it, a row in the history (it ran, or says why it did not), or a dead letter.
            case present
            /// The schedule itself has yet to come to it.
            case upcoming
            /// The job's calendar leaves its date out.
            case excluded
        }

        /// The instant that it was scheduled for.
        public var instant: ServerTime
        /// What is decided about it.
        public var state: State
        /// The run, if it was enqueued by this call.
        public var run: WorkID?

        /// Describes an occurrence.
        package init(instant: ServerTime, state: State, run: WorkID?) {
            self.instant = instant
            self.state = state
            self.run = run
        }
    }

    /// Every occurrence of the range, in ascending order.
    public var occurrences: [Occurrence]

    /// How many occurrences are in a state.
    public func count(_ state: Occurrence.State) -> Int {
        self.occurrences.count { $0.state == state }
    }
}

/// How many jobs a pause or a resumption was about.
public struct JobSwitch: Sendable, Hashable {
    /// How many there are.
    public var matching: Int
    /// How many changed; the others were as they should be already.
    public var changed: Int

    /// Describes a pause or a resumption.
    package init(matching: Int, changed: Int) {
        self.matching = matching
        self.changed = changed
    }
}

extension TenantClient {
    /// The occurrences that a backfill may have unless it is told otherwise.
    public static let defaultBackfillLimit = 1_000
    /// The most occurrences that a backfill may ever have.
    public static let greatestBackfillLimit = 100_000

    /// Enqueues the occurrences of a job in a range of the past that have neither run nor left a row in the history.
    ///
    /// Each is enqueued once, however often this is called; the runs' `scheduledFor` tells them apart. Occurrences are
    /// those of the present schedule, zone and daylight saving policy, within the job's window and but for the dates of
    /// its calendar. What the schedule has yet to come to is left to it. Unless the job allows overlaps they run one at
    /// a time.
    ///
    /// - Parameters:
    ///   - range: The first and the last instant, both counted.
    ///   - limit: A range with more occurrences is refused. Default 1,000, at most 100,000.
    /// - Throws: ``RequestRefused`` if there is no such job or the range has more occurrences; ``InvalidSchedule`` if
    ///   the schedule cannot be planned.
    @discardableResult
    public func backfillJob(
        _ name: String,
        in range: ClosedRange<ServerTime>,
        limit: Int = defaultBackfillLimit
    ) async throws -> Backfill {
        let backfill = try await self.backfill(name, range, limit, isPlan: false)
        self.hint()
        return backfill
    }

    /// Tells what ``backfillJob(_:in:limit:)`` would do. Changes nothing.
    public func planBackfill(
        ofJob name: String,
        in range: ClosedRange<ServerTime>,
        limit: Int = defaultBackfillLimit
    ) async throws -> Backfill {
        try await self.backfill(name, range, limit, isPlan: true)
    }

    /// Stops every job of a topic, or every job, from becoming due. One transaction.
    ///
    /// - Parameter topic: Default: all jobs.
    @discardableResult
    public func pauseJobs(topic: String? = nil) async throws -> JobSwitch {
        try await self.backend.pauseJobs(topic: topic)
    }

    /// Lets every job of a topic, or every job, become due again. One transaction.
    ///
    /// - Parameter topic: Default: all jobs.
    @discardableResult
    public func resumeJobs(topic: String? = nil) async throws -> JobSwitch {
        let resumed = try await self.backend.resumeJobs(topic: topic)
        self.hint()
        return resumed
    }

    private func backfill(
        _ name: String,
        _ range: ClosedRange<ServerTime>,
        _ limit: Int,
        isPlan: Bool
    ) async throws -> Backfill {
        guard (1...Self.greatestBackfillLimit).contains(limit) else {
            let hint = "Use 1 to \(Self.greatestBackfillLimit)."
            throw RequestRefused(message: "the limit \(limit) is out of range", hint: hint, isNotFound: false)
        }
        guard let job = try await self.job(name) else {
            throw RequestRefused(message: "there is no job '\(name)'", hint: nil, isNotFound: true)
        }
        let (instants, excluded) = try Self.occurrences(of: job.definition, in: range, limit: limit)
        let occurrences = try await self.backend.backfillJob(name, instants, isPlan: isPlan)
        let others = excluded.map { Backfill.Occurrence(instant: $0, state: .excluded, run: nil) }
        return Backfill(occurrences: (occurrences + others).sorted { $0.instant < $1.instant })
    }

    /// The instants that a job's schedule selects in a range, within its window, and apart from them those that its
    /// calendar leaves out.
    static func occurrences(
        of job: JobDefinition,
        in range: ClosedRange<ServerTime>,
        limit: Int
    ) throws -> (included: [ServerTime], excluded: [ServerTime]) {
        let timetable = try JobTimetable(
            job.schedule,
            timeZone: job.timeZone,
            daylight: job.daylight,
            calendar: job.calendar,
            job: job.name
        )
        let first = max(range.lowerBound, job.startsAt ?? .distantPast).microseconds
        let last = min(range.upperBound, job.endsAt ?? range.upperBound).microseconds
        var instants: [ServerTime] = []
        // Later than the microsecond before the first.
        var instant = first == .min ? first : first - 1
        while let next = timetable.next(after: instant), next <= last {
            guard instants.count < limit else {
                throw RequestRefused(
                    message: "job '\(job.name)' has more than \(limit) occurrences in that range",
                    hint: limit < Self.greatestBackfillLimit
                        ? "Take a shorter range, or raise the limit (at most \(Self.greatestBackfillLimit))."
                        : "Take a shorter range.",
                    isNotFound: false
                )
            }
            // Before the first of a window there may be instants that the schedule's own precision lets through.
            if next >= first { instants.append(ServerTime(microseconds: next)) }
            instant = next
        }
        return (
            instants.filter { timetable.exclusion(of: $0.microseconds) == nil },
            instants.filter { timetable.exclusion(of: $0.microseconds) != nil }
        )
    }
}
