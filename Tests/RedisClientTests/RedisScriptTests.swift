import RedisClient
import TestSupport
import Testing

@Suite("RedisScript", .timeLimit(.minutes(1)), .needsPrivateRedis)
struct RedisScriptTests {
    static let add = RedisScript(
        name: "add",
        source: "return redis.call('INCRBY', KEYS[1], ARGV[1])",
        keys: ["counter"]
    )
    static let half = RedisScript(
        name: "half",
        source: "redis.call('INCR', KEYS[1]) return redis.call('NOSUCHCOMMAND')",
        keys: ["counter"]
    )

    @Test("A script runs, whether it was configured or not", arguments: [[Self.add], []])
    func run(scripts: [RedisScript]) async throws {
        let server = try await PrivateRedis.start()
        try await withBench(server.url, scripts: scripts) { bench in
            for expected in [5, 10] {
                let reply = try await bench.client.run(Self.add, keys: ["k"], arguments: [5], deadline: .soon)
                #expect(reply == .integer(expected))
            }
        }
        try await server.stop()
    }

    @Test("A script that the server has forgotten is loaded again and runs once")
    func flushed() async throws {
        let server = try await PrivateRedis.start()
        try await withBench(server.url, scripts: [Self.add]) { bench in
            for expected in 1...3 {
                _ = try await bench.client.send("SCRIPT", "FLUSH", deadline: .soon)
                let reply = try await bench.client.run(Self.add, keys: ["k"], arguments: [1], deadline: .soon)
                #expect(reply == .integer(expected))
            }
        }
        try await server.stop()
    }

    @Test("Scripts work on after a restart of the server")
    func restart() async throws {
        let server = try await PrivateRedis.start()
        try await withBench(server.url, scripts: [Self.add]) { bench in
            #expect(try await bench.client.run(Self.add, keys: ["k"], arguments: [1], deadline: .soon) == .integer(1))
            try await server.kill()
            try await server.startAgain()
            #expect(try await bench.client.run(Self.add, keys: ["k"], arguments: [1], deadline: .soon) == .integer(1))
        }
        try await server.stop()
    }

    @Test("A script that fails half-way tells its name, and that it may have happened")
    func halfway() async throws {
        let server = try await PrivateRedis.start()
        try await withBench(server.url) { bench in
            let error = try await redisError {
                _ = try await bench.client.run(Self.half, keys: ["k"], deadline: .soon)
            }

            #expect(error.operation == "half")
            #expect(error.code == .server && error.mayHaveHappened)
            #expect(try await bench.client.send("GET", "k", deadline: .soon).integer == 1)
        }
        try await server.stop()
    }

    @Test("A script that does not compile fails requests at once")
    func syntaxError() async throws {
        let server = try await PrivateRedis.start()
        let broken = RedisScript(name: "broken", source: "return (", keys: [])
        try await withBench(server.url, scripts: [broken]) { bench in
            let error = try await redisError { _ = try await bench.client.send("PING", deadline: .soon) }

            #expect(error.code == .server && !error.mayHaveHappened)
        }
        try await server.stop()
    }
}
