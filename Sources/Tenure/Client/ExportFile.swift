internal import Cron
internal import Foundation
internal import TenureCore

/// What tells a file apart before anything else of it is read.
struct ExportHeader: Decodable {
    let format: String
    let version: Int
}

/// An export as a file holds it.
struct ExportFile: Codable {
    let export: TenantExport

    init(_ export: TenantExport) {
        self.export = export
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case format, version, tenant, calendars, jobs, work
    }

    init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(besides: CodingKeys.self)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.export = TenantExport(
            tenant: try values.decodeIfPresent(String.self, forKey: .tenant),
            calendars: try values.decodeIfPresent([ExportedCalendar].self, forKey: .calendars)?.map(\.calendar) ?? [],
            jobs: try values.decode([ExportedJob].self, forKey: .jobs).map(\.job),
            work: try values.decodeIfPresent([ExportedWork].self, forKey: .work)?.map(\.work) ?? []
        )
    }

    func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(TenantExport.format, forKey: .format)
        try values.encode(TenantExport.formatVersion, forKey: .version)
        try values.encodeIfPresent(self.export.tenant, forKey: .tenant)
        if !self.export.calendars.isEmpty {
            try values.encode(self.export.calendars.map(ExportedCalendar.init), forKey: .calendars)
        }
        try values.encode(self.export.jobs.map(ExportedJob.init), forKey: .jobs)
        guard !self.export.work.isEmpty else { return }
        try values.encode(self.export.work.map(ExportedWork.init), forKey: .work)
    }
}

/// A job as a file holds it.
private struct ExportedJob: Codable {
    let job: TenantExport.Job

    init(_ job: TenantExport.Job) {
        self.job = job
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name, topic, cron, payload, priority, misfire, overlap, jitter = "jitter_ms", paused, calendar, tags
        case description
        case overlapBound = "overlap_bound"
        case every = "every_us"
        case timeZone = "time_zone"
        case maxAttempts = "max_attempts"
        case backoffBase = "backoff_base_ms"
        case backoffMax = "backoff_max_ms"
        case retry
        case retryFor = "retry_for_ms"
        case limitKey = "limit_key"
        case timeout = "timeout_ms"
        case misfireGrace = "misfire_grace_ms"
        case misfireBound = "misfire_bound"
        case startsAt = "starts_at"
        case endsAt = "ends_at"
        case gap = "dst_gap"
        case daylightOverlap = "dst_overlap"
    }

    init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(besides: CodingKeys.self)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let cron = try values.decodeIfPresent(String.self, forKey: .cron)
        let every = try values.decodeIfPresent(Int64.self, forKey: .every)
        let schedule: JobDraft.Schedule
        switch (cron, every) {
        case (let cron?, nil): schedule = .cron(cron)
        case (nil, let every?): schedule = .every(.microseconds(every))
        case (nil, nil), (.some, .some):
            let context = DecodingError.Context(
                codingPath: values.codingPath,
                debugDescription: "a job has either 'cron' or 'every_us'"
            )
            throw DecodingError.dataCorrupted(context)
        }
        var draft = JobDraft(
            name: try values.decode(String.self, forKey: .name),
            topic: try values.decode(String.self, forKey: .topic),
            schedule: schedule
        )
        draft.payload = try values.decodeIfPresent(String.self, forKey: .payload) ?? draft.payload
        draft.timeZone = try values.decodeIfPresent(String.self, forKey: .timeZone) ?? draft.timeZone
        draft.priority = try values.decodeIfPresent(Int.self, forKey: .priority) ?? draft.priority
        draft.retry = try RetryPolicy(values, .maxAttempts, .backoffBase, .backoffMax, .retry, .retryFor)
        draft.limitKey = try values.decodeIfPresent(String.self, forKey: .limitKey)
        draft.timeout = try values.decodeIfPresent(Int64.self, forKey: .timeout).map { .milliseconds($0) }
        draft.misfire = try values.word(.misfire) ?? draft.misfire
        draft.misfireGrace =
            try values.decodeIfPresent(Int64.self, forKey: .misfireGrace).map { .milliseconds($0) }
            ?? draft.misfireGrace
        draft.misfireBound = try values.decodeIfPresent(Int.self, forKey: .misfireBound) ?? draft.misfireBound
        draft.overlap = try values.word(.overlap) ?? draft.overlap
        draft.overlapBound = try values.decodeIfPresent(Int.self, forKey: .overlapBound) ?? draft.overlapBound
        draft.calendar = try values.decodeIfPresent(String.self, forKey: .calendar)
        draft.description = try values.decodeIfPresent(String.self, forKey: .description)
        draft.tags = try values.decodeIfPresent([String].self, forKey: .tags) ?? draft.tags
        draft.startsAt = try values.time(.startsAt)
        draft.endsAt = try values.time(.endsAt)
        draft.jitter =
            try values.decodeIfPresent(Int64.self, forKey: .jitter).map { .milliseconds($0) } ?? draft.jitter
        draft.daylightGap = try values.word(.gap) ?? draft.daylightGap
        draft.daylightOverlap = try values.word(.daylightOverlap) ?? draft.daylightOverlap
        self.job = TenantExport.Job(
            draft,
            isPaused: try values.decodeIfPresent(Bool.self, forKey: .paused) ?? false
        )
    }

    func encode(to encoder: any Encoder) throws {
        let draft = self.job.draft
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(draft.name, forKey: .name)
        try values.encode(draft.topic, forKey: .topic)
        switch draft.schedule {
        case .cron(let expression): try values.encode(expression, forKey: .cron)
        case .every(let interval): try values.encode(interval.microseconds, forKey: .every)
        }
        try values.encode(draft.payload, forKey: .payload)
        try values.encode(draft.timeZone, forKey: .timeZone)
        try values.encode(draft.priority, forKey: .priority)
        try values.encode(draft.retry.maxAttempts, forKey: .maxAttempts)
        try values.encode(draft.retry.baseDelayMilliseconds, forKey: .backoffBase)
        try values.encode(draft.retry.maxDelayMilliseconds, forKey: .backoffMax)
        try values.encodeIfPresent(draft.retry.delays, forKey: .retry)
        try values.encodeIfPresent(draft.retry.retryFor?.milliseconds, forKey: .retryFor)
        try values.encodeIfPresent(draft.limitKey, forKey: .limitKey)
        try values.encodeIfPresent(draft.timeout?.milliseconds, forKey: .timeout)
        try values.encode(draft.misfire.rawValue, forKey: .misfire)
        try values.encode(draft.misfireGrace.milliseconds, forKey: .misfireGrace)
        try values.encode(draft.misfireBound, forKey: .misfireBound)
        try values.encode(draft.overlap.rawValue, forKey: .overlap)
        try values.encode(draft.overlapBound, forKey: .overlapBound)
        try values.encodeIfPresent(draft.calendar, forKey: .calendar)
        try values.encodeIfPresent(draft.description, forKey: .description)
        if !draft.tags.isEmpty { try values.encode(draft.tags, forKey: .tags) }
        try values.encodeIfPresent(draft.startsAt.map(ExportedTime.text), forKey: .startsAt)
        try values.encodeIfPresent(draft.endsAt.map(ExportedTime.text), forKey: .endsAt)
        try values.encode(draft.jitter.milliseconds, forKey: .jitter)
        try values.encode(draft.daylightGap.rawValue, forKey: .gap)
        try values.encode(draft.daylightOverlap.rawValue, forKey: .daylightOverlap)
        try values.encode(self.job.isPaused, forKey: .paused)
    }
}

/// A calendar as a file holds it.
private struct ExportedCalendar: Codable {
    let calendar: JobCalendar

    init(_ calendar: JobCalendar) {
        self.calendar = calendar
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name, excluded
        case timeZone = "time_zone"
    }

    init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(besides: CodingKeys.self)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.calendar = JobCalendar(
            name: try values.decode(String.self, forKey: .name),
            excluded: try values.decode([String].self, forKey: .excluded),
            timeZone: try values.decodeIfPresent(String.self, forKey: .timeZone)
        )
    }

    func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(self.calendar.name, forKey: .name)
        try values.encode(self.calendar.excluded, forKey: .excluded)
        try values.encodeIfPresent(self.calendar.timeZone, forKey: .timeZone)
    }
}

/// Work as a file holds it.
private struct ExportedWork: Codable {
    let work: TenantExport.Work

    init(_ work: TenantExport.Work) {
        self.work = work
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case kind, topic, payload, priority
        case dueAt = "due_at"
        case uniqueKey = "unique_key"
        case orderingKey = "ordering_key"
        case maxAttempts = "max_attempts"
        case backoffBase = "backoff_base_ms"
        case backoffMax = "backoff_max_ms"
        case retry
        case retryFor = "retry_for_ms"
        case limitKey = "limit_key"
        case timeout = "timeout_ms"
        case correlationID = "correlation_id"
        case traceContext = "trace_context"
    }

    init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(besides: CodingKeys.self)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let name = try values.decode(String.self, forKey: .kind)
        guard let kind = WorkKind(rawValue: name), kind == .timer || kind == .outbox else {
            throw DecodingError.dataCorruptedError(
                forKey: .kind,
                in: values,
                debugDescription: "'\(name)' is neither timer nor outbox"
            )
        }
        guard let dueAt = try values.time(.dueAt) else {
            throw DecodingError.keyNotFound(
                CodingKeys.dueAt,
                DecodingError.Context(codingPath: values.codingPath, debugDescription: "")
            )
        }
        var options = WorkOptions()
        options.uniqueKey = try values.decodeIfPresent(String.self, forKey: .uniqueKey)
        options.orderingKey = try values.decodeIfPresent(String.self, forKey: .orderingKey)
        options.priority = try values.decodeIfPresent(Int.self, forKey: .priority) ?? options.priority
        options.retry = try RetryPolicy(values, .maxAttempts, .backoffBase, .backoffMax, .retry, .retryFor)
        options.limitKey = try values.decodeIfPresent(String.self, forKey: .limitKey)
        options.timeout = try values.decodeIfPresent(Int64.self, forKey: .timeout).map { .milliseconds($0) }
        options.correlationID = try values.decodeIfPresent(String.self, forKey: .correlationID)
        options.traceContext = try values.decodeIfPresent(String.self, forKey: .traceContext)
        self.work = TenantExport.Work(
            kind: kind,
            topic: try values.decode(String.self, forKey: .topic),
            payload: try values.decodeIfPresent(String.self, forKey: .payload) ?? "{}",
            dueAt: dueAt,
            options: options
        )
    }

    func encode(to encoder: any Encoder) throws {
        let options = self.work.options
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(self.work.kind.rawValue, forKey: .kind)
        try values.encode(self.work.topic, forKey: .topic)
        try values.encode(self.work.payload, forKey: .payload)
        try values.encode(ExportedTime.text(self.work.dueAt), forKey: .dueAt)
        try values.encodeIfPresent(options.uniqueKey, forKey: .uniqueKey)
        try values.encodeIfPresent(options.orderingKey, forKey: .orderingKey)
        try values.encode(options.priority, forKey: .priority)
        try values.encode(options.retry.maxAttempts, forKey: .maxAttempts)
        try values.encode(options.retry.baseDelayMilliseconds, forKey: .backoffBase)
        try values.encode(options.retry.maxDelayMilliseconds, forKey: .backoffMax)
        try values.encodeIfPresent(options.retry.delays, forKey: .retry)
        try values.encodeIfPresent(options.retry.retryFor?.milliseconds, forKey: .retryFor)
        try values.encodeIfPresent(options.limitKey, forKey: .limitKey)
        try values.encodeIfPresent(options.timeout?.milliseconds, forKey: .timeout)
        try values.encodeIfPresent(options.correlationID, forKey: .correlationID)
        try values.encodeIfPresent(options.traceContext, forKey: .traceContext)
    }
}
