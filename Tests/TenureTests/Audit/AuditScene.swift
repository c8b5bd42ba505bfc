import Foundation
import IOReactor
import PostgresClient
import RedisClient
import RedisCoordination
import Tenure
import TenureCore
import TestSupport
import Testing

/// A cluster of one node that owns one tenant, with a history, in which nothing is wrong.
///
/// No process runs: what a test plants stays as it is.
struct AuditScene {
    static let tenant = try! TenantID("acme")
    static let holder = Holder(node: try! NodeID("node-1"), incarnation: Incarnation("i-1"))

    let database: DatabaseFixture
    let store: RedisCoordinationStore
    let cluster: ClusterClient
    /// The leadership under which the tenant was assigned.
    let term: Term
    /// The epoch of the node's tenure.
    let epoch: Epoch

    /// A job that was due every ten seconds for two minutes and ran each time, until a minute ago.
    private static let history = """
        SELECT tenure.schedule_job(name => 'tick', topic => 't', cron => '*/10 * * * * *');
        UPDATE tenure.jobs SET planned_from = date_trunc('minute', now()) - interval '3 minutes',
            last_occurrence = date_trunc('minute', now()) - interval '1 minute';
        INSERT INTO tenure.runs (run_id, attempt, epoch, scheduled_for, due_at, started_at, finished_at, kind, topic,
            state, node, job_name)
        SELECT nextval('tenure.work_id_seq'), 1, 1, s.at, s.at, s.at, s.at, 'job', 't', 'completed', 'node-1', 'tick'
        FROM tenure.jobs AS j
        CROSS JOIN generate_series(j.planned_from + interval '10 seconds', j.last_occurrence, interval '10 seconds')
            AS s (at);
        """

    /// Gives a body a scene, which is gone afterwards.
    static func run(_ body: (AuditScene) async throws -> Void) async throws {
        try await withDatabase { database in
            let tenant = Tenant(id: Self.tenant, connection: database.url)
            let router = TenantRouter(discovery: StaticDiscovery([tenant]))
            try await router.client(for: Self.tenant).migrate()
            await router.close()
            try await database.execute(Self.history)

            let url = try Servers.requireRedis()
            let cluster = try ClusterName("audit-\(UUID().uuidString.prefix(8))")
            let reactor = IOReactor(name: "test")
            let store = RedisCoordinationStore(
                reactor: reactor,
                configuration: .init(url: try RedisURL(url), cluster: cluster)
            )
            let client = try ClusterClient(redisURL: url, cluster: cluster)
            let result: Result<Void, any Error>
            do {
                try await body(try await Self.owned(database, store, client))
                result = .success(())
            } catch {
                result = .failure(error)
            }
            await client.close()
            await store.close()
            reactor.shutdown()
            try result.get()
        }
    }

    private static func owned(
        _ database: DatabaseFixture,
        _ store: RedisCoordinationStore,
        _ cluster: ClusterClient
    ) async throws -> AuditScene {
        let node = NodeDescriptor(
            id: Self.holder.node,
            incarnation: Self.holder.incarnation,
            host: "here",
            pid: 1,
            version: "1"
        )
        _ = try await store.register(node, replacing: nil)
        let reply = try await store.acquireLeadership(Self.holder, highestTermSeen: .none, lease: .seconds(600))
        guard case .acquired(let term) = reply else { throw Servers.Missing(description: "no leadership") }
        try await store.publishTenants([TenantDescriptor(id: Self.tenant)], removing: [], term: term)
        var changes = PlanChanges()
        changes.assign = [Self.tenant: Self.holder.node]
        try await store.apply(changes, term: term)
        let lock = try await store.acquireLock(
            of: Self.tenant,
            for: Self.holder,
            floor: .none,
            duration: .seconds(600)
        )
        guard case .acquired(let epoch) = lock else { throw Servers.Missing(description: "no lock") }
        var load = NodeLoad()
        load.maxSlots = 10
        _ = try await store.heartbeat(
            Heartbeat(holder: Self.holder, load: load, locks: [Self.tenant: epoch], lockDuration: .seconds(600))
        )
        try await database.execute("SELECT tenure.take_ownership(\(epoch), 'node-1', 'i-1')")
        return AuditScene(database: database, store: store, cluster: cluster, term: term, epoch: epoch)
    }

    /// Audits the tenant, impatiently.
    func audit(
        schema: String = "tenure",
        connection: String? = nil,
        asksRedis: Bool = true,
        _ options: AuditOptions = AuditOptions()
    ) async throws -> AuditReport {
        var options = options
        options.patience = .milliseconds(600)
        let tenant = Tenant(id: Self.tenant, connection: connection ?? self.database.url, schema: schema)
        return try await ClusterAudit(
            discovery: StaticDiscovery([tenant]),
            cluster: asksRedis ? self.cluster : nil,
            options: options
        ).run()
    }
}

extension AuditReport {
    /// What was looked for where something was found, each once.
    var broken: [String] { Set(self.violations.map(\.check.rawValue)).sorted() }
    /// What is worth knowing, each once.
    var notable: [String] { Set(self.warnings.map(\.check.rawValue)).sorted() }
}
