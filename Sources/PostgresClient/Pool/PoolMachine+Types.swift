internal import DequeModule
internal import OrderedCollections

/// The values that the machine works with.
extension PoolMachine {
    struct ConnectionID: Hashable, Sendable {
        let rawValue: UInt64
    }

    struct WaiterID: Hashable, Sendable {
        let rawValue: UInt64
    }

    /// Which database, on which server.
    struct Place: Hashable, Sendable {
        let server: String
        let database: String
    }

    enum Action: Sendable, Hashable {
        case open(ConnectionID, Place)
        case lease(WaiterID, ConnectionID)
        case close(ConnectionID)
        /// The connection is to listen for its database from now on.
        case subscribe(ConnectionID)
        /// The connection opened for this caller could not be.
        case fail(WaiterID)
    }

    enum Lease: Sendable, Hashable {
        case caller(PostgresPurpose)
        case listener
    }

    enum ConnectionState: Sendable, Hashable {
        case opening(Lease)
        case leased(PostgresPurpose)
        case idle(since: ContinuousClock.Instant, order: UInt64)
        case closing
    }

    struct Connection: Sendable {
        let id: ConnectionID
        let place: Place
        var state: ConnectionState
        var isListening = false
        /// Whether it is to be closed when it is returned.
        var isUnwanted = false
    }

    struct Waiter: Sendable {
        let id: WaiterID
        let place: Place
        let purpose: PostgresPurpose
    }

    struct Listening: Sendable {
        /// Before this instant no connection is opened only to listen.
        var notBefore: ContinuousClock.Instant?
        /// Before this instant no connection is asked to listen: the server refused.
        var refusedUntil: ContinuousClock.Instant?

        func pauses(after now: ContinuousClock.Instant) -> Listening {
            Listening(
                notBefore: self.notBefore.flatMap { $0 > now ? $0 : nil },
                refusedUntil: self.refusedUntil.flatMap { $0 > now ? $0 : nil }
            )
        }
    }

    struct Server: Sendable {
        var connections: OrderedDictionary<ConnectionID, Connection> = [:]
        var waiters = Deque<Waiter>()
        var listening: OrderedDictionary<String, Listening> = [:]
        var opened = 0
        var evicted = 0
        var failed = 0
    }
}

extension PoolMachine.ConnectionState {
    var isIdle: Bool {
        switch self {
        case .idle: true
        case .opening, .leased, .closing: false
        }
    }
}

extension PoolMachine.Server {
    var isUnused: Bool {
        self.connections.isEmpty && self.waiters.isEmpty && self.listening.isEmpty
    }

    func hasListeningConnection(_ place: PoolMachine.Place) -> Bool {
        self.connections.values.contains { connection in
            guard connection.place == place else { return false }
            switch connection.state {
            case .opening(.listener): return true
            case .opening(.caller), .closing: return false
            case .leased, .idle: return connection.isListening
            }
        }
    }
}
