internal import Foundation
package import TestSupport

/// A whole cluster of real processes: a Redis and a Postgres of its own, a registry, tenants with work, and nodes.
///
/// By default 60 tenants: 20 with a database each, 40 as schemas of two more. Every tenant has a job due every second;
/// a ``TimerStream`` adds timers. What happened is read from the databases, never from logs.
package final class TestCluster: Sendable {
    /// One tenant: where its work is.
    package struct Tenant: Sendable, Hashable {
        /// Its ID.
        package let id: String
        /// The database that holds its schema.
        package let database: String
        /// The name of its schema.
        package let schema: String

        /// Describes a tenant.
        package init(id: String, database: String, schema: String) {
            self.id = id
            self.database = database
            self.schema = schema
        }
    }

    /// Where Redis is.
    package let redisURL: String
    /// The server that holds the tenants' databases.
    package let postgres: PrivatePostgres
    /// Where the registry is: on a server of its own when a test stops it.
    package let registry: PrivatePostgres
    /// The tenants that the cluster begins with.
    package let tenants: [Tenant]
    /// The cluster's name, which is the hash tag of its keys in Redis too.
    package static let name = "e2e"
    private let ownRedis: PrivateRedis?
    private let directory: TemporaryDirectory
    private let configuration: String

    /// The Redis that was started with the cluster.
    package var redis: PrivateRedis {
        guard let ownRedis else { preconditionFailure("this cluster uses a Redis that its test started") }
        return ownRedis
    }

    /// Starts the servers and creates the tenants; no node yet.
    ///
    /// - Parameters:
    ///   - databases: Tenants that have a database each.
    ///   - schemasInTwoMore: Tenants that are schemas of two more databases.
    ///   - registryApart: Whether the registry has a server of its own.
    ///   - redisURL: Where a Redis is that the test started and will stop; without it one is started.
    ///   - isIdle: The tenants have no job.
    package static func start(
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
        let cluster = try TestCluster(
            redisURL: redisURL,
            ownRedis: try await redis,
            postgres: try await postgres,
            registry: registry,
            tenants: tenants
        )
        try await cluster.createTenants()
        if !isIdle { try await cluster.scheduleTick(cluster.tenants) }
        return cluster
    }

    private init(
        redisURL: String?,
        ownRedis: PrivateRedis?,
        postgres: PrivatePostgres,
        registry: PrivatePostgres,
        tenants: [Tenant]
    ) throws {
        guard let url = redisURL ?? ownRedis?.url else { preconditionFailure("a cluster has a Redis") }
        self.redisURL = url
        self.ownRedis = ownRedis
        self.postgres = postgres
        self.registry = registry
        self.tenants = tenants
        self.directory = try TemporaryDirectory()
        // Work takes as long, and ends, as its payload says.
        self.configuration = try self.directory.write(
            """
            topics:
              - { match: "effect", sink: sql, function: "public.effect", context: true }
              - { match: "*", sink: sleep }

            """,
            to: "tenure.yaml"
        )
    }

    /// Stops the servers. Nodes end with the test process at the latest.
    package func stop() async throws {
        try await self.ownRedis?.stop()
        try await self.postgres.stop()
        if self.registry !== self.postgres { try await self.registry.stop() }
    }

    // MARK: The program

    /// The program under test.
    package static let binary = ProcessInfo.processInfo.environment["TENURE_BINARY"] ?? ".build/debug/tenure"

    /// Runs one command of the program to its end and returns its standard output.
    @discardableResult
    package func tenure(_ arguments: String...) async throws -> String {
        let (ending, output) = try await self.run(arguments)
        guard ending == .exited(0) else {
            throw ChildProcess.Failure("\(arguments.joined(separator: " ")): \(ending)\n\(output)")
        }
        return output
    }

    /// Runs one command of the program to its end, whatever that is.
    package func run(_ arguments: [String]) async throws -> (ending: ChildProcess.Ending, output: String) {
        let all = arguments + self.flags(Route(self))
        let environment = self.environment(Route(self))
        return try await HelperThread.run {
            let process = try ChildProcess(path: Self.binary, arguments: all, environment: environment)
            let ending = try process.waitForEnd(within: .seconds(60))
            try process.waitForOutputEnd()
            return (ending, process.output)
        }
    }

    /// Starts a node; does not wait for anything.
    ///
    /// - Parameters:
    ///   - id: Its name.
    ///   - extra: More arguments.
    ///   - configuration: Its settings file; by default one by which work ends as its payload says.
    ///   - route: How it reaches the servers; `nil` for directly.
    ///   - environment: Variables beside those of this process.
    package func startNode(
        _ id: String,
        arguments extra: [String] = [],
        configuration: String? = nil,
        route: Route? = nil,
        environment: [String: String?] = [:]
    ) throws -> TestNode {
        let route = route ?? Route(self)
        var arguments = ["node", "--node-id", id, "--event-format", "json", "--config"]
        arguments += [configuration ?? self.configuration] + extra + self.flags(route)
        let variables = self.environment(route).merging(environment) { $1 }
        let process = try ChildProcess(path: Self.binary, arguments: arguments, environment: variables)
        return TestNode(id: id, process: process)
    }

    /// Starts nodes and waits until every tenant is owned and has run its job.
    package func startNodes(_ count: Int) async throws -> [TestNode] {
        let nodes = try (1...count).map { try self.startNode("node-\($0)") }
        try await self.waitUntilAllRun()
        return nodes
    }

    /// How a process reaches the servers: directly, or through proxies.
    package struct Route: Sendable {
        /// Where Redis is.
        package var redisURL: String
        /// The port of the tenants' Postgres.
        package var postgresPort: UInt16
        /// The port of the registry's Postgres.
        package var registryPort: UInt16

        /// The direct way.
        package init(_ cluster: TestCluster) {
            self.redisURL = cluster.redisURL
            self.postgresPort = cluster.postgres.port
            self.registryPort = cluster.registry.port
        }
    }

    private func flags(_ route: Route) -> [String] {
        let registry = Self.url(port: route.registryPort, database: "registry")
        return ["--redis", route.redisURL, "--registry", registry, "--cluster", Self.name]
    }

    /// What the registry's connection strings refer to.
    private func environment(_ route: Route) -> [String: String?] {
        let databases = Set(self.tenants.map(\.database))
        return Dictionary(
            uniqueKeysWithValues: databases.map {
                (Self.variable($0), Self.url(port: route.postgresPort, database: $0))
            }
        )
    }

    private static func variable(_ database: String) -> String { "TEST_\(database.uppercased())_URL" }

    private static func url(port: UInt16, database: String) -> String {
        "postgresql://\(PrivatePostgres.superuser)@127.0.0.1:\(port)/\(database)"
    }

    /// What the registry has as a tenant's connection string: a variable, so that each node can have a way of its own.
    package func connection(to tenant: Tenant) -> String { "env:\(Self.variable(tenant.database))" }

    // MARK: Tenants

    private func createTenants() async throws {
        _ = try await self.registry.query("CREATE DATABASE registry")
        for database in Set(self.tenants.map(\.database)).sorted() {
            _ = try await self.postgres.query("CREATE DATABASE \(database)")
            _ = try await self.postgres.query(
                "CREATE TABLE public.ledger (tenant text, id bigint)",
                database: database
            )
        }
        try await self.tenure("registry", "init")
        let rows = self.tenants.map { "('\($0.id)', '\(self.connection(to: $0))', '\($0.schema)')" }
        _ = try await self.registry.query(
            "INSERT INTO tenure_registry.tenants (tenant_id, connection_string, schema_name) VALUES "
                + rows.joined(separator: ", "),
            database: "registry"
        )
        try await self.tenure("tenants", "migrate", "--all")
    }

    /// Gives tenants the job that is due every second.
    package func scheduleTick(_ tenants: [Tenant]) async throws {
        for (database, tenants) in Dictionary(grouping: tenants, by: \.database).sorted(by: { $0.key < $1.key }) {
            let statements = tenants.map {
                "SELECT \($0.schema).schedule_job(name => 'tick', topic => 'tick', cron => '* * * * * *', "
                    + "payload => '{\"sleep_ms\": 0}')"
            }
            _ = try await self.postgres.query(statements.joined(separator: "; "), database: database)
        }
    }

    /// Waits until every tenant has completed a run that was due after this call began.
    package func waitUntilAllRun(within limit: Duration = .seconds(60), tenants: [Tenant]? = nil) async throws {
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
}
