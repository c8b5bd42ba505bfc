internal import DequeModule
package import IOReactor
internal import OrderedCollections

/// What a subscription delivers.
package enum RedisSubscriptionEvent: Sendable, Hashable {
    /// The subscription works from here on. What was published before is unknown.
    case subscribed
    /// It works again after the connection was lost: messages may have been missed.
    case resubscribed
    /// The reader was too slow: messages have been dropped.
    case overflowed
    /// A message on a channel.
    case message(channel: String, payload: [UInt8])
}

/// Receives what is published on channels, over a connection of its own that is made again whenever it is lost.
///
/// Pub/sub of Redis forgets whatever is published while nobody listens, so every gap is told by an event and readers
/// must look for themselves after it. A connection that is silent is probed, and given up if the server does not
/// answer.
///
/// - Important: Lives on a reactor. Call ``close()`` before the reactor is shut down.
package actor RedisSubscriber {
    private struct Subscription {
        let channels: [String]
        let continuation: AsyncStream<RedisSubscriptionEvent>.Continuation
        var confirmed: Set<String> = []
        var wasSubscribed = false
        var isOverflowing = false
    }

    /// Events that wait for one reader before the oldest are dropped.
    package static let bufferedEvents = 1024

    /// The thread that this subscriber lives on.
    package nonisolated let reactor: IOReactor

    /// The reactor's thread.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { self.reactor.asUnownedSerialExecutor() }

    private let configuration: RedisClientConfiguration
    private let connector: RedisConnector
    private var current: RedisConnection?
    private var isClosed = false
    private var loop: Task<Void, Never>?
    private var loopWaiter: CheckedContinuation<Void, Never>?
    private var subscriptions: OrderedDictionary<UInt64, Subscription> = [:]
    private var nextSubscription: UInt64 = 0
    private var keepAlive: DeadlineID?
    private var hasHeard = false
    private var isProbing = false

    /// Creates a subscriber; does no I/O.
    package init(reactor: IOReactor, configuration: RedisClientConfiguration) {
        self.reactor = reactor
        self.configuration = configuration
        self.connector = RedisConnector(reactor: reactor, configuration: configuration)
    }

    /// Subscribes to channels.
    ///
    /// - Parameter channels: One channel or more.
    /// - Returns: The events, beginning with ``RedisSubscriptionEvent/subscribed`` once the server has confirmed all
    ///   channels. When ``bufferedEvents`` wait, the oldest are dropped and ``RedisSubscriptionEvent/overflowed`` is
    ///   added. The stream ends when the subscriber is closed; a reader that stops reading ends the subscription.
    package func subscribe(to channels: [String]) -> AsyncStream<RedisSubscriptionEvent> {
        precondition(!channels.isEmpty, "a subscription needs a channel")
        let (stream, continuation) = AsyncStream.makeStream(
            of: RedisSubscriptionEvent.self,
            bufferingPolicy: .bufferingNewest(Self.bufferedEvents)
        )
        guard !self.isClosed else {
            continuation.finish()
            return stream
        }
        self.nextSubscription += 1
        let id = self.nextSubscription
        self.subscriptions[id] = Subscription(channels: channels, continuation: continuation)
        continuation.onTermination = { [reactor, weak self] _ in
            reactor.perform { [weak self] in self?.assumeIsolated { $0.readerLeft(id) } }
        }
        self.startLoop()
        if let current = self.current {
            current.assumeIsolated { $0.sendExpectingPushes(RedisCommand("SUBSCRIBE", arguments: channels)) }
        }
        return stream
    }

    /// Closes the connection and ends all streams. Returns once nothing is left running. Safe to call again.
    package func close() async {
        self.isClosed = true
        await self.connector.cancel()
        await self.current?.close()
        let subscriptions = self.subscriptions.values
        self.subscriptions = [:]
        for subscription in subscriptions { subscription.continuation.finish() }
        self.loopWaiter.take()?.resume()
        await self.loop?.value
    }

    private func readerLeft(_ id: UInt64) {
        guard let left = self.subscriptions.removeValue(forKey: id) else { return }
        let unused = left.channels.filter { channel in
            !self.subscriptions.values.contains { $0.channels.contains(channel) }
        }
        guard let current = self.current, !unused.isEmpty else { return }
        current.assumeIsolated { $0.sendExpectingPushes(RedisCommand("UNSUBSCRIBE", arguments: unused)) }
    }

    // MARK: Messages

    private func received(_ value: RedisValue, on connection: RedisConnection) {
        guard self.current === connection else { return }
        self.hasHeard = true
        switch (value[0].string, value[1].string) {
        case ("message", let channel?):
            self.deliver(value[2].bytes ?? [], channel: channel)
        case ("subscribe", let channel?):
            self.confirmed(channel)
        case ("unsubscribe", _), ("pong", _):
            break
        default:
            // An error in place of a confirmation: this user may not subscribe, and will not be able to next time.
            connection.assumeIsolated { $0.abandon() }
        }
    }

    private func deliver(_ payload: [UInt8], channel: String) {
        for id in self.subscriptions.keys {
            guard self.subscriptions[id]?.channels.contains(channel) == true else { continue }
            self.yield(.message(channel: channel, payload: payload), to: id)
        }
    }

    private func confirmed(_ channel: String) {
        for id in self.subscriptions.keys {
            guard var subscription = self.subscriptions[id], subscription.channels.contains(channel),
                subscription.confirmed.insert(channel).inserted
            else { continue }
            let isComplete = subscription.channels.allSatisfy(subscription.confirmed.contains)
            let event: RedisSubscriptionEvent = subscription.wasSubscribed ? .resubscribed : .subscribed
            if isComplete { subscription.wasSubscribed = true }
            self.subscriptions[id] = subscription
            if isComplete { self.yield(event, to: id) }
        }
    }

    private func yield(_ event: RedisSubscriptionEvent, to id: UInt64) {
        guard let subscription = self.subscriptions[id] else { return }
        switch subscription.continuation.yield(event) {
        case .dropped where !subscription.isOverflowing:
            self.subscriptions[id]?.isOverflowing = true
            subscription.continuation.yield(.overflowed)
        case .enqueued where subscription.isOverflowing:
            self.subscriptions[id]?.isOverflowing = false
        default:
            break
        }
    }

    // MARK: Keeping the connection

    private func startLoop() {
        guard self.loop == nil else { return }
        // SHIELD: the connection belongs to all readers, not to the first one, whose cancellation must not end it.
        // `close()` ends the loop and waits for it.
        self.loop = Task { await self.keepConnected() }
    }

    private func keepConnected() async {
        var failures = 0
        var generator = SystemRandomNumberGenerator()
        while !self.isClosed {
            do {
                let opened = try await self.connector.open()
                self.becameReady(opened.connection)
                failures = 0
                if self.current != nil { await withCheckedContinuation { self.loopWaiter = $0 } }
            } catch {
                // The streams tell of it by their silence and of its end by `resubscribed`.
                failures += 1
            }
            guard !self.isClosed else { break }
            await self.pauseLoop(self.configuration.backoff.delay(attempt: failures, using: &generator))
        }
    }

    private func becameReady(_ connection: RedisConnection) {
        guard !self.isClosed else { return connection.assumeIsolated { $0.close() } }
        self.current = connection
        connection.assumeIsolated { connection in
            connection.receivePushes { [weak self] value in
                self?.assumeIsolated { $0.received(value, on: connection) }
            }
            connection.onClose { [weak self] _ in
                self?.assumeIsolated { $0.lost(connection) }
            }
        }
        var channels: OrderedSet<String> = []
        for id in self.subscriptions.keys {
            self.subscriptions[id]?.confirmed = []
            channels.formUnion(self.subscriptions[id]?.channels ?? [])
        }
        if !channels.isEmpty {
            let command = RedisCommand("SUBSCRIBE", arguments: channels.map { $0 })
            connection.assumeIsolated { $0.sendExpectingPushes(command) }
        }
        self.scheduleKeepAlive()
    }

    private func lost(_ connection: RedisConnection) {
        guard self.current === connection else { return }
        self.current = nil
        if let keepAlive = self.keepAlive.take() { self.reactor.cancel(keepAlive) }
        self.loopWaiter.take()?.resume()
    }

    private func pauseLoop(_ duration: Duration) async {
        let timer = self.reactor.schedule(at: .now + duration) {
            self.assumeIsolated { $0.loopWaiter.take()?.resume() }
        }
        await withCheckedContinuation { self.loopWaiter = $0 }
        self.reactor.cancel(timer)
    }

    private func scheduleKeepAlive() {
        self.hasHeard = false
        self.isProbing = false
        self.armKeepAlive(after: self.configuration.keepAliveInterval)
    }

    private func armKeepAlive(after duration: Duration) {
        self.keepAlive = self.reactor.schedule(at: .now + duration) { [weak self] in
            self?.assumeIsolated { $0.keepAliveFired() }
        }
    }

    private func keepAliveFired() {
        guard let current = self.current else { return }
        if self.hasHeard { return self.scheduleKeepAlive() }
        if self.isProbing { return current.assumeIsolated { $0.abandon() } }
        self.isProbing = true
        current.assumeIsolated { $0.sendExpectingPushes(RedisCommand("PING")) }
        self.armKeepAlive(after: self.configuration.limits.silence)
    }
}
