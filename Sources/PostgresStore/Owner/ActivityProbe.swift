internal import PostgresClient
internal import TenureCore

/// Tells idle tenants that something was inserted into their databases: one query a second for each server.
///
/// The counters of `pg_stat_database` say which databases to look into; where several tenants share one, those of its
/// tables say which schema it was. Both are read on whatever connection the pools have for the server. A look that
/// fails is made again a second later, through another tenant's database; a hint that is lost costs time only.
actor ActivityProbe {
    /// Names one watch.
    struct WatchID: Hashable, Comparable, Sendable {
        fileprivate let number: UInt64

        static func < (left: WatchID, right: WatchID) -> Bool { left.number < right.number }
    }

    private struct Watch {
        let place: TenantPlace
        let changed: @Sendable () -> Void
        /// The database's counter at the last look.
        var databaseRows: Int?
    }

    private static let interval = Duration.seconds(1)
    private static let patience = Duration.seconds(2)

    private let pools: PostgresPools
    private var watches: [WatchID: Watch] = [:]
    /// The counters of schemas at their last look. Kept between watches: what was inserted before a watch began, after
    /// its owner's last look, must not be missed; what the owner inserted itself costs it one look more.
    private var schemaRows: [TenantPlace: Int] = [:]
    private var lastID: UInt64 = 0
    /// Looks that failed, by server: the next one goes through another tenant's database.
    private var failures: [String: Int] = [:]
    private var loops: [String: Task<Void, Never>] = [:]
    private var isClosed = false

    init(pools: PostgresPools) {
        self.pools = pools
    }

    /// Calls back whenever rows were inserted, until ``unwatch(_:)``.
    func watch(_ place: TenantPlace, changed: @escaping @Sendable () -> Void) -> WatchID {
        self.lastID += 1
        let id = WatchID(number: self.lastID)
        guard !self.isClosed else { return id }
        self.watches[id] = Watch(place: place, changed: changed)
        let server = place.target.serverKey
        if self.loops[server] == nil {
            // SHIELD: one loop a server for all its watches; it ends when there is none left, or with `close()`.
            self.loops[server] = Task { await self.loop(server) }
        }
        return id
    }

    /// Ends a watch.
    func unwatch(_ id: WatchID) {
        self.watches[id] = nil
    }

    /// Ends all watches.
    func close() {
        self.isClosed = true
        self.watches = [:]
        for loop in self.loops.values { loop.cancel() }
        self.loops = [:]
    }

    private func loop(_ server: String) async {
        while !Task.isCancelled {
            let ids = self.watches.filter { $0.value.place.target.serverKey == server }.keys.sorted()
            guard !ids.isEmpty else { break }
            await self.look(server, ids)
            do {
                try await Task.sleep(for: Self.interval)
            } catch {
                break
            }
        }
        if !Task.isCancelled { self.loops[server] = nil }
    }

    /// One look at a server.
    private func look(_ server: String, _ ids: [WatchID]) async {
        let failures = self.failures[server, default: 0]
        guard let through = self.watches[ids[failures % ids.count]]?.place.target else { return }
        guard let counts = await self.counts(through, Statements.databaseActivity.prepared(in: .tenant), []) else {
            self.failures[server] = failures + 1
            return
        }
        /// Tenants of databases into which something was inserted, by the database.
        var suspects: [PostgresTarget: [WatchID]] = [:]
        for id in ids {
            guard let watch = self.watches[id], let rows = counts[watch.place.target.database] else { continue }
            if watch.databaseRows != rows { suspects[watch.place.target, default: []].append(id) }
            self.watches[id]?.databaseRows = rows
        }
        for (target, suspects) in suspects.sorted(by: { $0.value[0] < $1.value[0] }) {
            await self.look(into: target, for: suspects)
        }
    }

    /// Which of the schemas it was.
    private func look(into target: PostgresTarget, for ids: [WatchID]) async {
        let schemas = ids.compactMap { self.watches[$0]?.place.schema.description }
        let statement = Statements.schemaActivity.prepared(in: .tenant)
        guard let counts = await self.counts(target, statement, [.texts(schemas)]) else {
            // Not known: the next look compares with the old count.
            for id in ids { self.watches[id]?.databaseRows = nil }
            return
        }
        for id in ids {
            guard let watch = self.watches[id], let rows = counts[watch.place.schema.description] else { continue }
            if self.schemaRows.updateValue(rows, forKey: watch.place) != rows { watch.changed() }
        }
    }

    private func counts(
        _ target: PostgresTarget,
        _ statement: PostgresStatement,
        _ parameters: [PostgresValue]
    ) async -> [String: Int]? {
        do {
            let deadline = ContinuousClock.now + Self.patience
            let rows = try await self.pools.withConnection(to: target, purpose: .housekeeping, deadline: deadline) {
                try await $0.query(statement, parameters: parameters, deadline: deadline)
            }
            var counts: [String: Int] = [:]
            for row in rows { counts[try row.string(0)] = try row.int(1) }
            return counts
        } catch {
            // The next look is a second away; the tenants' own calls report what is wrong with a server.
            return nil
        }
    }
}
