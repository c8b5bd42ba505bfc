import RedisClient
import TestSupport
import Testing

@Suite("Sentinel", .timeLimit(.minutes(2)), .needsPrivateRedis)
struct RedisSentinelTests {
    @Test("The client follows the master through a failover, and finds its data on the new one")
    func failover() async throws {
        let group = try await PrivateRedisSentinels.start(sentinels: 3)
        try await withBench(group.url, connectTimeout: .milliseconds(500)) { bench in
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
        try await withBench(group.url, connectTimeout: .milliseconds(500)) { bench in
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

    @Test("A master that was replaced on purpose is left at once, not when it is made a replica seconds later")
    func planned() async throws {
        let group = try await PrivateRedisSentinels.start(sentinels: 1)
        try await withBench(group.url) { bench in
            _ = try await bench.client.send("SET", "key", 1, deadline: .soon)
            try await Polling.wait(for: "the sentinel to accept the replica as a successor") {
                let name = PrivateRedisSentinels.masterName
                return (try? await group.sentinels[0].command("SENTINEL", "FAILOVER", name)) == "OK"
            }

            let deadline = ContinuousClock.now + .seconds(6)
            while await bench.client.endpoint != .tcp(host: "127.0.0.1", port: group.replica.port) {
                _ = try await Self.untilAnswered(deadline) {
                    try await bench.client.send("INCR", "key", deadline: deadline)
                }
            }
            // What the old master took after its successor was chosen is lost: Redis replicates without waiting.
            let value = try await bench.client.send("INCR", "key", deadline: .soon)
            #expect((value.integer ?? 0) > 1)
        }
        try await group.stop()
    }

    @Test("A server that says that it is read-only is left, and the request is repeated when there is a master again")
    func readOnly() async throws {
        let group = try await PrivateRedisSentinels.start(sentinels: 1)
        try await withBench(group.url) { bench in
            _ = try await bench.client.send("SET", "key", 1, deadline: .soon)
            var states = await bench.client.states().makeAsyncIterator()
            _ = await states.next()
            try await group.master.command("REPLICAOF", "127.0.0.1", "1")

            async let reply = bench.client.send("INCR", "key", deadline: .soon)
            #expect(await states.next() == .disconnected(reason: "the server is no longer the master"))
            try await group.master.command("REPLICAOF", "NO", "ONE")

            let value = try await reply
            #expect(value == .integer(2))
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
            var states = await bench.client.states().makeAsyncIterator()
            let connecting = Task { try await bench.client.connect(deadline: .soon) }
            _ = await states.next()
            let error = try await redisError {
                _ = try await bench.client.send("PING", deadline: .now + .milliseconds(100))
            }
            connecting.cancel()
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
                guard [.outcomeUnknown, .timedOut, .unavailable].contains(error.code), .now < deadline else {
                    throw error
                }
            }
        }
    }
}
