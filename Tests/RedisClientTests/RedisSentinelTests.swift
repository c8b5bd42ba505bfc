import RedisClient
import TestSupport
import Testing

@Suite("Sentinel", .timeLimit(.minutes(2)), .needsPrivateRedis)
struct RedisSentinelTests {
    @Test("The client follows the master through a failover, and finds its data on the new one")
    func failover() async throws {
        let group = try await PrivateRedisSentinels.start(sentinels: 3)
        try await withBench(group.url, change: { $0.connectTimeout = .milliseconds(500) }) { bench in
            var states = await bench.client.states().makeAsyncIterator()
            _ = try await bench.client.send("SET", "key", "before", deadline: .soon)
            _ = try await bench.client.send("WAIT", 1, 5000, deadline: .soon)
            #expect(await states.next() == .connected(.tcp(host: "127.0.0.1", port: group.master.port)))

            try await group.master.kill()
            let deadline = ContinuousClock.now + .seconds(60)
            let value = try await Self.untilAnswered(deadline) {
                try await bench.client.send("GETSET", "key", "after", deadline: deadline)
            }

            #expect(value.string == "before")
            #expect(await bench.client.endpoint == .tcp(host: "127.0.0.1", port: group.replica.port))
        }
        try await group.stop()
    }

    @Test("A master that was paused and replaced is left, though its sockets are open")
    func pausedMaster() async throws {
        let group = try await PrivateRedisSentinels.start(sentinels: 3)
        try await withBench(group.url, change: { $0.connectTimeout = .milliseconds(500) }) { bench in
            _ = try await bench.client.send("SET", "key", 1, deadline: .soon)
            group.master.pause()

            let deadline = ContinuousClock.now + .seconds(60)
            _ = try await Self.untilAnswered(deadline) {
                try await bench.client.send("SET", "key", 2, deadline: .now + .milliseconds(200))
            }
            group.master.resume()

            #expect(await bench.client.endpoint == .tcp(host: "127.0.0.1", port: group.replica.port))
            #expect(try await bench.client.send("GET", "key", deadline: .soon).integer == 2)
        }
        try await group.stop()
    }

    @Test("A master that has become a replica under the client's feet is left, and the write is repeated elsewhere")
    func readOnly() async throws {
        let group = try await PrivateRedisSentinels.start(sentinels: 1)
        try await withBench(group.url) { bench in
            _ = try await bench.client.send("SET", "key", 1, deadline: .soon)
            try await group.sentinels[0].command("SENTINEL", "FAILOVER", PrivateRedisSentinels.masterName)

            let deadline = ContinuousClock.now + .seconds(60)
            while await bench.client.endpoint != .tcp(host: "127.0.0.1", port: group.replica.port) {
                _ = try await Self.untilAnswered(deadline) {
                    try await bench.client.send("INCR", "key", deadline: deadline)
                }
            }
            let value = try await bench.client.send("GET", "key", deadline: .soon)
            #expect((value.integer ?? 0) > 1)
        }
        try await group.stop()
    }

    @Test("A sentinel that is down is passed over; a master that none knows is told")
    func sentinelDown() async throws {
        let group = try await PrivateRedisSentinels.start(sentinels: 1)
        let dead = try FreePort.next()
        let hosts = "127.0.0.1:\(dead),127.0.0.1:\(group.sentinels[0].port)"
        try await withBench("redis+sentinel://\(hosts)/\(PrivateRedisSentinels.masterName)") { bench in
            let reply = try await bench.client.send("PING", deadline: .soon)
            #expect(reply == .simple("PONG"))
        }
        try await withBench("redis+sentinel://\(hosts)/stranger") { bench in
            let error = try await redisError {
                _ = try await bench.client.send("PING", deadline: .now + .milliseconds(500))
            }
            #expect(error.code == .unavailable)
            #expect(error.detail?.contains("does not know this master") == true)
        }
        try await group.stop()
    }

    /// Repeats a request, whose effect may be repeated, until it is answered.
    private static func untilAnswered(
        _ deadline: ContinuousClock.Instant,
        _ body: () async throws -> RedisValue
    ) async throws -> RedisValue {
        while true {
            do {
                return try await body()
            } catch let error as RedisError {
                guard [.outcomeUnknown, .timedOut, .unavailable].contains(error.code), .now < deadline else { throw error }
            }
        }
    }
}
