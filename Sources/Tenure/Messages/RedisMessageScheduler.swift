public import Logging
internal import RedisClient
internal import RedisCoordination
public import TenureCore

/// Schedules messages in Redis 6.2 or newer: what is due lies in a sorted set, deliveries go through a stream.
///
/// Any number of processes may schedule and deliver. A delivery whose process is lost is another's after the lease.
/// What Redis acknowledged and then forgets (no persistence, a stale replica) is lost: where that matters, use a
/// ``TenantMessageScheduler``.
///
/// ```swift
/// let scheduler = try RedisMessageScheduler(redisURL: "redis://127.0.0.1:6379")
/// let token = try await scheduler.schedule("reminder", ["user": 7], after: .seconds(600))
/// ```
///
/// - Important: Call ``close()`` when it is no longer needed, best after its deliveries have ended.
public final class RedisMessageScheduler: MessageScheduler {
    private let store: RedisMessageStore
    private let desk: MessageDesk

    /// A scheduler of a cluster's messages. Connects when it is first used.
    ///
    /// - Parameters:
    ///   - redisURL: Where Redis is, in any form that a node takes.
    ///   - cluster: Whose messages. Default `default`.
    ///   - keyPrefix: What the keys begin with. Default `tenure:`.
    ///   - lease: How long a delivery may stay without a sign of life before another process takes it: 100 ms or more.
    ///     Running deliveries renew it. Default 30 s.
    ///   - retention: How long ended messages are kept.
    ///   - requestTimeout: How long one request may take. Default 5 s.
    /// - Throws: ``CoordinationError`` with `.rejected` when the URL cannot be used.
    public init(
        redisURL: String,
        cluster: ClusterName? = nil,
        keyPrefix: String = "tenure:",
        lease: Duration = .seconds(30),
        retention: MessageRetention = MessageRetention(),
        requestTimeout: Duration = .seconds(5)
    ) throws(CoordinationError) {
        precondition(lease >= .milliseconds(100), "a lease is at least 100 ms long")
        let url: RedisURL
        do {
            url = try RedisURL(redisURL)
        } catch {
            throw CoordinationError(.rejected, operation: "connect", detail: "\(error)")
        }
        let connection = RedisMessageConnection(
            url: url,
            // The literal is a valid name.
            keyspace: Keyspace(cluster: cluster ?? (try! ClusterName("default")), keyPrefix: keyPrefix),
            timeout: requestTimeout
        )
        self.store = RedisMessageStore(connection: connection, leaseDuration: lease, retention: retention)
        self.desk = MessageDesk(store: self.store)
    }

    /// Delivers due messages to handlers. Any number may run at once, in any number of processes.
    ///
    /// All of them should know the same topics: a message whose topic its taker does not know counts as failed once,
    /// and is delivered again later.
    public func delivery(
        _ handlers: MessageHandlers,
        options: MessageDeliveryOptions = MessageDeliveryOptions(),
        logger: Logger
    ) -> MessageDelivery {
        MessageDelivery(store: self.store, handlers: handlers, options: options, logger: logger)
    }

    /// Closes the connections. Later calls fail; what a delivery has in progress is another's after the lease.
    public func close() async {
        await self.store.connection.close()
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
