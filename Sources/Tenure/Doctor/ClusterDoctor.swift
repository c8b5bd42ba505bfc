internal import Foundation
internal import IOReactor
internal import PostgresClient
internal import PostgresStore
internal import RedisClient
internal import RedisCoordination
internal import TenureCore

/// Examines a set-up: Redis, the list of tenants, every tenant's database, the nodes and who leads, by measuring.
///
/// ```swift
/// let doctor = try ClusterDoctor(redisURL: "redis://127.0.0.1:6379", discovery: discovery)
/// for finding in await doctor.examine().findings where finding.level != .ok { … }
/// ```
///
/// It changes nothing but for a key of its own in Redis, which is gone at once.
public struct ClusterDoctor: Sendable {
    /// How far an examination has come.
    public struct Progress: Sendable, Hashable {
        /// Databases that have been examined.
        public let done: Int
        /// All of them.
        public let all: Int
    }

    private static let pings = 20
    private static let patience = Duration.seconds(5)

    private let url: RedisURL
    private let cluster: ClusterName
    private let keyPrefix: String
    private let discovery: any TenantDiscovery
    private let options: DoctorOptions

    /// A doctor for a cluster. Connects when it examines.
    ///
    /// - Throws: ``CoordinationError`` with `.rejected` when the URL cannot be used.
    public init(
        redisURL: String,
        cluster: ClusterName? = nil,
        keyPrefix: String = "tenure:",
        discovery: any TenantDiscovery,
        options: DoctorOptions = DoctorOptions()
    ) throws(CoordinationError) {
        do {
            self.url = try RedisURL(redisURL)
        } catch {
            throw CoordinationError(.rejected, operation: "connect", detail: "\(error)")
        }
        // The literal is a valid name.
        self.cluster = cluster ?? (try! ClusterName("default"))
        self.keyPrefix = keyPrefix
        self.discovery = discovery
        self.options = options
    }

    /// Examines once. What cannot be reached is a finding.
    ///
    /// - Parameter progress: Told after each database.
    public func examine(progress: @escaping @Sendable (Progress) -> Void = { _ in }) async -> DoctorReport {
        let reactor = IOReactor(name: "tenure-doctor")
        let store = RedisCoordinationStore(
            reactor: reactor,
            configuration: .init(url: self.url, cluster: self.cluster, keyPrefix: self.keyPrefix)
        )
        let redis = RedisClient(reactor: reactor, configuration: RedisClientConfiguration(url: self.url))
        var facts = DoctorFacts(redis: await self.examineRedis(redis, store.keyspace))
        facts.libraries = [("hiredis", RedisLibrary.version), ("libpq", PostgresLibrary.version)]
        await self.look(&facts, store)
        await self.examineDatabases(&facts, progress)
        if let state = facts.states.last, self.needsSecondLook(state) {
            // Longer than an election, and than a lock takes to run out.
            let leases = max(self.options.coordination.leaderLeaseDuration, self.options.coordination.lockDuration)
            do {
                try await Task.sleep(for: leases + .seconds(1))
                await self.look(&facts, store)
            } catch {
                // Cancelled: what is known so far is told.
            }
        }
        if let state = facts.states.last {
            facts.preview = ClusterPlanner(options: self.options.coordination, strategy: self.options.placement)
                .preview(state)
        }
        await redis.close()
        await store.close()
        reactor.shutdown()
        return Doctor(facts: facts, options: self.options).report()
    }

    private func needsSecondLook(_ state: ClusterState) -> Bool {
        guard !state.nodes.isEmpty else { return false }
        return state.leader == nil || state.owners.keys.contains { state.locks[$0] == nil }
    }

    // MARK: Redis

    private func look(_ facts: inout DoctorFacts, _ store: RedisCoordinationStore) async {
        guard case .success(var redis) = facts.redis else { return }
        do {
            facts.states.append(try await store.state())
        } catch {
            redis.refusal = redis.refusal ?? error.detail ?? "\(error)"
            facts.redis = .success(redis)
        }
    }

    private func examineRedis(
        _ redis: RedisClient,
        _ keyspace: Keyspace
    ) async -> Result<DoctorFacts.Redis, CoordinationError> {
        var facts = DoctorFacts.Redis()
        do {
            for _ in 0..<Self.pings {
                let start = ContinuousClock.now
                _ = try await redis.send("PING", deadline: start + Self.patience)
                facts.roundTrips.append(start.duration(to: .now))
            }
            facts.roundTrips.sort()
        } catch {
            return .failure(CoordinationError(.unavailable, operation: "ping", detail: error.description))
        }
        let info = await Self.answer(redis, RedisCommand("INFO", arguments: []))
        for line in (info?.string ?? "").split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            facts.info[String(line[..<colon])] = String(line[line.index(after: colon)...])
        }
        for name in ["save", "maxclients", "maxmemory-policy"] {
            guard let pairs = await Self.answer(redis, RedisCommand("CONFIG", arguments: ["GET", name]))?.pairs else {
                continue
            }
            for (name, value) in pairs {
                facts.configuration = (facts.configuration ?? [:]).merging([name: value.string ?? ""]) { $1 }
            }
        }
        facts.clockOffset = await self.clockOffset(redis)
        facts.refusal = await self.refusal(redis, keyspace)
        facts.otherClusters = await self.otherClusters(redis)
        return .success(facts)
    }

    /// What a command answers; `nil` where it may not be given.
    private static func answer(_ redis: RedisClient, _ command: RedisCommand) async -> RedisValue? {
        do { return try await redis.send(command, deadline: .now + Self.patience) } catch { return nil }
    }

    private func clockOffset(_ redis: RedisClient) async -> Duration {
        let before = Date()
        guard let time = await Self.answer(redis, RedisCommand("TIME", arguments: []))?.array, time.count == 2,
            let seconds = time[0].integer, let microseconds = time[1].integer
        else { return .zero }
        let server = Int64(seconds) * 1_000_000 + Int64(microseconds)
        return Self.offset(ofServer: server, before: before, after: Date())
    }

    private static func offset(ofServer microseconds: Int64, before: Date, after: Date) -> Duration {
        let middle = (before.timeIntervalSince1970 + after.timeIntervalSince1970) / 2
        return .microseconds(microseconds - Int64(middle * 1_000_000))
    }

    /// Why scripts that write, or messages, are refused; `nil` when they are not.
    private func refusal(_ redis: RedisClient, _ keyspace: Keyspace) async -> String? {
        let script = "redis.call('SET', KEYS[1], '1', 'PX', 1000); return redis.call('DEL', KEYS[1])"
        let key = keyspace.prefix + "doctor"
        for command in [
            RedisCommand("EVAL", arguments: [script, "1", key]), RedisCommand("PUBLISH", arguments: [key, ""]),
        ] {
            do {
                _ = try await redis.send(command, deadline: .now + Self.patience)
            } catch {
                return "\(command.name): \(error.description)"
            }
        }
        return nil
    }

    /// Clusters whose nodes are registered in the same Redis under other names; a bounded look.
    private func otherClusters(_ redis: RedisClient) async -> [String] {
        var cursor = "0"
        var found: Set<String> = []
        for _ in 0..<20 {
            let command = RedisCommand("SCAN", arguments: [cursor, "MATCH", "*{*}:nodes", "COUNT", "1000"])
            guard let reply = await Self.answer(redis, command)?.array, reply.count == 2, let next = reply[0].string
            else { break }
            found.formUnion(reply[1].strings ?? [])
            cursor = next
            if cursor == "0" { break }
        }
        let own = Keyspace(cluster: self.cluster, keyPrefix: self.keyPrefix)[.nodes]
        return found.subtracting([own]).sorted().prefix(10).map { String($0.dropLast(":nodes".count)) }
    }

    // MARK: Postgres

    private func examineDatabases(
        _ facts: inout DoctorFacts,
        _ progress: @escaping @Sendable (Progress) -> Void
    ) async {
        let tenants: [Tenant]
        do {
            let discovered = try await self.discovery.discover()
            facts.unreadable = discovered.unreadable
            let wanted = Set(self.options.tenants)
            tenants = discovered.tenants.filter { wanted.isEmpty || wanted.contains($0.id) }.sorted { $0.id < $1.id }
        } catch {
            facts.discoveryFailure = "\(error)"
            return
        }
        let access = PostgresAccess(name: "doctor", perServer: max(1, self.options.concurrency))
        var databases: [DoctorFacts.TenantDatabase] = []
        await withTaskGroup(of: DoctorFacts.TenantDatabase.self) { group in
            for (index, tenant) in tenants.enumerated() {
                if index >= max(1, self.options.concurrency), let database = await group.next() {
                    databases.append(database)
                    progress(Progress(done: databases.count, all: tenants.count))
                }
                group.addTask { await Self.examine(tenant, access) }
            }
            for await database in group {
                databases.append(database)
                progress(Progress(done: databases.count, all: tenants.count))
            }
        }
        facts.databases = databases
        await access.close()
    }

    private static func examine(_ tenant: Tenant, _ access: PostgresAccess) async -> DoctorFacts.TenantDatabase {
        let before = Date()
        do {
            let client = try PostgresTenantClient(
                pools: access.pools(),
                connection: tenant.connection,
                schema: tenant.schema
            )
            let examination = try await client.examine()
            // The clock is read last; connecting took the rest of the time.
            let trip = examination.roundTrips.last ?? .zero
            let after = Date()
            let start = max(before, after.addingTimeInterval(-Double(trip.microseconds) / 1_000_000))
            let offset = Self.offset(ofServer: examination.now.microseconds, before: start, after: after)
            return .init(tenant: tenant, examination: .success(examination), clockOffset: offset)
        } catch let error as StoreError {
            return .init(tenant: tenant, examination: .failure(error))
        } catch {
            let error = StoreError(.unavailable, operation: "server.examine", detail: "\(error)")
            return .init(tenant: tenant, examination: .failure(error))
        }
    }
}
