internal import Foundation
internal import Synchronization
internal import Tenure
internal import TenureCore

/// A tenant's schema in memory, as its users see it. Nothing runs.
final class InMemoryTenantBackend: TenantBackend {
    private struct State {
        var work: [WorkID: WorkInfo] = [:]
        var jobs: [String: (draft: JobDraft, info: JobInfo)] = [:]
        var calendars: [String: CalendarInfo] = [:]
        var messages: [ReceivedMessage] = []
        /// Of the messages, in the same order.
        var messagePayloads: [String] = []
        var lastID: Int64 = 0
    }

    let leases: InMemoryLeases
    let allLimits = Mutex<[String: LimitDefinition]>([:])
    private let now: ServerTime
    private let state = Mutex(State())

    init(now: ServerTime) {
        self.now = now
        self.leases = InMemoryLeases(now: now)
    }

    var allWork: [WorkInfo] { self.state.withLock { $0.work.values.sorted { $0.id < $1.id } } }

    var allJobs: [JobInfo] {
        self.state.withLock { state in state.jobs.values.map(\.info).sorted { $0.definition.name < $1.definition.name }
        }
    }

    func migrate() async throws -> [Int] { [] }

    // MARK: Work

    func add(
        _ kind: WorkKind,
        topic: String,
        payload: String,
        due: WorkDue,
        options: WorkOptions
    ) async throws -> WorkID {
        try Self.check(topic: topic, payload: payload, priority: options.priority)
        return try self.state.withLock { state in try self.insert(kind, topic, payload, due, options, &state) }
    }

    func receive(
        source: String,
        messageID: String,
        topic: String,
        payload: String,
        due: WorkDue,
        options: WorkOptions,
        ifChanged: ChangedMessage
    ) async throws -> WorkID? {
        guard !source.isEmpty, !messageID.isEmpty else { throw Self.refusal("source and message_id must not be empty") }
        try Self.check(topic: topic, payload: payload, priority: options.priority)
        return try self.state.withLock { state in
            let known = state.messages.firstIndex { $0.source == source && $0.messageID == messageID }
            if let known {
                guard ifChanged == .ignore || Self.isSame(state.messagePayloads[known], payload) else {
                    throw Self.refusal(
                        "message '\(messageID)' of source '\(source)' was received before with another payload"
                    )
                }
                return nil
            }
            let id = try self.insert(.inbox, topic, payload, due, options, &state)
            state.messagePayloads.append(payload)
            state.messages.append(ReceivedMessage(source: source, messageID: messageID, id: id, receivedAt: self.now))
            return id
        }
    }

    func cancel(_ id: WorkID, kinds: [WorkKind]) async throws -> Bool {
        self.state.withLock { state in
            guard let work = state.work[id], kinds.contains(work.kind) else { return false }
            state.work[id] = nil
            return true
        }
    }

    func cancelRun(_ id: WorkID) async throws -> CancelReply {
        try await self.cancel(id, kinds: WorkKind.allCases) ? .cancelled : .unknown
    }

    func work(kinds: [WorkKind], job: String?, id: WorkID?, states: [String], limit: Int) async throws -> [WorkInfo] {
        let matching = self.allWork.filter { work in
            (kinds.isEmpty || kinds.contains(work.kind)) && (job == nil || work.jobName == job)
                && (id == nil || work.id == id) && (states.isEmpty || states.contains(work.state))
        }
        return Array(matching.sorted { ($0.dueAt, $0.id) < ($1.dueAt, $1.id) }.prefix(limit))
    }

    /// Whether two JSON texts mean the same value.
    private static func isSame(_ one: String, _ other: String) -> Bool {
        func value(_ text: String) -> NSObject? {
            // Both were checked when they came.
            try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed) as? NSObject
        }
        return one == other || value(one) == value(other)
    }

    private func insert(
        _ kind: WorkKind,
        _ topic: String,
        _ payload: String,
        _ due: WorkDue,
        _ options: WorkOptions,
        job: String? = nil,
        _ state: inout State
    ) throws(RequestRefused) -> WorkID {
        if let key = options.uniqueKey, let present = state.work.values.first(where: { $0.uniqueKey == key }) {
            switch options.onConflict {
            case .ignore: return present.id
            case .replace: state.work[present.id] = nil
            case .error: throw Self.refusal("there is work with the unique key '\(key)' already: \(present.id)")
            }
        }
        let dueAt =
            switch due {
            case .now: self.now
            case .after(let delay): self.now.advanced(by: delay)
            case .at(let instant): instant
            }
        state.lastID += 1
        let id = WorkID(state.lastID)
        state.work[id] = WorkInfo(
            id: id,
            kind: kind,
            topic: topic,
            payload: payload,
            dueAt: dueAt,
            options: options,
            jobName: job,
            createdAt: self.now,
            state: dueAt > self.now ? "scheduled" : "available"
        )
        return id
    }

    // MARK: Jobs

    func putJob(_ job: JobDraft) async throws -> Int64 {
        try Self.check(topic: job.topic, payload: job.payload, priority: job.priority)
        let revision = self.state.withLock { state -> Int64? in
            let calendar = job.calendar.flatMap { state.calendars[$0]?.definition }
            if job.calendar != nil, calendar == nil { return nil }
            let present = state.jobs[job.name]
            if let present, present.draft == job { return present.info.definition.revision }
            var info = JobInfo(job, replacing: present?.info, now: self.now)
            info.definition.calendar = calendar
            state.jobs[job.name] = (job, info)
            return info.definition.revision
        }
        guard let revision else { throw Self.noCalendar(job.calendar ?? "") }
        return revision
    }

    func pauseJob(_ name: String) async throws -> Bool { try self.setPaused(name, true) }

    func resumeJob(_ name: String) async throws -> Bool { try self.setPaused(name, false) }

    func triggerJob(_ name: String) async throws -> WorkID {
        let id = try self.state.withLock { state throws -> WorkID? in
            guard let draft = state.jobs[name]?.draft else { return nil }
            var options = WorkOptions()
            options.priority = draft.priority
            options.retry = draft.retry
            return try self.insert(.job, draft.topic, draft.payload, .now, options, job: name, &state)
        }
        guard let id else { throw Self.noJob(name) }
        return id
    }

    func deleteJob(_ name: String) async throws {
        let wasThere = self.state.withLock { state in
            state.work = state.work.filter { $0.value.jobName != name }
            return state.jobs.removeValue(forKey: name) != nil
        }
        if !wasThere { throw Self.noJob(name) }
    }

    func jobs(tags: [String]) async throws -> [JobInfo] {
        self.allJobs.filter { job in tags.allSatisfy { job.tags.contains($0) } }
    }

    func job(_ name: String) async throws -> JobInfo? { self.state.withLock { $0.jobs[name]?.info } }

    private func setPaused(_ name: String, _ isPaused: Bool) throws -> Bool {
        let hasChanged = self.state.withLock { state -> Bool? in
            guard let wasPaused = state.jobs[name]?.info.definition.isPaused else { return nil }
            guard wasPaused != isPaused else { return false }
            state.jobs[name]?.info.definition.isPaused = isPaused
            state.jobs[name]?.info.definition.revision += 1
            return true
        }
        guard let hasChanged else { throw Self.noJob(name) }
        return hasChanged
    }

    // MARK: Calendars

    func putCalendar(_ calendar: JobCalendar) async throws -> Int64 {
        self.state.withLock { state in
            let present = state.calendars[calendar.name]
            if let present, present.definition == calendar { return present.revision }
            let info = CalendarInfo(
                definition: calendar,
                revision: (present?.revision ?? 0) + 1,
                createdAt: present?.createdAt ?? self.now,
                updatedAt: self.now,
                jobs: []
            )
            state.calendars[calendar.name] = info
            for (name, job) in state.jobs where job.draft.calendar == calendar.name {
                state.jobs[name]?.info.definition.calendar = calendar
                state.jobs[name]?.info.definition.revision += 1
            }
            return info.revision
        }
    }

    func deleteCalendar(_ name: String) async throws {
        let users = self.state.withLock { state -> [String]? in
            guard state.calendars[name] != nil else { return nil }
            let users = state.jobs.filter { $0.value.draft.calendar == name }.keys.sorted()
            if users.isEmpty { state.calendars[name] = nil }
            return users
        }
        guard let users else { throw Self.noCalendar(name) }
        guard users.isEmpty else {
            throw Self.refusal("the calendar '\(name)' is in use by: \(users.joined(separator: ", "))")
        }
    }

    func calendars(_ name: String?) async throws -> [CalendarInfo] {
        self.state.withLock { state in
            state.calendars.values.filter { name == nil || $0.definition.name == name }.map { calendar in
                var calendar = calendar
                let users = state.jobs.filter { $0.value.draft.calendar == calendar.definition.name }
                calendar.jobs = users.keys.sorted()
                return calendar
            }.sorted { $0.definition.name < $1.definition.name }
        }
    }

    private static func noCalendar(_ name: String) -> RequestRefused {
        RequestRefused(message: "there is no calendar '\(name)'", hint: nil, isNotFound: true)
    }

    // MARK: History: nothing runs, so there is none

    func running(limit: Int) async throws -> [RunningInfo] { [] }
    func progress(of run: WorkID) async throws -> String? { nil }
    func runs(_ filter: RunFilter, limit: Int) async throws -> [RunInfo] { [] }
    func deadLetters(_ filter: DeadLetterFilter, id: WorkID?, limit: Int) async throws -> [DeadLetter] { [] }
    func discardDeadLetter(_ id: WorkID) async throws -> Bool { false }
    func changes(prefix: String?, limit: Int) async throws -> [Change] { [] }

    func retryDeadLetters(_ filter: DeadLetterFilter, limit: Int, isPlan: Bool) async throws -> DeadLetterChange {
        DeadLetterChange(matching: 0, changed: 0)
    }

    func discardDeadLetters(_ filter: DeadLetterFilter, limit: Int, isPlan: Bool) async throws -> DeadLetterChange {
        DeadLetterChange(matching: 0, changed: 0)
    }

    func retryDeadLetter(_ id: WorkID) async throws -> WorkID {
        throw RequestRefused(message: "there is no dead letter \(id)", hint: nil, isNotFound: true)
    }

    func inbox(source: String?, limit: Int) async throws -> [ReceivedMessage] {
        let messages = self.state.withLock { $0.messages }
        return Array(messages.filter { source == nil || $0.source == source }.reversed().prefix(limit))
    }

    func status(history: Duration?) async throws -> TenantStatus {
        let work = self.allWork
        let due = work.filter { $0.dueAt <= self.now }
        return TenantStatus(
            serverTime: self.now,
            pending: work.count,
            due: due.count,
            earliestDue: due.map(\.dueAt).min()
        )
    }

    func lag() async throws -> Duration? {
        self.allWork.map(\.dueAt).filter { $0 <= self.now }.min().map { $0.duration(to: self.now) }
    }

    // MARK: Arguments

    static func check(topic: String, payload: String, priority: Int) throws {
        guard (1...200).contains(topic.utf8.count), topic.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw self.refusal("the topic '\(topic)' is not valid")
        }
        guard (-9...9).contains(priority) else { throw self.refusal("the priority \(priority) is out of range") }
        do {
            _ = try JSONSerialization.jsonObject(with: Data(payload.utf8), options: .fragmentsAllowed)
        } catch {
            throw self.refusal("the payload is not JSON")
        }
    }

    static func refusal(_ message: String) -> RequestRefused {
        RequestRefused(message: message, hint: nil, isNotFound: false)
    }

    private static func noJob(_ name: String) -> RequestRefused {
        RequestRefused(message: "there is no job '\(name)'", hint: nil, isNotFound: true)
    }
}

extension JobInfo {
    /// The job that a draft makes.
    fileprivate init(_ draft: JobDraft, replacing present: JobInfo?, now: ServerTime) {
        let schedule: JobSchedule =
            switch draft.schedule {
            case .cron(let expression): .cron(expression)
            case .every(let interval):
                .interval(microseconds: Int64(interval / .microseconds(1)), anchor: draft.startsAt ?? now)
            }
        self.init(
            definition: JobDefinition(
                name: draft.name,
                topic: draft.topic,
                schedule: schedule,
                timeZone: draft.timeZone,
                daylight: DaylightPolicy(gap: draft.daylightGap.rawValue, overlap: draft.daylightOverlap.rawValue),
                misfire: draft.misfire,
                misfireGraceMilliseconds: Int64(draft.misfireGrace / .milliseconds(1)),
                misfireBound: draft.misfireBound,
                isPaused: present?.definition.isPaused ?? false,
                startsAt: draft.startsAt,
                endsAt: draft.endsAt,
                plannedFrom: now,
                revision: (present?.definition.revision ?? 0) + 1
            ),
            payload: draft.payload,
            priority: draft.priority,
            retry: draft.retry,
            timeoutMilliseconds: draft.timeout.map { Int64($0 / .milliseconds(1)) },
            overlap: draft.overlap.rawValue,
            overlapBound: draft.overlapBound,
            description: draft.description,
            tags: Set(draft.tags).sorted(),
            jitterMilliseconds: Int64(draft.jitter / .milliseconds(1)),
            daylightGap: draft.daylightGap.rawValue,
            daylightOverlap: draft.daylightOverlap.rawValue,
            createdAt: present?.createdAt ?? now,
            updatedAt: now
        )
    }
}
