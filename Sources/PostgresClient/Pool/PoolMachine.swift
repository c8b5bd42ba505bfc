internal import DequeModule
internal import OrderedCollections

/// Decides which caller gets which connection, which connections are opened and which have to go. Pure.
///
/// One budget per server bounds everything that the server counts: connections that open, work, idle or close. A caller
/// that nothing idle serves gets a new connection; if the budget is used up, the connection of that server that has been
/// idle longest gives way, whatever its database. Callers are served in the order in which they came, except that one who
/// cannot be served for a reason of its own (its database's cap, its purpose's share) does not hold up the others.
///
/// ## States of a connection
/// opening → leased ⇄ idle → closing → gone
///
/// - Invariant: A server never has more connections than its budget, a database never more than its cap.
/// - Complexity: O(waiting callers + connections of the server) for each event.
struct PoolMachine: Sendable {
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
    }

    struct Server: Sendable {
        var connections: OrderedDictionary<ConnectionID, Connection> = [:]
        var waiters = Deque<Waiter>()
        var listening: OrderedDictionary<String, Listening> = [:]
        var opened = 0
        var evicted = 0
        var failed = 0
    }

    let limits: PoolLimits
    private(set) var servers: OrderedDictionary<String, Server> = [:]
    private var places: [ConnectionID: Place] = [:]
    private var lastConnection: UInt64 = 0
    private var order: UInt64 = 0
    private var isShutDown = false

    init(limits: PoolLimits) {
        self.limits = limits
    }

    // MARK: Callers

    /// A caller wants a connection.
    ///
    /// - Returns: What to do, or `nil` if the caller is refused.
    mutating func requested(
        _ id: WaiterID,
        _ place: Place,
        _ purpose: PostgresPurpose,
        at now: ContinuousClock.Instant
    ) -> [Action]? {
        guard !self.isShutDown, self.servers[place.server]?.waiters.count ?? 0 < self.limits.waiting else { return nil }
        self.servers[place.server, default: Server()].waiters.append(Waiter(id: id, place: place, purpose: purpose))
        return self.settle(place.server, at: now)
    }

    /// A caller no longer waits. A connection that opens for it will serve another, or idle.
    mutating func withdrawn(_ id: WaiterID, from place: Place, at now: ContinuousClock.Instant) -> [Action] {
        self.servers[place.server]?.waiters.removeAll { $0.id == id }
        return self.settle(place.server, at: now)
    }

    /// A leased connection came back.
    ///
    /// - Parameter isReusable: Whether it is open and in no transaction.
    mutating func returned(_ id: ConnectionID, isReusable: Bool, at now: ContinuousClock.Instant) -> [Action] {
        guard let place = self.places[id], let connection = self.servers[place.server]?.connections[id] else { return [] }
        switch connection.state {
        case .leased: break
        case .opening, .idle, .closing: return []
        }
        guard isReusable, !connection.isUnwanted, !self.isShutDown else {
            self.set(id, place, .closing)
            return [.close(id)] + self.settle(place.server, at: now)
        }
        self.setIdle(id, place, at: now)
        return self.settle(place.server, at: now)
    }

    // MARK: Connections

    /// A connection is open.
    mutating func opened(_ id: ConnectionID, at now: ContinuousClock.Instant) -> [Action] {
        guard let place = self.places[id], let connection = self.servers[place.server]?.connections[id] else { return [] }
        switch connection.state {
        case .opening: break
        case .leased, .idle, .closing: return []
        }
        self.servers[place.server]?.opened += 1
        guard !connection.isUnwanted, !self.isShutDown else {
            self.set(id, place, .closing)
            return [.close(id)] + self.settle(place.server, at: now)
        }
        self.setIdle(id, place, at: now)
        return self.settle(place.server, at: now)
    }

    /// A connection could not be opened: the caller that has waited longest for its database is told.
    mutating func openFailed(_ id: ConnectionID, at now: ContinuousClock.Instant) -> [Action] {
        guard let place = self.places[id], let connection = self.servers[place.server]?.connections[id] else { return [] }
        var actions: [Action] = []
        switch connection.state {
        case .opening(.caller):
            if let index = self.servers[place.server]?.waiters.firstIndex(where: { $0.place == place }),
                let waiter = self.servers[place.server]?.waiters.remove(at: index)
            {
                actions.append(.fail(waiter.id))
            }
        case .opening(.listener):
            self.servers[place.server]?.listening[place.database]?.notBefore = now + self.limits.listenPause
        case .leased, .idle, .closing:
            break
        }
        self.servers[place.server]?.failed += 1
        return actions + self.ended(id, at: now)
    }

    /// A connection is gone: it was closed, or it was lost.
    mutating func ended(_ id: ConnectionID, at now: ContinuousClock.Instant) -> [Action] {
        guard let place = self.places.removeValue(forKey: id) else { return [] }
        self.servers[place.server]?.connections[id] = nil
        return self.settle(place.server, at: now)
    }

    /// All connections to a database are to be replaced: idle ones at once, leased ones when they are returned.
    mutating func invalidated(_ place: Place, at now: ContinuousClock.Instant) -> [Action] {
        guard let server = self.servers[place.server] else { return [] }
        var actions: [Action] = []
        for connection in server.connections.values where connection.place == place {
            switch connection.state {
            case .idle:
                self.set(connection.id, place, .closing)
                actions.append(.close(connection.id))
            case .opening, .leased:
                self.servers[place.server]?.connections[connection.id]?.isUnwanted = true
            case .closing:
                break
            }
        }
        return actions + self.settle(place.server, at: now)
    }

    // MARK: Listening

    /// A database has listeners from now on, or none any more.
    mutating func listening(_ place: Place, isWanted: Bool, at now: ContinuousClock.Instant) -> [Action] {
        if isWanted {
            if self.servers[place.server]?.listening[place.database] == nil {
                self.servers[place.server, default: Server()].listening[place.database] = Listening()
            }
        } else {
            self.servers[place.server]?.listening[place.database] = nil
            for connection in self.servers[place.server]?.connections.values.elements ?? []
            where connection.place == place {
                self.servers[place.server]?.connections[connection.id]?.isListening = false
            }
        }
        return self.settle(place.server, at: now)
    }

    // MARK: Time and the end

    /// Time has passed: connections that idled too long go.
    mutating func ticked(at now: ContinuousClock.Instant) -> [Action] {
        var actions: [Action] = []
        for key in self.servers.keys.elements {
            for connection in self.servers[key]?.connections.values.elements ?? [] {
                guard let expiry = self.expiry(of: connection), expiry <= now else { continue }
                self.set(connection.id, connection.place, .closing)
                actions.append(.close(connection.id))
            }
            actions += self.settle(key, at: now)
            if let server = self.servers[key], server.isUnused { self.servers[key] = nil }
        }
        return actions
    }

    /// When ``ticked(at:)`` has something to do next.
    func nextTick() -> ContinuousClock.Instant? {
        var next: ContinuousClock.Instant?
        for server in self.servers.values {
            let expiries = server.connections.values.compactMap { self.expiry(of: $0) }
            let pauses = server.listening.values.compactMap(\.notBefore)
            next = (expiries + pauses + [next].compactMap { $0 }).min()
        }
        return next
    }

    private func expiry(of connection: Connection) -> ContinuousClock.Instant? {
        switch connection.state {
        case .idle(let since, _): connection.isListening ? nil : since + self.limits.idlePeriod
        case .opening, .leased, .closing: nil
        }
    }

    /// Nobody is served any more.
    ///
    /// - Returns: What to close and whom to refuse; leased connections are closed when they are returned.
    mutating func shutDown(at now: ContinuousClock.Instant) -> [Action] {
        self.isShutDown = true
        var actions: [Action] = []
        for key in self.servers.keys.elements {
            actions += (self.servers[key]?.waiters ?? []).map { .fail($0.id) }
            self.servers[key]?.waiters = []
            self.servers[key]?.listening = [:]
            for connection in self.servers[key]?.connections.values.elements ?? [] {
                switch connection.state {
                case .idle:
                    self.set(connection.id, connection.place, .closing)
                    actions.append(.close(connection.id))
                case .opening, .leased, .closing:
                    break
                }
            }
        }
        return actions
    }

    // MARK: Bookkeeping

    private mutating func set(_ id: ConnectionID, _ place: Place, _ state: ConnectionState) {
        self.servers[place.server]?.connections[id]?.state = state
    }

    private mutating func setIdle(_ id: ConnectionID, _ place: Place, at now: ContinuousClock.Instant) {
        self.order += 1
        self.set(id, place, .idle(since: now, order: self.order))
    }

    private mutating func open(_ place: Place, for lease: Lease) -> Action {
        self.lastConnection += 1
        let id = ConnectionID(rawValue: self.lastConnection)
        self.places[id] = place
        self.servers[place.server]?.connections[id] = Connection(id: id, place: place, state: .opening(lease))
        return .open(id, place)
    }

    /// Serves whom it can, in order.
    private mutating func settle(_ key: String, at now: ContinuousClock.Instant) -> [Action] {
        guard !self.isShutDown, let server = self.servers[key] else { return [] }
        var actions: [Action] = []
        var round = AdmissionRound(limits: self.limits, server: server)
        for waiter in server.waiters {
            switch round.decide(waiter) {
            case .wait:
                break
            case .lease(let id):
                self.servers[key]?.waiters.removeAll { $0.id == waiter.id }
                self.set(id, waiter.place, .leased(waiter.purpose))
                actions += self.subscribeIfWanted(id, waiter.place)
                actions.append(.lease(waiter.id, id))
            case .open:
                actions.append(self.open(waiter.place, for: .caller(waiter.purpose)))
            case .evict(let id):
                actions += self.evict(id, from: key, at: now)
            }
        }
        return actions + self.settleListeners(key, &round, at: now)
    }

    private mutating func evict(_ id: ConnectionID, from key: String, at now: ContinuousClock.Instant) -> [Action] {
        guard let connection = self.servers[key]?.connections[id] else { return [] }
        if connection.isListening {
            self.servers[key]?.listening[connection.place.database]?.notBefore = now + self.limits.listenPause
        }
        self.set(id, connection.place, .closing)
        self.servers[key]?.evicted += 1
        return [.close(id)]
    }

    private mutating func subscribeIfWanted(_ id: ConnectionID, _ place: Place) -> [Action] {
        guard let server = self.servers[place.server], server.listening[place.database] != nil,
            !server.hasListeningConnection(place)
        else { return [] }
        self.servers[place.server]?.connections[id]?.isListening = true
        self.servers[place.server]?.listening[place.database]?.notBefore = nil
        return [.subscribe(id)]
    }

    /// Listening takes what is left over: it makes nobody wait and evicts nobody.
    private mutating func settleListeners(
        _ key: String,
        _ round: inout AdmissionRound,
        at now: ContinuousClock.Instant
    ) -> [Action] {
        guard let server = self.servers[key], !server.listening.isEmpty else { return [] }
        var actions: [Action] = []
        for (database, listening) in server.listening {
            let place = Place(server: key, database: database)
            guard !server.hasListeningConnection(place) else { continue }
            if let id = server.connections.values.first(where: { $0.place == place && $0.state.isIdle })?.id,
                self.servers[key]?.connections[id]?.state.isIdle == true
            {
                actions += self.subscribeIfWanted(id, place)
                continue
            }
            if let notBefore = listening.notBefore, notBefore > now { continue }
            self.servers[key]?.listening[database]?.notBefore = nil
            guard round.admitsListener(place) else { continue }
            actions.append(self.open(place, for: .listener))
        }
        return actions
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
