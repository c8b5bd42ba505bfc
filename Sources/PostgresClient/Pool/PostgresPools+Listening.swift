internal import IOReactor
internal import OrderedCollections

/// What a listener is told.
package enum PostgresListenEvent: Sendable, Hashable {
    /// From now on messages arrive; whatever was sent before may have been missed.
    case resumed
    /// No messages arrive until the next `resumed`.
    case lost
    /// A message with its payload.
    case notification(payload: String)
}

/// Who listens to one database, and on which connection.
struct ListenerTable {
    typealias Listener = AsyncStream<PostgresListenEvent>.Continuation

    var channels: OrderedDictionary<String, OrderedDictionary<UInt64, Listener>> = [:]
    /// The connection that listens, once the server has confirmed it.
    var home: PoolMachine.ConnectionID?
    /// The connection that `LISTEN` was sent on.
    var pending: PoolMachine.ConnectionID?
}

/// Listening for notifications with the connections that there are.
extension PostgresPools {
    /// Listens on a channel of a database.
    ///
    /// One connection of the database listens while there is a listener and the budget has room; it also serves
    /// callers. Under pressure it is closed like any idle one: the stream then yields ``PostgresListenEvent/lost``, and
    /// ``PostgresListenEvent/resumed`` when another connection listens, so a notification is a hint and never a
    /// promise.
    ///
    /// - Returns: A stream that keeps the latest 64 events that were not read. It ends when the pools are closed; to
    ///   stop listening, end the iteration.
    package func listen(to target: PostgresTarget, channel: String) -> AsyncStream<PostgresListenEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: PostgresListenEvent.self,
            bufferingPolicy: .bufferingNewest(64)
        )
        self.lastListener += 1
        let id = self.lastListener
        let place = target.place
        self.remember(target)
        continuation.onTermination = { [weak self, reactor] _ in
            reactor.perform { [weak self] in self?.assumeIsolated { $0.stopListening(id, channel, at: place) } }
        }
        let isNew = self.subscriptions[place]?.channels[channel] == nil
        if self.subscriptions[place] == nil { self.subscriptions[place] = ListenerTable() }
        self.subscriptions[place]?.channels[channel, default: [:]][id] = continuation
        if let home = self.subscriptions[place]?.home ?? self.subscriptions[place]?.pending {
            if isNew { self.sendListen(home, [channel], at: place) } else { continuation.yield(.resumed) }
        } else {
            self.listening(place, isWanted: true)
        }
        return stream
    }

    private func stopListening(_ id: UInt64, _ channel: String, at place: PoolMachine.Place) {
        self.subscriptions[place]?.channels[channel]?[id] = nil
        guard let table = self.subscriptions[place], table.channels[channel]?.isEmpty == true else { return }
        self.subscriptions[place]?.channels[channel] = nil
        if let home = table.home, let connection = self.connection(home) {
            let unit = PostgresUnit(.unnamed("UNLISTEN \(channel.quotedIdentifier)"))
            // Nobody depends on the answer: what still arrives finds no listener.
            _ = connection.assumeIsolated { $0.start([unit], deadline: .now + .seconds(5)) }
        }
        if self.subscriptions[place]?.channels.isEmpty == true {
            self.subscriptions[place] = nil
            self.listening(place, isWanted: false)
        }
    }

    /// The pool chose the connection that listens for its database.
    func subscribe(_ id: PoolMachine.ConnectionID) {
        guard let connection = self.connection(id),
            let channels = self.subscriptions[connection.target.place]?.channels.keys
        else { return }
        self.subscriptions[connection.target.place]?.pending = id
        self.sendListen(id, Array(channels), at: connection.target.place)
    }

    private func sendListen(_ id: PoolMachine.ConnectionID, _ channels: [String], at place: PoolMachine.Place) {
        guard let connection = self.connection(id) else { return }
        var unit = PostgresUnit()
        for channel in channels { unit.add(.unnamed("LISTEN \(channel.quotedIdentifier)")) }
        // Both live on the reactor: sent here and now, the command comes before those of the connection's next caller.
        let reply = connection.assumeIsolated { $0.start([unit], deadline: .now + .seconds(5)) }
        // SHIELD: the pool's decisions are synchronous; the answer is waited for beside them. Bounded by the deadline.
        Task { self.listenAnswered(await reply.results()[0], id, channels, at: place) }
    }

    private func listenAnswered(
        _ result: Result<[PostgresRows], PostgresError>,
        _ id: PoolMachine.ConnectionID,
        _ channels: [String],
        at place: PoolMachine.Place
    ) {
        guard self.subscriptions[place]?.pending == id || self.subscriptions[place]?.home == id else { return }
        switch result {
        case .success:
            self.subscriptions[place]?.pending = nil
            self.subscriptions[place]?.home = id
            for channel in channels { self.tell(.resumed, channel, at: place) }
        case .failure:
            // A standby refuses, for example. The connection goes on serving callers.
            self.subscriptions[place]?.pending = nil
            self.subscriptionFailed(id)
        }
    }

    func notified(_ notification: PostgresNotification, at place: PoolMachine.Place) {
        self.tell(.notification(payload: notification.payload), notification.channel, at: place)
    }

    /// A connection has ended; if it listened, listeners learn that they are deaf.
    func listeningEnded(_ id: PoolMachine.ConnectionID, at place: PoolMachine.Place) {
        guard let table = self.subscriptions[place], table.home == id || table.pending == id else { return }
        self.subscriptions[place]?.home = nil
        self.subscriptions[place]?.pending = nil
        guard table.home == id else { return }
        for channel in table.channels.keys { self.tell(.lost, channel, at: place) }
    }

    func endListening() {
        for table in self.subscriptions.values {
            for listeners in table.channels.values {
                for continuation in listeners.values { continuation.finish() }
            }
        }
        self.subscriptions = [:]
    }

    private func tell(_ event: PostgresListenEvent, _ channel: String, at place: PoolMachine.Place) {
        for continuation in self.subscriptions[place]?.channels[channel]?.values.elements ?? [] {
            continuation.yield(event)
        }
    }
}
