internal import TenureCore

extension InMemoryTenantState {
    // MARK: The owner's side

    /// The jobs as their owner plans them.
    func jobsSnapshot(at now: ServerTime) -> JobsSnapshot {
        JobsSnapshot(
            jobs: self.liveJobs.map(\.definition),
            limits: self.limitsSnapshot(at: now),
            version: self.definitionsVersion,
            serverTime: now
        )
    }

    /// Materialises occurrences of one job: a compare-and-set on revision and last occurrence. While the job is paused
    /// only skipped instants are taken.
    ///
    /// - Throws: ``StoreError`` with `.rejected` when an occurrence is not later than the last one, or comes twice.
    mutating func materialise(
        _ request: Materialisation,
        epoch: Epoch,
        at now: ServerTime
    ) throws(StoreError) -> PassResult.Materialised {
        guard var job = self.liveJob(request.job), job.definition.revision == request.revision,
            job.definition.lastOccurrence == request.lastOccurrence,
            !job.definition.isPaused || request.occurrences.isEmpty
        else { return .conflict }
        let instants = request.occurrences + request.skipped.map(\.scheduledFor)
        guard instants.allSatisfy({ $0 > request.lastOccurrence ?? .distantPast }) else {
            throw Self.rejection("an occurrence of job \(request.job) is not later than its last one")
        }

        let newest = request.occurrences.max()
        var live = newest == nil ? [] : self.live(request.job)
        // A user who is cancelling something is not waited for.
        if job.request.overlap == .cancelRunning, !live.isEmpty, !self.openCancellations.isEmpty { return .conflict }
        for skip in request.skipped { self.skip(skip.scheduledFor, of: job, epoch, reason: skip.reason, at: now) }
        var items: [WorkItem] = []
        for occurrence in request.occurrences {
            if job.request.leavesOut(besides: live.count)
                || job.request.overlap == .cancelRunning && occurrence != newest
            {
                self.skip(occurrence, of: job, epoch, reason: SkipReason.overlap, at: now)
                continue
            }
            guard !live.contains(where: { $0.scheduledFor == occurrence }) else {
                throw Self.rejection("an occurrence of job \(request.job) comes twice")
            }
            if job.request.overlap == .cancelRunning, self.cancelLive(request.job) {
                // What waits goes at once; what runs is told by the pass.
                _ = self.sweepCancellations(at: now)
            }
            let item = self.item(of: job, scheduledFor: occurrence, dueAt: occurrence)
            let work = TenantContents.Work(item, uniqueKey: nil, now: now)
            self.write(work)
            items.append(work.item)
            live.append(work.item)
        }

        job.definition.lastOccurrence = instants.max() ?? job.definition.lastOccurrence
        job.definition.nextDue = request.nextDue
        if request.pauses {
            job.definition.isPaused = true
            job.definition.pausedAt = now
            job.definition.revision += 1
            self.definitionsVersion += 1
        }
        self.jobs[request.job] = job
        return .applied(items)
    }

    /// The work of a job that is still to do, or running.
    private func live(_ name: String) -> [WorkItem] {
        self.work.values.map(\.item).filter { $0.jobName == name }
    }

    /// Marks all work of a job as cancelled. True if there is any.
    @discardableResult
    private mutating func cancelLive(_ name: String) -> Bool {
        let live = self.live(name)
        for item in live where self.cancellations[item.id] == nil { self.cancellations[item.id] = SkipReason.overlap }
        return !live.isEmpty
    }

    private mutating func skip(
        _ occurrence: ServerTime,
        of job: TenantContents.Job,
        _ epoch: Epoch,
        reason: String,
        at now: ServerTime
    ) {
        self.runs.append(
            TenantContents.Run(
                id: self.nextID(),
                attempt: 0,
                state: "skipped",
                reason: reason,
                epoch: epoch,
                kind: .job,
                topic: job.request.topic,
                jobName: job.request.name,
                scheduledFor: occurrence,
                finishedAt: now
            )
        )
    }

    private mutating func item(
        of job: TenantContents.Job,
        scheduledFor: ServerTime?,
        dueAt: ServerTime
    ) -> WorkItem {
        let id = self.nextID()
        let jitter = scheduledFor.map { occurrence in
            OccurrenceJitter.delay(
                job: job.request.name,
                occurrence: occurrence,
                longestMilliseconds: job.request.jitterMilliseconds
            )
        }
        return WorkItem(
            id: id,
            kind: .job,
            topic: job.request.topic,
            payload: job.request.payload,
            dueAt: dueAt.advanced(by: jitter ?? .zero),
            priority: job.request.priority,
            retry: job.request.retry,
            timeoutMilliseconds: job.request.timeoutMilliseconds,
            orderingKey: job.request.overlap == .allow ? nil : "job:\(job.request.name)",
            jobName: job.request.name,
            scheduledFor: scheduledFor,
            limitKey: job.request.limitKey
        )
    }

    private static func rejection(_ detail: String) -> StoreError {
        StoreError(.rejected, operation: "pass", detail: detail)
    }

    // MARK: The users' side

    /// Creates or changes a job. Putting the same definition again changes nothing; a change of the schedule counts
    /// from now; a pause stays.
    mutating func put(_ request: NewJob, at now: ServerTime) -> Int64 {
        let wasDeleted = self.deletedJobs.contains(request.name)
        var request = request
        request.tags = Set(request.tags).sorted()
        let calendar = request.calendar.flatMap { self.calendars[$0]?.definition }
        guard let present = self.jobs[request.name] else {
            var definition = JobDefinition(request, anchor: request.startsAt ?? now, plannedFrom: now, revision: 1)
            definition.calendar = calendar
            self.jobs[request.name] = TenantContents.Job(definition: definition, request: request)
            self.noteChange()
            return 1
        }
        if !wasDeleted, present.request == request { return present.definition.revision }
        let reschedules = wasDeleted || !present.request.hasSameSchedule(as: request)
        var definition = JobDefinition(
            request,
            anchor: request.startsAt ?? now,
            plannedFrom: reschedules ? now : present.definition.plannedFrom,
            revision: present.definition.revision + 1
        )
        if !reschedules {
            definition.schedule = present.definition.schedule
            definition.nextDue = present.definition.nextDue
        }
        definition.calendar = calendar
        definition.lastOccurrence = present.definition.lastOccurrence
        definition.pausedAt = present.definition.pausedAt
        definition.resumedAt = present.definition.resumedAt
        definition.isPaused = present.definition.isPaused && !wasDeleted
        self.jobs[request.name] = TenantContents.Job(definition: definition, request: request)
        self.deletedJobs.remove(request.name)
        self.noteChange()
        return definition.revision
    }

    /// Stops a job from becoming due. False if it was paused already, `nil` if there is none.
    mutating func pause(_ name: String, at now: ServerTime) -> Bool? {
        guard var job = self.liveJob(name) else { return nil }
        guard !job.definition.isPaused else { return false }
        // Nobody has planned since the last pause: what was missed in that one is still to be told.
        if job.definition.resumedAt == nil || job.definition.nextDue != nil { job.definition.pausedAt = now }
        job.definition.isPaused = true
        job.definition.revision += 1
        self.jobs[name] = job
        self.noteChange()
        return true
    }

    /// Lets a paused job become due again. False if it was not paused, `nil` if there is none.
    mutating func resume(_ name: String, at now: ServerTime) -> Bool? {
        guard var job = self.liveJob(name) else { return nil }
        guard job.definition.isPaused else { return false }
        job.definition.isPaused = false
        job.definition.revision += 1
        // The owner plans anew: the misfire policy decides about what was missed.
        job.definition.nextDue = nil
        job.definition.resumedAt = now
        self.jobs[name] = job
        self.noteChange()
        return true
    }

    /// Runs a job once now, whether it is paused or not. `nil` if there is none.
    mutating func trigger(_ name: String, at now: ServerTime) -> WorkID? {
        guard let job = self.liveJob(name) else { return nil }
        if job.request.overlap == .cancelRunning, self.cancelLive(name) { self.wakeups.isUrgent = true }
        let item = self.item(of: job, scheduledFor: nil, dueAt: now)
        self.write(TenantContents.Work(item, uniqueKey: nil, now: now))
        self.wake(now)
        return item.id
    }

    /// Deletes a job and cancels what has not started of it. False if there is none.
    mutating func deleteJob(_ name: String, at now: ServerTime) -> Bool {
        guard var job = self.liveJob(name) else { return false }
        job.definition.nextDue = nil
        job.definition.calendar = nil
        job.request.calendar = nil
        job.definition.revision += 1
        self.jobs[name] = job
        self.deletedJobs.insert(name)
        for id in self.work.values.filter({ $0.item.jobName == name }).map(\.item.id).sorted() {
            _ = self.cancel(id, [.job], reason: "job_deleted", at: now)
        }
        self.noteChange()
        return true
    }

    // MARK: Calendars

    /// Creates or changes a calendar. Putting the same again changes nothing.
    mutating func put(_ calendar: JobCalendar) -> Int64 {
        let calendar = JobCalendar(name: calendar.name, excluded: calendar.excluded, timeZone: calendar.timeZone)
        let present = self.calendars[calendar.name]
        if let present, present.definition == calendar { return present.revision }
        let revision = (present?.revision ?? 0) + 1
        self.calendars[calendar.name] = TenantContents.Calendar(definition: calendar, revision: revision)
        // A plan that was made with the old dates must not be applied.
        for (name, job) in self.jobs where job.request.calendar == calendar.name {
            self.jobs[name]?.definition.calendar = calendar
            self.jobs[name]?.definition.revision += 1
        }
        self.noteChange()
        return revision
    }

    /// Deletes a calendar. False if a job uses it, `nil` if there is none.
    mutating func deleteCalendar(_ name: String) -> Bool? {
        guard self.calendars[name] != nil else { return nil }
        guard !self.jobs.values.contains(where: { $0.request.calendar == name }) else { return false }
        self.calendars[name] = nil
        self.noteChange()
        return true
    }

    private func liveJob(_ name: String) -> TenantContents.Job? {
        self.deletedJobs.contains(name) ? nil : self.jobs[name]
    }
}

extension NewJob {
    /// Whether an occurrence is left out because of so much other work of the job.
    fileprivate func leavesOut(besides live: Int) -> Bool {
        switch self.overlap {
        case .allow, .cancelRunning: false
        case .skip: live > 0
        case .queue: live > self.overlapBound
        case .queueOne: live > 1
        }
    }
}

extension JobDefinition {
    /// What an owner reads of a job that was put.
    fileprivate init(_ request: NewJob, anchor: ServerTime, plannedFrom: ServerTime, revision: Int64) {
        let schedule: JobSchedule =
            switch request.schedule {
            case .cron(let expression): .cron(expression)
            case .every(let interval): .interval(microseconds: interval.microseconds, anchor: anchor)
            }
        self.init(
            name: request.name,
            topic: request.topic,
            schedule: schedule,
            timeZone: request.timeZone,
            daylight: request.daylight,
            misfire: request.misfire,
            misfireGraceMilliseconds: request.misfireGraceMilliseconds,
            misfireBound: request.misfireBound,
            startsAt: request.startsAt,
            endsAt: request.endsAt,
            plannedFrom: plannedFrom,
            revision: revision
        )
    }
}
