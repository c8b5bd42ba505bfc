internal import Foundation
public import TenureCore

/// Schedules messages in a tenant's Postgres: durable, and delivered by the node that owns the tenant, to its
/// ``Handlers``.
///
/// A message is a timer, a recurrence is a job whose name begins with `message-`, an occurrence is a run of it.
///
/// ```swift
/// let scheduler = TenantMessageScheduler(try await router.client(for: "acme"))
/// let token = try await scheduler.schedule("reminder", ["user": 7], after: .seconds(600))
/// ```
public struct TenantMessageScheduler: MessageScheduler {
    let client: TenantClient

    /// A scheduler over a client of a tenant whose schema is up to date.
    public init(_ client: TenantClient) {
        self.client = client
    }

    /// Schedules a message after a delay; one not above zero means now.
    public func schedule(_ message: MessageDraft, after delay: Duration) async throws -> MessageToken {
        try await self.schedule(message, .after(delay))
    }

    /// Schedules a message at an instant; one that has passed means now.
    public func schedule(_ message: MessageDraft, at instant: ServerTime) async throws -> MessageToken {
        try await self.schedule(message, .at(instant))
    }

    private func schedule(_ message: MessageDraft, _ due: WorkDue) async throws -> MessageToken {
        try message.check()
        var options = WorkOptions()
        options.uniqueKey = message.key.map { "message:\($0)" }
        options.retry = message.retry
        options.timeout = message.timeout
        let id =
            switch due {
            case .now:
                try await self.client.schedule(message.topic, after: .zero, payload: message.payload, options: options)
            case .after(let delay):
                try await self.client.schedule(
                    message.topic,
                    after: max(delay, .zero),
                    payload: message.payload,
                    options: options
                )
            case .at(let instant):
                try await self.client.schedule(message.topic, at: instant, payload: message.payload, options: options)
            }
        return TenantMessageIdentity.work(id).token
    }

    /// Schedules a message again and again; returns the token of the recurrence.
    public func scheduleRecurring(
        _ message: MessageDraft,
        _ recurrence: MessageRecurrence
    ) async throws -> MessageToken {
        try message.check()
        _ = try recurrence.timetable()
        let identity = TenantMessageIdentity.job(
            TenantMessageIdentity.jobPrefix + (message.key ?? UUID().uuidString.lowercased())
        )
        guard case .job(let name) = identity else { return identity.token }
        if message.key != nil, try await self.client.job(name) != nil { return identity.token }
        var job = JobDraft(name: name, topic: message.topic, schedule: .cron(recurrence.cron))
        job.payload = message.payload
        job.timeZone = recurrence.timeZone
        job.daylightGap = recurrence.daylightGap
        job.daylightOverlap = recurrence.daylightOverlap
        job.retry = message.retry
        job.timeout = message.timeout
        job.misfire = .all
        job.misfireBound = DueRecurrence.catchUpLimit
        try await self.client.putJob(job)
        return identity.token
    }

    /// Cancels a message or a recurrence; true only if no delivery will begin any more and none goes on.
    public func cancel(_ token: MessageToken) async throws -> Bool {
        switch TenantMessageIdentity(token) {
        case nil:
            return false
        case .work(let id):
            if try await self.client.backend.cancel(id, kinds: TenantMessageIdentity.kinds) { return true }
            return try await self.get(token)?.state == .cancelled
        case .job(let name):
            do {
                try await self.client.deleteJob(name)
            } catch let error as RequestRefused where error.isNotFound {
                return false
            }
            // What is left was claimed before the deletion.
            return try await self.client.work(kinds: [.job], job: name, limit: 1).isEmpty
        }
    }

    /// A message or a recurrence as it stands; `nil` when it is unknown, or no longer kept.
    public func get(_ token: MessageToken) async throws -> ScheduledMessage? {
        switch TenantMessageIdentity(token) {
        case nil:
            return nil
        case .job(let name):
            return try await self.client.job(name).flatMap { ScheduledMessage($0) }
        case .work(let id):
            // It may move from one place to another between two looks; it goes through all of them in this order once.
            for _ in 0..<2 {
                if let work = try await self.client.work(id) { return ScheduledMessage(work) }
                if let letter = try await self.client.deadLetter(id) { return ScheduledMessage(letter) }
                if let run = try await self.client.runs(of: id).first(where: { Self.finalStates.contains($0.state) }) {
                    return ScheduledMessage(run)
                }
            }
            return nil
        }
    }

    static let finalStates: Set<String> = ["completed", "cancelled", "discarded"]
}

/// What a token means in a tenant's schema.
enum TenantMessageIdentity: Sendable, Hashable {
    /// A timer, or an occurrence of a job.
    case work(WorkID)
    /// A recurrence.
    case job(String)

    /// The kinds of work that are messages.
    static let kinds: [WorkKind] = [.timer, .job]
    /// What the names of jobs that are recurrences begin with.
    static let jobPrefix = "message-"

    private static let jobMark = "job:"

    /// Reads a token; `nil` when it is none of a tenant's schema.
    init?(_ token: MessageToken) {
        if token.text.hasPrefix(Self.jobMark + Self.jobPrefix) {
            self = .job(String(token.text.dropFirst(Self.jobMark.count)))
        } else if let id = Int64(token.text), id > 0 {
            self = .work(WorkID(id))
        } else {
            return nil
        }
    }

    /// The token.
    var token: MessageToken {
        switch self {
        case .work(let id): MessageToken(made: id.description)
        case .job(let name): MessageToken(made: Self.jobMark + name)
        }
    }
}
