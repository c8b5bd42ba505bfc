internal import ClusterHarness
internal import TestSupport

/// The ways of one node to the servers, each of which can be blocked.
struct NodeProxies: Sendable {
    let redis: FaultyProxy
    let postgres: FaultyProxy

    init(before cluster: TestCluster) throws {
        self.redis = try FaultyProxy(target: cluster.redis.port)
        self.postgres = try FaultyProxy(target: cluster.postgres.port)
    }

    /// How a node reaches the servers through them.
    func route(_ cluster: TestCluster) -> TestCluster.Route {
        var route = TestCluster.Route(cluster)
        route.redisURL = "redis://127.0.0.1:\(self.redis.port)"
        route.postgresPort = self.postgres.port
        route.registryPort = self.postgres.port
        return route
    }

    func stop() {
        self.redis.stop()
        self.postgres.stop()
    }
}
