internal import Foundation
public import Logging
public import TenureCore

/// Schedules messages in this process's memory: for tests, and for what may be forgotten when the process ends.
///
/// ```swift
/// let scheduler = InMemoryMessageScheduler()
/// let token = try await scheduler.schedule("reminder", ["user": 7], after: .seconds(600))
/// var handlers = MessageHandlers()
/// handlers.on("reminder") { (reminder: [String: Int], context) in try await remind(reminder) }
/// await scheduler.delivery(handlers).run()
/// ```
public final class InMemoryMessageScheduler: MessageScheduler {
    private let store: InMemoryMessageStore
    private let desk: MessageDesk

    /// A scheduler by the wall clock at its creation, and from then on by a monotonic one.
    public convenience init(retention: MessageRetention = MessageRetention()) {
        let microseconds = Int64((Date().timeIntervalSince1970 * 1_000_000).rounded())
        self.init(clock: ContinuousClock(), origin: ServerTime(microseconds: microseconds), retention: retention)
    }

    /// A scheduler by a clock of the caller's, such as a test's.
    ///
    /// - Parameters:
    ///   - clock: Tells how much time has passed, and sleeps.
    ///   - origin: What time it is now. Default 2026-01-01 00:00 UTC.
    ///   - retention: How long ended messages are kept.
    public init<C: Clock<Duration>>(
        clock: C,
        origin: ServerTime = ServerTime(microseconds: 1_767_225_600_000_000),
        retention: MessageRetention = MessageRetention()
    ) {
        let start = clock.now
        self.store = InMemoryMessageStore(
            retention: retention,
            now: { origin.advanced(by: start.duration(to: clock.now)) },
            sleep: { instant in
                try await clock.sleep(until: start.advanced(by: origin.duration(to: instant)), tolerance: nil)
            }
        )
        self.desk = MessageDesk(store: self.store)
    }

    /// Delivers due messages to handlers. Any number may run at once.
    ///
    /// - Parameter logger: Default a logger of no consequence: memory does not fail.
    public func delivery(
        _ handlers: MessageHandlers,
        options: MessageDeliveryOptions = MessageDeliveryOptions(),
        logger: Logger = Logger(label: "tenure.messages")
    ) -> MessageDelivery {
        MessageDelivery(store: self.store, handlers: handlers, options: options, logger: logger)
    }

    /// Schedules a message after a delay; one not above zero means now.
    public func schedule(_ message: MessageDraft, after delay: Duration) async throws -> MessageToken {
        try await self.desk.schedule(message, .after(delay))
    }

    /// Schedules a message at an instant; one that has passed means now.
    public func schedule(_ message: MessageDraft, at instant: ServerTime) async throws -> MessageToken {
        try await self.desk.schedule(message, .at(instant))
    }

    /// Schedules a message again and again; returns the token of the recurrence.
    public func scheduleRecurring(
        _ message: MessageDraft,
        _ recurrence: MessageRecurrence
    ) async throws -> MessageToken {
        try await self.desk.scheduleRecurring(message, recurrence)
    }

    /// Cancels a message or a recurrence; true only if no delivery will begin any more and none goes on.
    public func cancel(_ token: MessageToken) async throws -> Bool {
        try await self.store.cancel(token)
    }

    /// A message or a recurrence as it stands; `nil` when it is unknown, or no longer kept.
    public func get(_ token: MessageToken) async throws -> ScheduledMessage? {
        try await self.store.get(token)
    }

    /// Messages and recurrences, in the order in which they were scheduled.
    public func list(_ filter: MessageFilter) async throws -> MessagePage {
        try await self.desk.list(filter)
    }
}
