public import TenureCore

/// Schedules messages, once or by cron, and cancels them with a true answer.
///
/// Three implementations: ``InMemoryMessageScheduler``, ``RedisMessageScheduler``, and ``TenantMessageScheduler`` over
/// a tenant's Postgres. Due messages are handed to a handler by topic, at least once: again with growing delays when it
/// throws, up to the message's limit, after which the message is kept as failed.
///
/// Every method throws ``RequestRefused`` for wrong arguments, and ``CoordinationError`` or ``StoreError`` when its
/// server cannot be used. After an unknown outcome a message may have been scheduled: repeat a call that has a
/// ``MessageDraft/key``.
///
/// - SeeAlso: <doc:MessageScheduler>
public protocol MessageScheduler: Sendable {
    /// Schedules a message after a delay, by the clock of the scheduler's server. One not above zero means now.
    @discardableResult
    func schedule(_ message: MessageDraft, after delay: Duration) async throws -> MessageToken

    /// Schedules a message at an instant; one that has passed means now.
    @discardableResult
    func schedule(_ message: MessageDraft, at instant: ServerTime) async throws -> MessageToken

    /// Schedules a message again and again.
    ///
    /// Each occurrence is scheduled once, whatever the number of processes, and delivered at least once. Occurrences
    /// that nothing could deliver in time are delivered late, the newest 100 of them.
    ///
    /// - Returns: The token of the recurrence; each occurrence has one of its own.
    @discardableResult
    func scheduleRecurring(_ message: MessageDraft, _ recurrence: MessageRecurrence) async throws -> MessageToken

    /// Cancels a message, or a recurrence with its occurrences.
    ///
    /// - Returns: True only if no delivery of it will begin any more, and none goes on. False if it was delivered, is
    ///   being delivered, has failed, or is unknown. A recurrence ends also when the answer is false because an
    ///   occurrence is being delivered: that one is the last.
    func cancel(_ token: MessageToken) async throws -> Bool

    /// A message or a recurrence as it stands; `nil` when it is unknown, or no longer kept.
    func get(_ token: MessageToken) async throws -> ScheduledMessage?

    /// Messages and recurrences, page by page.
    ///
    /// What does not change while the pages are read is on one of them, once.
    func list(_ filter: MessageFilter) async throws -> MessagePage
}

extension MessageScheduler {
    /// Schedules a message, with a payload that is encoded as JSON, after a delay.
    @discardableResult
    public func schedule(
        _ topic: String,
        _ payload: some Encodable,
        after delay: Duration
    ) async throws -> MessageToken {
        try await self.schedule(MessageDraft(topic: topic, encoding: payload), after: delay)
    }

    /// Schedules a message, with a payload that is encoded as JSON, at an instant.
    @discardableResult
    public func schedule(
        _ topic: String,
        _ payload: some Encodable,
        at instant: ServerTime
    ) async throws -> MessageToken {
        try await self.schedule(MessageDraft(topic: topic, encoding: payload), at: instant)
    }

    /// Schedules a message, with a payload that is encoded as JSON, by a cron expression.
    @discardableResult
    public func scheduleRecurring(
        _ topic: String,
        _ payload: some Encodable,
        cron: String,
        timeZone: String = "UTC"
    ) async throws -> MessageToken {
        try await self.scheduleRecurring(
            MessageDraft(topic: topic, encoding: payload),
            MessageRecurrence(cron: cron, timeZone: timeZone)
        )
    }

    /// Schedules a message by a cron expression.
    @discardableResult
    public func scheduleRecurring(
        _ message: MessageDraft,
        cron: String,
        timeZone: String = "UTC"
    ) async throws -> MessageToken {
        try await self.scheduleRecurring(message, MessageRecurrence(cron: cron, timeZone: timeZone))
    }

    /// The first 100 messages in any of some states; all states unless some are given.
    public func list(_ states: MessageState...) async throws -> MessagePage {
        try await self.list(MessageFilter(states: states))
    }
}
