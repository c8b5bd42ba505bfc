import IOReactor
import RedisClient
import TestSupport
import Testing

/// An actor on the reactor of a client, as the agents of a node are.
private actor Neighbour {
    nonisolated let reactor: IOReactor
    nonisolated var unownedExecutor: UnownedSerialExecutor { self.reactor.asUnownedSerialExecutor() }

    init(_ reactor: IOReactor) {
        self.reactor = reactor
    }

    /// Whether each step of a call to a client of the same reactor was on its thread.
    func ping(_ client: RedisClient) async throws -> [Bool] {
        let before = self.reactor.isCurrentThread
        let reply = try await client.send("PING", deadline: .soon)
        return [before, reply == .simple("PONG"), self.reactor.isCurrentThread]
    }
}

@Suite("RedisClient", .timeLimit(.minutes(1)), .needsRedis)
struct RedisClientTests {
    @Test("The first request connects; commands and replies work")
    func commands() async throws {
        try await withBench { bench in
            let key = uniqueKey()

            #expect(try await bench.client.send("HSET", key, "a", 1, "b", "two", deadline: .soon) == .integer(2))
            let all = try await bench.client.send("HGETALL", key, deadline: .soon)
            #expect(all.dictionary == ["a": "1", "b": "two"])
            #expect(try await bench.client.send("DEL", key, deadline: .soon) == .integer(1))
            #expect(try await bench.client.send("GET", key, deadline: .soon).isNull)
        }
    }

    @Test("A call from an actor on the same reactor stays on its thread")
    func sameThread() async throws {
        try await withBench { bench in
            let steps = try await Neighbour(bench.reactor).ping(bench.client)
            #expect(steps == [true, true, true])
        }
    }

    @Test("The database and the name of the URL are used")
    func selection() async throws {
        let url = try Servers.requireRedis() + "?db=3&client_name=tester"
        try await withBench(url) { bench in
            let info = try #require(try await bench.client.send("CLIENT", "INFO", deadline: .soon).string)

            #expect(info.contains("db=3"))
            #expect(info.contains("name=tester"))
        }
    }

    @Test("A database that does not exist fails requests at once, with the server's words")
    func wrongDatabase() async throws {
        try await withBench(try Servers.requireRedis() + "?db=65535") { bench in
            let error = try await redisError { _ = try await bench.client.send("PING", deadline: .soon) }

            #expect(error.code == .server && !error.mayHaveHappened)
        }
    }

    @Test("Without a server, a request waits until its deadline and is unavailable; the cause is told")
    func noServer() async throws {
        let port = try FreePort.next()
        try await withBench("redis://127.0.0.1:\(port)") { bench in
            var states = await bench.client.states().makeAsyncIterator()
            let connecting = Task { try await bench.client.connect(deadline: .soon) }
            guard case .disconnected = await states.next() else {
                Issue.record("the first attempt fails")
                return
            }
            let error = try await redisError {
                _ = try await bench.client.send("PING", deadline: .now + .milliseconds(100))
            }
            connecting.cancel()

            #expect(error.code == .unavailable && !error.mayHaveHappened)
            #expect(error.operation == "PING")
            #expect(error.detail?.contains("Connection refused") == true)
        }
    }

    @Test("A host that does not exist is unavailable; the resolver's words are told")
    func noHost() async throws {
        try await withBench("redis://tenure.invalid") { bench in
            let error = try await redisError {
                _ = try await bench.client.send("PING", deadline: .now + .seconds(1))
            }

            #expect(error.code == .unavailable)
        }
    }

    @Test("A request that waits for a connection gets the first one that is made")
    func waitsForServer() async throws {
        try await withProxy { proxy in
            proxy.behave(.refuse)
            try await withBench("redis://127.0.0.1:\(proxy.port)") { bench in
                var states = await bench.client.states().makeAsyncIterator()
                async let reply = bench.client.send("PING", deadline: .soon)
                guard case .disconnected = await states.next() else {
                    Issue.record("the first attempt fails")
                    return
                }
                proxy.behave(.pass)

                let pong = try await reply
                #expect(pong == .simple("PONG"))
                #expect(await states.next() == .connected(.tcp(host: "127.0.0.1", port: proxy.port)))
            }
        }
    }

    @Test("A cancelled request stops waiting for a connection")
    func cancelledWait() async throws {
        let port = try FreePort.next()
        try await withBench("redis://127.0.0.1:\(port)") { bench in
            let request = Task {
                try await redisError { _ = try await bench.client.send("PING", deadline: .soon) }
            }
            request.cancel()

            let error = try await request.value
            #expect(error.code == .unavailable && !error.mayHaveHappened)
        }
    }

    @Test("A lost connection is made again and every state is told")
    func reconnection() async throws {
        try await withProxy { proxy in
            try await withBench("redis://127.0.0.1:\(proxy.port)") { bench in
                let endpoint = RedisEndpoint.tcp(host: "127.0.0.1", port: proxy.port)
                var states = await bench.client.states().makeAsyncIterator()
                for _ in 0..<5 {
                    let reply = try await bench.client.send("PING", deadline: .soon)
                    #expect(reply == .simple("PONG"))
                    #expect(await states.next() == .connected(endpoint))
                    proxy.cut()
                    guard case .disconnected = await states.next() else {
                        Issue.record("the loss is told")
                        return
                    }
                }
            }
        }
    }

    @Test("A request that is sent into a connection that has just been cut is repeated only if it was not sent")
    func ambiguity() async throws {
        try await withProxy { proxy in
            try await withBench("redis://127.0.0.1:\(proxy.port)") { bench in
                let key = uniqueKey()
                var unknown = 0
                for _ in 0..<200 {
                    do throws(RedisError) {
                        _ = try await bench.client.send("INCR", key, deadline: .soon)
                    } catch {
                        guard error.mayHaveHappened else { throw error }
                        unknown += 1
                    }
                    proxy.cut()
                }

                let value = try #require(try await bench.client.send("GET", key, deadline: .soon).integer)
                #expect(value <= 200 && value >= 200 - unknown)
                _ = try await bench.client.send("DEL", key, deadline: .soon)
            }
        }
    }

    @Test("A server that is silent is given up, and served again on a new connection")
    func silence() async throws {
        try await withProxy { proxy in
            try await withBench("redis://127.0.0.1:\(proxy.port)", silence: .milliseconds(100)) { bench in
                try await bench.client.connect(deadline: .soon)
                var states = await bench.client.states().makeAsyncIterator()
                _ = await states.next()
                proxy.behave(.stallReplies)

                var error: RedisError
                repeat {
                    error = try await redisError {
                        _ = try await bench.client.send("PING", deadline: .now + .milliseconds(50))
                    }
                } while !error.mayHaveHappened
                #expect(error.code == .timedOut)
                guard case .disconnected = await states.next() else {
                    Issue.record("the loss is told")
                    return
                }
                proxy.behave(.pass)
                #expect(try await bench.client.send("PING", deadline: .soon) == .simple("PONG"))
            }
        }
    }

    @Test("An attempt to connect to a server that does not answer ends in time")
    func stalledConnect() async throws {
        try await withProxy { proxy in
            proxy.behave(.stall)
            try await withBench("redis://127.0.0.1:\(proxy.port)", connectTimeout: .milliseconds(50)) { bench in
                var states = await bench.client.states().makeAsyncIterator()
                async let reply = bench.client.send("PING", deadline: .soon)
                guard case .disconnected = await states.next() else {
                    Issue.record("the attempt fails")
                    return
                }
                proxy.behave(.pass)

                let pong = try await reply
                #expect(pong == .simple("PONG"))
            }
        }
    }

    @Test("Closing ends requests, waiting ones too, and streams; nothing works afterwards")
    func closing() async throws {
        let port = try FreePort.next()
        try await withBench("redis://127.0.0.1:\(port)") { bench in
            var states = await bench.client.states().makeAsyncIterator()
            async let error = redisError { _ = try await bench.client.send("PING", deadline: .soon) }
            _ = await states.next()
            await bench.client.close()

            #expect(try await error.code == .closed)
            #expect(await states.next() == nil)
            let late = try await redisError { _ = try await bench.client.send("PING", deadline: .soon) }
            #expect(late.code == .closed)
            var closed = await bench.client.states().makeAsyncIterator()
            #expect(await closed.next() == nil)
        }
    }

    @Test("A closed client is freed")
    func lifetime() async throws {
        weak var weak: RedisClient?
        let reactor = IOReactor()
        do {
            let url = try RedisURL(try Servers.requireRedis())
            let client = RedisClient(reactor: reactor, configuration: .init(url: url))
            weak = client
            _ = try await client.send("PING", deadline: .soon)
            await client.close()
        }

        // Whatever its last turn still held is gone after one more.
        await withCheckedContinuation { continuation in reactor.perform { continuation.resume() } }
        #expect(weak == nil)
        reactor.shutdown()
    }
}
