internal import DequeModule
internal import OrderedCollections

/// Decides which caller gets which connection, which connections are opened and which have to go. Pure.
///
/// One budget per server bounds everything that the server counts: connections that open, work, idle or close. A caller
/// that nothing idle serves gets a new connection; if the budget is used up, the connection of that server that has
/// been idle longest gives way, whatever its database. Callers are served in the order in which they came, except that
/// one who cannot be served for a reason of its own (its database's cap, its purpose's share) does not hold up the
/// others.
///
/// ## States of a connection
/// opening → leased ⇄ idle → closing → gone
///
/// - Invariant: A server never has more connections than its budget, a database never more than its cap.
/// - Complexity: O(waiting callers + connections of the server) for each event.
struct PoolMachine: Sendable {
    let limits: PoolLimits
    var servers: OrderedDictionary<String, Server> = [:]
    var places: [ConnectionID: Place] = [:]
    var lastConnection: UInt64 = 0
    var order: UInt64 = 0
    var isShutDown = false

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
        self.addServer(place.server)
        self.servers[place.server]?.waiters.append(Waiter(id: id, place: place, purpose: purpose))
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
        guard let (place, connection) = self.find(id) else { return [] }
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
        guard let (place, connection) = self.find(id) else { return [] }
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
        guard let (place, connection) = self.find(id) else { return [] }
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
            self.addServer(place.server)
            if self.servers[place.server]?.listening[place.database] == nil {
                self.servers[place.server]?.listening[place.database] = Listening()
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

    /// The server refused to let a connection listen. It goes on serving callers; another try is made later.
    mutating func subscriptionFailed(_ id: ConnectionID, at now: ContinuousClock.Instant) {
        guard let place = self.places[id] else { return }
        self.servers[place.server]?.connections[id]?.isListening = false
        self.servers[place.server]?.listening[place.database]?.refusedUntil = now + self.limits.listenPause
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
            let pauses = server.listening.values.flatMap { [$0.notBefore, $0.refusedUntil].compactMap { $0 } }
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
}
