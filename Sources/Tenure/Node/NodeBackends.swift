package import IOReactor
internal import PostgresClient
internal import PostgresStore
internal import RedisClient
internal import RedisCoordination

/// What a node talks to: Redis on one reactor, Postgres on another, so that neither waits for the other's work.
package final class NodeBackends: Sendable {
    /// Where the cluster agent lives: the connection of the coordination store is there too.
    let coordinationReactor: any DeadlineExecutor
    let coordination: any CoordinationStore
    let makeStore: @Sendable (Tenant) -> any TenantStore

    private let closing: @Sendable () async -> Void

    /// Real servers, as the options say. Connects when it is first used.
    convenience init(options: NodeOptions) throws {
        let redisURL: RedisURL
        do {
            redisURL = try RedisURL(options.redisURL)
        } catch {
            throw NodeError.redisUnreachable("\(error)")
        }
        let redisReactor = IOReactor(name: "tenure-redis")
        let postgresReactor = IOReactor(name: "tenure-postgres")
        let coordination = RedisCoordinationStore(
            reactor: redisReactor,
            configuration: .init(url: redisURL, cluster: options.cluster, keyPrefix: options.keyPrefix)
        )
        let pools = PostgresPools(
            reactor: postgresReactor,
            session: .owner(node: options.nodeID, lockDuration: options.coordination.lockDuration),
            limits: PoolLimits(
                perServer: options.connections.perServer,
                perDatabase: options.connections.perDatabase,
                idlePeriod: options.connections.idleTimeout
            )
        )
        let stores = PostgresTenantStores(pools: pools)
        self.init(
            coordinationReactor: redisReactor,
            coordination: coordination,
            makeStore: { tenant in stores.store(connection: tenant.connection, schema: tenant.schema) },
            closing: {
                await stores.close()
                await pools.close()
                await coordination.close()
                postgresReactor.shutdown()
                redisReactor.shutdown()
            }
        )
    }

    /// Any stores, for tests.
    package init(
        coordinationReactor: any DeadlineExecutor,
        coordination: any CoordinationStore,
        makeStore: @escaping @Sendable (Tenant) -> any TenantStore,
        closing: @escaping @Sendable () async -> Void
    ) {
        self.coordinationReactor = coordinationReactor
        self.coordination = coordination
        self.makeStore = makeStore
        self.closing = closing
    }

    /// Gives every connection back.
    func close() async {
        await self.closing()
    }
}
