internal import DequeModule
internal import OrderedCollections

/// Serving callers and listeners after every event.
extension PoolMachine {
    func find(_ id: ConnectionID) -> (place: Place, connection: Connection)? {
        guard let place = self.places[id] else { return nil }
        return self.servers[place.server]?.connections[id].map { (place, $0) }
    }

    private func idleConnection(_ place: Place) -> ConnectionID? {
        self.servers[place.server]?.connections.values.first { $0.place == place && $0.state.isIdle }?.id
    }

    mutating func addServer(_ key: String) {
        if self.servers[key] == nil { self.servers[key] = Server() }
    }

    mutating func set(_ id: ConnectionID, _ place: Place, _ state: ConnectionState) {
        self.servers[place.server]?.connections[id]?.state = state
    }

    mutating func setIdle(_ id: ConnectionID, _ place: Place, at now: ContinuousClock.Instant) {
        self.order += 1
        self.set(id, place, .idle(since: now, order: self.order))
    }

    mutating func open(_ place: Place, for lease: Lease) -> Action {
        self.lastConnection += 1
        let id = ConnectionID(rawValue: self.lastConnection)
        self.places[id] = place
        self.servers[place.server]?.connections[id] = Connection(id: id, place: place, state: .opening(lease))
        return .open(id, place)
    }

    /// Serves whom it can, in order.
    mutating func settle(_ key: String, at now: ContinuousClock.Instant) -> [Action] {
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

    mutating func evict(_ id: ConnectionID, from key: String, at now: ContinuousClock.Instant) -> [Action] {
        guard let connection = self.servers[key]?.connections[id] else { return [] }
        if connection.isListening {
            self.servers[key]?.listening[connection.place.database]?.notBefore = now + self.limits.listenPause
        }
        self.set(id, connection.place, .closing)
        self.servers[key]?.evicted += 1
        return [.close(id)]
    }

    mutating func subscribeIfWanted(_ id: ConnectionID, _ place: Place) -> [Action] {
        guard let server = self.servers[place.server], let listening = server.listening[place.database],
            listening.refusedUntil == nil, !server.hasListeningConnection(place)
        else { return [] }
        self.servers[place.server]?.connections[id]?.isListening = true
        self.servers[place.server]?.listening[place.database]?.notBefore = nil
        return [.subscribe(id)]
    }

    /// Listening takes what is left over: it makes nobody wait and evicts nobody.
    mutating func settleListeners(
        _ key: String,
        _ round: inout AdmissionRound,
        at now: ContinuousClock.Instant
    ) -> [Action] {
        guard let server = self.servers[key], !server.listening.isEmpty else { return [] }
        var actions: [Action] = []
        for (database, listening) in server.listening {
            let place = Place(server: key, database: database)
            // Pauses that are over are forgotten: they would wake the machine again and again.
            let pauses = listening.pauses(after: now)
            self.servers[key]?.listening[database] = pauses
            guard !server.hasListeningConnection(place), pauses.refusedUntil == nil else { continue }
            if let id = self.idleConnection(place) {
                actions += self.subscribeIfWanted(id, place)
                continue
            }
            guard pauses.notBefore == nil else { continue }
            guard round.admitsListener(place) else { continue }
            actions.append(self.open(place, for: .listener))
        }
        return actions
    }
}
