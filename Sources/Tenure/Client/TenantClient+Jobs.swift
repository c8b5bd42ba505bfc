internal import TenureCore

extension TenantClient {
    /// Creates or changes a recurring job that is due by a cron expression.
    ///
    /// Putting the same definition again changes nothing: programs may do it at every start.
    ///
    /// - Parameters:
    ///   - name: Unique in the tenant.
    ///   - topic: The topic of its runs.
    ///   - cron: Five or six fields, or a macro such as `@daily`.
    ///   - payload: JSON text.
    ///   - timeZone: An IANA name.
    /// - Returns: The job's revision, which grows with each change.
    @discardableResult
    public func putJob(
        _ name: String,
        topic: String,
        cron: String,
        payload: String = "{}",
        timeZone: String = "UTC"
    ) async throws -> Int64 {
        var draft = JobDraft(name: name, topic: topic, schedule: .cron(cron))
        draft.payload = payload
        draft.timeZone = timeZone
        return try await self.putJob(draft)
    }

    /// Creates or changes a recurring job that is due every so often, at least 100 ms.
    @discardableResult
    public func putJob(
        _ name: String,
        topic: String,
        every interval: Duration,
        payload: String = "{}"
    ) async throws -> Int64 {
        var draft = JobDraft(name: name, topic: topic, schedule: .every(interval))
        draft.payload = payload
        return try await self.putJob(draft)
    }

    /// Creates or changes a recurring job.
    ///
    /// A change that leaves the schedule alone keeps the next due instant; a change of the schedule counts from now.
    ///
    /// - Returns: The job's revision, which grows with each change.
    @discardableResult
    public func putJob(_ draft: JobDraft) async throws -> Int64 {
        try Self.check(draft)
        let revision = try await self.backend.putJob(draft)
        self.hint()
        return revision
    }

    /// Stops a job from becoming due. False if it was paused already.
    @discardableResult
    public func pauseJob(_ name: String) async throws -> Bool {
        try await self.backend.pauseJob(name)
    }

    /// Lets a paused job become due again; its misfire policy decides about what was missed. False if it was not
    /// paused.
    @discardableResult
    public func resumeJob(_ name: String) async throws -> Bool {
        let wasPaused = try await self.backend.resumeJob(name)
        self.hint()
        return wasPaused
    }

    /// Runs a job once now, also a paused one.
    ///
    /// - Returns: The run's ID.
    @discardableResult
    public func triggerJob(_ name: String) async throws -> WorkID {
        let id = try await self.backend.triggerJob(name)
        self.hint()
        return id
    }

    /// Deletes a job and cancels what has not started of it. Its history stays.
    public func deleteJob(_ name: String) async throws {
        try await self.backend.deleteJob(name)
    }

    /// The jobs, by name.
    ///
    /// - Parameter tags: Only those that have all of these.
    public func jobs(tags: [String] = []) async throws -> [JobInfo] {
        try await self.backend.jobs(tags: tags)
    }

    /// One job; `nil` if there is none of this name.
    public func job(_ name: String) async throws -> JobInfo? {
        try await self.backend.job(name)
    }

    /// When a job would run after an instant, whether it is paused or not: its occurrences but for the dates of its
    /// calendar.
    ///
    /// - Throws: ``RequestRefused`` if there is no such job; ``InvalidSchedule`` if its schedule cannot be planned.
    public func previewJob(_ name: String, after instant: ServerTime, limit: Int = 5) async throws -> [ServerTime] {
        guard let job = try await self.job(name) else {
            throw RequestRefused(message: "there is no job '\(name)'", hint: nil, isNotFound: true)
        }
        var planner = OccurrencePlanner()
        return try planner.preview(job.definition, after: instant, limit: limit)
    }

    /// Refuses here what a node could not plan: the message names the faulty field.
    static func check(_ draft: JobDraft) throws(RequestRefused) {
        guard case .cron(let expression) = draft.schedule else { return }
        do {
            let daylight = DaylightPolicy(gap: draft.daylightGap.rawValue, overlap: draft.daylightOverlap.rawValue)
            _ = try JobTimetable(
                .cron(expression),
                timeZone: draft.timeZone,
                daylight: daylight,
                job: draft.name
            )
        } catch {
            throw RequestRefused(message: error.reason, hint: nil, isNotFound: false)
        }
    }
}
