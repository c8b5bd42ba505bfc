import RedisCoordination
import TenureTesting
import TestSupport
import Testing

@Suite("The coordination store over other kinds of Redis conforms", .needsPrivateRedis, .timeLimit(.minutes(2)))
struct RedisTopologyTests {
    @Test("A Redis that is flushed as a whole")
    func flushed() async throws {
        let redis = try await PrivateRedis.start()
        for check in CoordinationConformance.all {
            try await CoordinationFixture.withStore(url: redis.url) { fixture in
                let conformance = fixture.conformance
                try await check.run(
                    on: CoordinationConformance.Fixture(
                        store: fixture.store,
                        advance: conformance.advance,
                        forget: {
                            try await fixture.send("FLUSHALL")
                            try await fixture.send("SCRIPT", "FLUSH")
                        }
                    )
                )
            }
        }
    }

    @Test("A Redis Cluster, whose nodes each have some of the Tenure clusters")
    func cluster() async throws {
        let cluster = try await PrivateRedisCluster.start()
        let hosts = cluster.nodes.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
        for check in CoordinationConformance.all {
            try await CoordinationFixture.withStore(url: "redis+cluster://\(hosts)") { fixture in
                try await check.run(on: fixture.conformance)
            }
        }
        try await cluster.stop()
    }
}
