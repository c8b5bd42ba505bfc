import Foundation
import TestSupport
import Testing

/// A whole cluster of real processes: a Redis and a Postgres of its own, a registry, tenants with work, and nodes.
///
/// By default 60 tenants: 20 with a database each, 40 as schemas of two more. Every tenant has a job due every second;
/// a ``TimerStream`` adds timers. What happened is read from the databases, never from logs.
final class TestCluster: Sendable {
    struct Tenant: Sendable, Hashable {
        let id: String
        let database: String
        let schema: String
    }

    /// Where Redis is.
    let redisURL: String
    let postgres: PrivatePostgres
    /// Where the registry is: on a server of its own when a test stops it.
    let registry: PrivatePostgres
    let tenants: [Tenant]
    /// The cluster's name, which is the hash tag of its keys in Redis too.
    static let name = "e2e"
    private let ownRedis: PrivateRedis?

    /// The Redis that was started with the cluster.
    var redis: PrivateRedis {
        guard let ownRedis else { preconditionFailure("this cluster uses a Redis that its test started") }
        return ownRedis
    }

    /// Starts the servers and creates the tenants; no node yet.
    ///
    /// - Parameters:
    ///   - redisURL: Where a Redis is that the test started and will stop; without it one is started.
    ///   - isIdle: The tenants have no job.
    static func start(
        databases: Int = 20,
        schemasInTwoMore: Int = 40,
        registryApart: Bool = false,
        redisURL: String? = nil,
        isIdle: Bool = false
    ) async throws -> TestCluster {
        async let redis = redisURL == nil ? PrivateRedis.start() : nil
        async let postgres = PrivatePostgres.start(settings: ["max_connections=300"], isDurable: true)
        let registry = registryApart ? try await PrivatePostgres.start() : try await postgres
        var tenants = (0..<databases).map { Tenant(id: "own-\($0)", database: "own_\($0)", schema: "tenure") }
        tenants += (0..<schemasInTwoMore).map {
            Tenant(id: "shared-\($0)", database: "shared_\($0 % 2)", schema: "tenant_\($0)")
        }
        let ownRedis = try await redis
        let cluster = TestCluster(
            redisURL: try #require(redisURL ?? ownRedis?.url),
            ownRedis: ownRedis,
            postgres: try await postgres,
            registry: registry,
            tenants: tenants
        )
        try await cluster.createTenants(withJobs: !isIdle)
        return cluster
    }

    private init(
        redisURL: String,
        ownRedis: PrivateRedis?,
        postgres: PrivatePostgres,
        registry: PrivatePostgres,
        tenants: [Tenant]
    ) {
        self.redisURL = redisURL
        self.ownRedis = ownRedis
        self.postgres = postgres
        self.registry = registry
        self.tenants = tenants
    }

    /// Stops the servers. Nodes end with the test process at the latest.
    func stop() async throws {
        try await self.ownRedis?.stop()
        try await self.postgres.stop()
        if self.registry !== self.postgres { try await self.registry.stop() }
    }

    // MARK: The program

    static let binary = ProcessInfo.processInfo.environment["TENURE_BINARY"] ?? ".build/debug/tenure"

    /// Runs one command of the program to its end and returns its standard output.
    @discardableResult
    func tenure(_ arguments: String...) async throws -> String {
        let all = arguments + self.connectionFlags
        return try await HelperThread.run {
            let process = try ChildProcess(path: Self.binary, arguments: all)
            let ending = try process.waitForEnd(within: .seconds(60))
            try process.waitForOutputEnd()
            guard ending == .exited(0) else {
                throw ChildProcess.Failure("\(all.joined(separator: " ")): \(ending)\n\(process.output)")
            }
            return process.output
        }
    }

    private var connectionFlags: [String] {
        ["--redis", self.redisURL, "--registry", self.registry.url(database: "registry"), "--cluster", Self.name]
    }

    /// Starts a node; does not wait for anything.
    func startNode(_ id: String, _ extra: String..., environment: [String: String] = [:]) throws -> TestNode {
        let arguments = ["node", "--node-id", id, "--event-format", "json"] + extra + self.connectionFlags
        let process = try ChildProcess(path: Self.binary, arguments: arguments, environment: environment)
        return TestNode(id: id, process: process)
    }

    /// Starts nodes and waits until every tenant is owned and has run its job.
    func startNodes(_ count: Int) async throws -> [TestNode] {
        let nodes = try (1...count).map { try self.startNode("node-\($0)") }
        try await self.waitUntilAllRun()
        return nodes
    }

    // MARK: Tenants

    private func createTenants(withJobs: Bool) async throws {
        _ = try await self.registry.query("CREATE DATABASE registry")
        for database in Set(self.tenants.map(\.database)).sorted() {
            _ = try await self.postgres.query("CREATE DATABASE \(database)")
            _ = try await self.postgres.query(
                "CREATE TABLE public.ledger (tenant text, id bigint)",
                database: database
            )
        }
        try await self.tenure("registry", "init")
        let rows = self.tenants.map { tenant in
            "('\(tenant.id)', '\(self.postgres.url(database: tenant.database))', '\(tenant.schema)')"
        }
        _ = try await self.registry.query(
            "INSERT INTO tenure_registry.tenants (tenant_id, connection_string, schema_name) VALUES "
                + rows.joined(separator: ", "),
            database: "registry"
        )
        try await self.tenure("tenants", "migrate", "--all")
        guard withJobs else { return }
        for (database, tenants) in Dictionary(grouping: self.tenants, by: \.database) {
            let statements = tenants.map {
                "SELECT \($0.schema).schedule_job(name => 'tick', topic => 'tick', cron => '* * * * * *', "
                    + "payload => '{\"sleep_ms\": 0}')"
            }
            _ = try await self.postgres.query(statements.joined(separator: "; "), database: database)
        }
    }

    /// Runs a query in one tenant's database, with `@` standing for its schema.
    func query(_ tenant: Tenant, _ sql: String) async throws -> [[String]] {
        let text = try await self.postgres.query(
            sql.replacingOccurrences(of: "@", with: tenant.schema),
            database: tenant.database
        )
        return text.split(separator: "\n").map {
            $0.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        }
    }

    /// Runs a query over all tenants, one round trip a database; each row begins with the tenant's ID.
    func queryAll(_ sql: String, tenants: [Tenant]? = nil) async throws -> [[String]] {
        var rows: [[String]] = []
        for (database, tenants) in Dictionary(grouping: tenants ?? self.tenants, by: \.database).sorted(by: {
            $0.key < $1.key
        }) {
            let statements = tenants.map { tenant in
                let one = sql.replacingOccurrences(of: "@tenant", with: tenant.id)
                    .replacingOccurrences(of: "@", with: tenant.schema)
                return "SELECT '\(tenant.id)', q.* FROM (\(one)) q"
            }
            let text = try await self.postgres.query(statements.joined(separator: "; "), database: database)
            rows += text.split(separator: "\n").map {
                $0.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            }
        }
        return rows
    }

    /// Waits until every tenant has completed a run that was due after this call began.
    func waitUntilAllRun(within limit: Duration = .seconds(60), tenants: [Tenant]? = nil) async throws {
        let since = try await self.now()
        let clock = ContinuousClock()
        let deadline = clock.now + limit
        while true {
            let rows = try await self.queryAll(
                "SELECT 1 FROM @.runs WHERE state = 'completed' AND finished_at > to_timestamp(\(since)) LIMIT 1",
                tenants: tenants
            )
            let missing = Set((tenants ?? self.tenants).map(\.id)).subtracting(rows.compactMap(\.first))
            if missing.isEmpty { return }
            guard clock.now < deadline else {
                throw ChildProcess.Failure("no runs after \(limit): \(missing.sorted().joined(separator: ", "))")
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// The tenants' Postgres now, in seconds since 1970.
    func now() async throws -> Double {
        let text = try await self.postgres.query("SELECT extract(epoch FROM clock_timestamp())")
        return try #require(Double(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    /// Which node owns each tenant, as the fences in Postgres say.
    func owners(tenants: [Tenant]? = nil) async throws -> [String: String] {
        let rows = try await self.queryAll("SELECT node FROM @.fence", tenants: tenants)
        return Dictionary(rows.map { ($0[0], $0[1]) }, uniquingKeysWith: { $1 })
    }

    /// The installed epoch of each tenant.
    func epochs() async throws -> [String: Int] {
        let rows = try await self.queryAll("SELECT epoch FROM @.fence")
        return Dictionary(rows.map { ($0[0], Int($0[1]) ?? -1) }, uniquingKeysWith: { $1 })
    }
}

/// One node process.
final class TestNode: Sendable {
    let id: String
    let process: ChildProcess

    init(id: String, process: ChildProcess) {
        self.id = id
        self.process = process
    }

    /// The events that it has printed so far.
    var events: [[String: any Sendable]] {
        self.process.output.split(separator: "\n").compactMap { line in
            guard line.hasPrefix("{") else { return nil }
            let value = try? JSONSerialization.jsonObject(with: Data(line.utf8))
            guard let object = value as? [String: Any] else { return nil }
            return object.compactMapValues { value -> (any Sendable)? in
                if let text = value as? String { return text }
                if let number = value as? NSNumber { return number.doubleValue }
                return nil
            }
        }
    }

    /// Events of one name.
    func events(_ name: String) -> [[String: any Sendable]] {
        self.events.filter { $0["event"] as? String == name }
    }

    /// Waits for its end.
    func waitForEnd(within limit: Duration) async throws -> ChildProcess.Ending {
        try await HelperThread.run { [process] in try process.waitForEnd(within: limit) }
    }
}
