import IOReactor
import RedisClient
import TestSupport
import Testing

@Suite("RedisConnection", .timeLimit(.minutes(1)), .needsRedis)
struct RedisConnectionTests {
    /// Sends echoes at once and returns what each got: its own number, another one, or an error.
    func echoes(_ range: Range<Int>, over connection: RedisConnection) async -> [Int: Result<Int?, RedisError>] {
        await withTaskGroup(of: (Int, Result<Int?, RedisError>).self, returning: [Int: Result<Int?, RedisError>].self) { group in
            for number in range {
                group.addTask {
                    do throws(RedisError) {
                        let reply = try await connection.execute(RedisCommand("ECHO", number), deadline: .soon)
                        return (number, .success(reply.integer))
                    } catch {
                        return (number, .failure(error))
                    }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    @Test("Every one of many requests at once gets its own reply")
    func pipelining() async throws {
        try await withProxy { proxy in
            try await withConnection(port: proxy.port) { connection in
                let echoes = await self.echoes(0..<5000, over: connection)

                #expect(echoes.count == 5000)
                #expect(echoes.allSatisfy { (try? $0.value.get()) == $0.key })
            }
        }
    }

    @Test("Arguments and replies may hold any bytes, be empty, or be large")
    func bytes() async throws {
        try await withProxy { proxy in
            try await withConnection(port: proxy.port) { connection in
                for value in [[], [0], Array(0...255), [UInt8](repeating: 13, count: 3 << 20)] as [[UInt8]] {
                    let reply = try await connection.execute(RedisCommand("ECHO", value), deadline: .soon)
                    #expect(reply == .bytes(value))
                }
            }
        }
    }

    @Test("An error reply is thrown with the server's words; the connection goes on")
    func serverError() async throws {
        try await withProxy { proxy in
            try await withConnection(port: proxy.port) { connection in
                let error = try await redisError {
                    _ = try await connection.execute(RedisCommand("NOSUCHCOMMAND"), deadline: .soon)
                }

                #expect(error.code == .server)
                #expect(error.serverError?.kind == "ERR")
                #expect(!error.mayHaveHappened)
                #expect(try await connection.execute(RedisCommand("PING"), deadline: .soon) == .simple("PONG"))
            }
        }
    }

    @Test("A script that fails may have happened; one that is unknown has not")
    func scriptError() async throws {
        try await withProxy { proxy in
            try await withConnection(port: proxy.port) { connection in
                let failing = RedisCommand("EVAL", "return redis.call('INCRBY', 'x')", 0)
                let failed = try await redisError { _ = try await connection.execute(failing, deadline: .soon) }
                let missing = RedisCommand("EVALSHA", String(repeating: "0", count: 40), 0)
                let unknown = try await redisError { _ = try await connection.execute(missing, deadline: .soon) }

                #expect(failed.code == .server && failed.mayHaveHappened)
                #expect(unknown.code == .server && !unknown.mayHaveHappened)
            }
        }
    }

    @Test("Nested arrays, nulls and errors inside arrays are kept apart")
    func nesting() async throws {
        try await withProxy { proxy in
            try await withConnection(port: proxy.port) { connection in
                let script = "return {1, {'a', {false, {err = 'MINE inside'}}}, {}}"
                let reply = try await connection.execute(RedisCommand("EVAL", script, 0), deadline: .soon)

                let inner = RedisValue.array([.null, .error(RedisServerError(message: "MINE inside"))])
                #expect(reply == .array([.integer(1), .array([.bytes(Array("a".utf8)), inner]), .array([])]))
            }
        }
    }

    @Test("A request that gets no reply ends at its deadline as sent; those behind it get their own replies")
    func deadlineAfterSending() async throws {
        try await withProxy { proxy in
            try await withConnection(port: proxy.port) { connection in
                proxy.behave(.stallReplies)
                let error = try await redisError {
                    let deadline = ContinuousClock.now + .milliseconds(50)
                    _ = try await connection.execute(RedisCommand("ECHO", "late"), deadline: deadline)
                }
                proxy.behave(.pass)

                #expect(error.code == .timedOut)
                #expect(error.mayHaveHappened)
                #expect(try await connection.execute(RedisCommand("ECHO", "next"), deadline: .soon).string == "next")
            }
        }
    }

    @Test("A request that could not leave before its deadline ends as not sent")
    func deadlineBeforeSending() async throws {
        try await withProxy { proxy in
            try await withConnection(port: proxy.port) { connection in
                proxy.behave(.stall)
                let deadline = ContinuousClock.now + .milliseconds(300)
                let large = RedisCommand("ECHO", [UInt8](repeating: 0, count: 16 << 20))
                async let first = redisError { _ = try await connection.execute(large, deadline: deadline) }
                async let second = redisError { _ = try await connection.execute(large, deadline: deadline) }
                let errors = try await [first, second]

                #expect(errors.map(\.code) == [.timedOut, .timedOut])
                // One of them fills all buffers on the way; the other one waits behind it.
                #expect(errors.filter(\.mayHaveHappened).count == 1)
            }
        }
    }

    @Test("A deadline that has passed already is not sent")
    func passedDeadline() async throws {
        try await withProxy { proxy in
            try await withConnection(port: proxy.port) { connection in
                let error = try await redisError {
                    _ = try await connection.execute(RedisCommand("PING"), deadline: .now - .seconds(1))
                }

                #expect(error.code == .timedOut && !error.mayHaveHappened)
            }
        }
    }

    @Test("A cancelled request ends at once; its reply is dropped and the connection goes on")
    func cancellation() async throws {
        try await withProxy { proxy in
            try await withConnection(port: proxy.port) { connection in
                proxy.behave(.stallReplies)
                let request = Task {
                    try await redisError { _ = try await connection.execute(RedisCommand("ECHO", "a"), deadline: .soon) }
                }
                // The one that is sent behind it has arrived at the server when it times out, so the first one has too.
                _ = try await redisError {
                    _ = try await connection.execute(RedisCommand("PING"), deadline: .now + .milliseconds(50))
                }
                request.cancel()
                let error = try await request.value
                proxy.behave(.pass)

                #expect(error.code == .outcomeUnknown && error.mayHaveHappened)
                #expect(try await connection.execute(RedisCommand("ECHO", "b"), deadline: .soon).string == "b")
            }
        }
    }

    @Test("When the connection is cut, every request ends once, and those that were sent are unknown")
    func cut() async throws {
        try await withProxy { proxy in
            try await withConnection(port: proxy.port) { connection in
                proxy.behave(.stallReplies)
                async let echoes = self.echoes(0..<100, over: connection)
                _ = try await redisError {
                    _ = try await connection.execute(RedisCommand("PING"), deadline: .now + .milliseconds(100))
                }
                proxy.cut()

                let errors = await echoes.values.compactMap { result in
                    if case .failure(let error) = result { error } else { nil }
                }
                #expect(errors.count == 100)
                #expect(errors.allSatisfy { $0.code == ($0.mayHaveHappened ? .outcomeUnknown : .unavailable) })
                #expect(errors.contains { $0.mayHaveHappened })
                #expect(await !connection.isOpen)
            }
        }
    }

    @Test("A server that closes its side ends the connection")
    func halfClose() async throws {
        try await withProxy { proxy in
            try await withConnection(port: proxy.port) { connection in
                proxy.behave(.stallReplies)
                async let error = redisError { _ = try await connection.execute(RedisCommand("PING"), deadline: .soon) }
                _ = try await redisError {
                    _ = try await connection.execute(RedisCommand("PING"), deadline: .now + .milliseconds(50))
                }
                proxy.behave(.pass)
                proxy.halfClose(.toClient)

                _ = try? await error
                let late = try await redisError {
                    for _ in 0..<1000 { _ = try await connection.execute(RedisCommand("PING"), deadline: .soon) }
                }
                #expect([.unavailable, .outcomeUnknown].contains(late.code))
            }
        }
    }

    @Test("A server that stays silent beyond the limit is given up, and the reason is told")
    func silence() async throws {
        try await withProxy { proxy in
            var limits = RedisConnection.Limits()
            limits.silence = .milliseconds(200)
            try await withConnection(port: proxy.port, limits: limits) { connection in
                let (reasons, continuation) = AsyncStream.makeStream(of: RedisError?.self)
                await connection.onClose { continuation.yield($0) }
                proxy.behave(.stall)

                async let waiting = redisError { _ = try await connection.execute(RedisCommand("PING"), deadline: .soon) }
                _ = try await redisError {
                    _ = try await connection.execute(RedisCommand("PING"), deadline: .now + .milliseconds(10))
                }
                var iterator = reasons.makeAsyncIterator()
                let reason = try #require(await iterator.next())

                #expect(reason?.detail == "the server does not answer")
                #expect(try await waiting.code == .outcomeUnknown)
            }
        }
    }

    @Test("More requests than the limit are refused as not sent, and there is room again later")
    func limit() async throws {
        try await withProxy { proxy in
            var limits = RedisConnection.Limits()
            limits.requests = 10
            try await withConnection(port: proxy.port, limits: limits) { connection in
                proxy.behave(.stallReplies)
                async let echoes = self.echoes(0..<50, over: connection)
                var full: RedisError
                repeat {
                    full = try await redisError {
                        _ = try await connection.execute(RedisCommand("PING"), deadline: .now + .milliseconds(1))
                    }
                } while full.code == .timedOut
                proxy.behave(.pass)
                _ = await echoes

                #expect(full.code == .unavailable && !full.mayHaveHappened)
                #expect(try await connection.execute(RedisCommand("PING"), deadline: .soon) == .simple("PONG"))
            }
        }
    }

    @Test("Closing ends the requests; what was not sent is closed")
    func close() async throws {
        try await withProxy { proxy in
            try await withConnection(port: proxy.port) { connection in
                proxy.behave(.stallReplies)
                async let echoes = self.echoes(0..<10, over: connection)
                _ = try await redisError {
                    _ = try await connection.execute(RedisCommand("PING"), deadline: .now + .milliseconds(50))
                }
                await connection.close()
                await connection.close()

                let results = await echoes
                #expect(results.count == 10)
                #expect(results.values.allSatisfy { if case .failure = $0 { true } else { false } })
                let late = try await redisError {
                    _ = try await connection.execute(RedisCommand("PING"), deadline: .soon)
                }
                #expect(late.code == .closed)
            }
        }
    }

    @Test("An address where nobody listens is unavailable at once")
    func refused() async throws {
        let port = try FreePort.next()
        let error = try await redisError { try await withConnection(port: port) { _ in } }

        #expect(error.code == .unavailable)
        #expect(error.detail == "Connection refused")
    }
}
