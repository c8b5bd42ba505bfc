internal import OrderedCollections

/// One look at a server's connections and callers: who can be served now. Pure.
///
/// Counts once, then decides caller by caller; each decision changes the counts for those that follow.
struct AdmissionRound {
    typealias ConnectionID = PoolMachine.ConnectionID
    typealias Place = PoolMachine.Place

    enum Decision: Equatable {
        case wait, open
        case lease(ConnectionID)
        case evict(ConnectionID)
    }

    private struct Database {
        /// All of its connections: the server counts those that close as well.
        var connections = 0
        /// Those that open or work for purposes without a share of their own.
        var unreserved = 0
        /// Idle connections, the last used one last.
        var idle: [ConnectionID] = []
        /// Connections that open for callers whom this round has not come to yet.
        var opening = 0
    }

    private let limits: PoolLimits
    private var busy: [PostgresPurpose: Int] = [:]
    private var busyCount = 0
    private var freePlaces: Int
    /// Connections that close for callers whom this round has not come to yet.
    private var closing = 0
    /// Idle connections of all databases, the one unused for longest last.
    private var idle: [(id: ConnectionID, place: Place)] = []
    private var databases: [String: Database] = [:]
    private var hasUnservedCaller = false

    init(limits: PoolLimits, server: PoolMachine.Server) {
        self.limits = limits
        self.freePlaces = limits.perServer - server.connections.count
        var idle: [(order: UInt64, id: ConnectionID, place: Place)] = []
        for connection in server.connections.values {
            let database = connection.place.database
            switch connection.state {
            case .closing:
                self.closing += 1
            case .opening(.caller(let purpose)):
                self.databases[database, default: Database()].opening += 1
                self.count(purpose, in: database)
            case .opening(.listener):
                // It will idle: whoever waits for its database then gets it.
                self.databases[database, default: Database()].opening += 1
                self.busyCount += 1
            case .leased(let purpose):
                self.count(purpose, in: database)
            case .idle(_, let order):
                idle.append((order, connection.id, connection.place))
            }
            self.databases[database, default: Database()].connections += 1
        }
        idle.sort { $0.order < $1.order }
        for entry in idle { self.databases[entry.place.database, default: Database()].idle.append(entry.id) }
        self.idle = idle.reversed().map { ($0.id, $0.place) }
    }

    private mutating func count(_ purpose: PostgresPurpose, in database: String) {
        self.busy[purpose, default: 0] += 1
        self.busyCount += 1
        if self.limits.reserved(for: purpose) == 0 { self.databases[database, default: Database()].unreserved += 1 }
    }

    /// Decides about the next caller in line.
    mutating func decide(_ waiter: PoolMachine.Waiter) -> Decision {
        let key = waiter.place.database
        let database = self.databases[key] ?? Database()
        if database.opening > 0, database.idle.isEmpty {
            // A connection is being opened for this caller.
            self.databases[key]?.opening -= 1
            return .wait
        }
        guard self.admits(waiter.purpose), self.databaseAdmits(waiter.purpose, database) else { return .wait }
        if let id = database.idle.last {
            self.databases[key]?.idle.removeLast()
            self.idle.removeAll { $0.id == id }
            self.count(waiter.purpose, in: key)
            return .lease(id)
        }
        guard database.connections < self.limits.perDatabase else { return .wait }
        if self.freePlaces > 0 {
            self.freePlaces -= 1
            self.count(waiter.purpose, in: key)
            self.databases[key, default: Database()].connections += 1
            return .open
        }
        self.hasUnservedCaller = true
        if self.closing > 0 {
            self.closing -= 1
            return .wait
        }
        guard let victim = self.idle.popLast() else { return .wait }
        self.databases[victim.place.database]?.idle.removeAll { $0 == victim.id }
        self.databases[victim.place.database]?.connections -= 1
        return .evict(victim.id)
    }

    /// Whether a connection may be opened only to listen.
    mutating func admitsListener(_ place: Place) -> Bool {
        guard !self.hasUnservedCaller, self.freePlaces > 0 else { return false }
        let database = self.databases[place.database] ?? Database()
        guard database.connections < self.limits.perDatabase, self.admits(.housekeeping) else { return false }
        self.freePlaces -= 1
        self.busyCount += 1
        return true
    }

    /// Whether a purpose may use one more connection without touching the shares of others.
    private func admits(_ purpose: PostgresPurpose) -> Bool {
        var keptFree = 0
        for other in PostgresPurpose.allCases where other != purpose {
            keptFree += max(0, self.limits.reserved(for: other) - self.busy[other, default: 0])
        }
        return self.busyCount + keptFree < self.limits.perServer
    }

    /// Slow work leaves one connection of its database to the purposes that have a share.
    private func databaseAdmits(_ purpose: PostgresPurpose, _ database: Database) -> Bool {
        guard self.limits.perDatabase > 1, self.limits.reserved(for: purpose) == 0 else { return true }
        let hasShares = self.limits.reservedForOpening + self.limits.reservedForClaiming > 0
        return !hasShares || database.unreserved < self.limits.perDatabase - 1
    }
}
