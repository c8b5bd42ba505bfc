import IOReactor
import RedisClient
import TestSupport
import Testing

@Suite("RedisConnection", .timeLimit(.minutes(1)), .needsRedis)
struct RedisConnectionTests {
    /// Sends echoes at once and returns what each got: its own number, another one, or an error.
    func echoes(_ range: Range<Int>, over connection: RedisConnection) async -> [Int: Result<Int?, RedisError>] {
        await withTaskGroup(of: (Int, Result<Int?, RedisError>).self, returning: [Int: Result<Int?, RedisError>].self) {
            group in
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

    /// Increments a counter over a connection that so many times at once whose replies do not arrive, and returns once
    /// the server has executed all of them.
    func unanswered(
        _ count: Int,
        over connection: RedisConnection,
        behind proxy: FaultyProxy
    ) async throws -> [Task<Result<RedisValue, RedisError>, Never>] {
        proxy.behave(.stallReplies)
        let key = uniqueKey()
        let requests = (0..<count).map { _ in
            Task {
                do throws(RedisError) {
                    return Result<RedisValue, RedisError>.success(
                        try await connection.execute(RedisCommand("INCR", key), deadline: .soon)
                    )
                } catch {
                    return .failure(error)
                }
            }
        }
        try await withBench { bench in
            try await Polling.wait(for: "the execution of all requests") {
                try await bench.client.send("GET", key, deadline: .soon).integer == count
            }
            _ = try await bench.client.send("DEL", key, deadline: .soon)
        }
        return requests
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
                // On a busy machine the deadline may pass before the request has left.
                var error: RedisError
                repeat {
                    error = try await redisError {
                        let deadline = ContinuousClock.now + .milliseconds(100)
                        _ = try await connection.execute(RedisCommand("ECHO", "late"), deadline: deadline)
                    }
                } while !error.mayHaveHappened
                proxy.behave(.pass)

                #expect(error.code == .timedOut)
                #expect(try await connection.execute(RedisCommand("ECHO", "next"), deadline: .soon).string == "next")
            }
        }
    }

    @Test("A request that could not leave before its deadline ends as not sent, and leaves no trace")
    func deadlineBeforeSending() async throws {
        try await withProxy { proxy in
            try await withConnection(port: proxy.port) { connection in
                proxy.behave(.stall)
                let large = [UInt8](repeating: 0, count: 16 << 20)
                async let reply = connection.execute(RedisCommand("ECHO", large), deadline: .soon)
                // Until the large request has filled all buffers on the way, the small ones pass it.
                var error: RedisError
                repeat {
                    error = try await redisError {
                        _ = try await connection.execute(RedisCommand("PING"), deadline: .now + .milliseconds(20))
                    }
                } while error.mayHaveHappened
                proxy.behave(.pass)

                #expect(error.code == .timedOut)
                #expect(try await reply == .bytes(large))
                #expect(try await connection.execute(RedisCommand("ECHO", "next"), deadline: .soon).string == "next")
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
                let request = try await self.unanswered(1, over: connection, behind: proxy)[0]
                request.cancel()
                let error = try await redisError { _ = try await request.value.get() }
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
                let requests = try await self.unanswered(100, over: connection, behind: proxy)
                proxy.cut()

                for request in requests {
                    let error = try await redisError { _ = try await request.value.get() }
                    #expect(error.code == .outcomeUnknown && error.mayHaveHappened)
                }
                #expect(await !connection.isOpen)
                let late = try await redisError {
                    _ = try await connection.execute(RedisCommand("PING"), deadline: .soon)
                }
                #expect(late.code == .unavailable && !late.mayHaveHappened)
            }
        }
    }

    @Test("A server that closes its side has its last replies read, and ends the connection")
    func halfClose() async throws {
        try await withProxy { proxy in
            try await withConnection(port: proxy.port) { connection in
                let (reasons, continuation) = AsyncStream.makeStream(of: RedisError?.self)
                await connection.onClose { continuation.yield($0) }
                let request = try await self.unanswered(1, over: connection, behind: proxy)[0]
                proxy.halfClose(.toClient)
                proxy.behave(.pass)

                let reply = try await request.value.get()
                #expect(reply == .integer(1))
                var iterator = reasons.makeAsyncIterator()
                let reason = try #require(await iterator.next())
                #expect(reason?.detail == "the server closed the connection")
            }
        }
    }

    @Test("A server that stays silent beyond the limit is given up, and the reason is told")
    func silence() async throws {
        try await withProxy { proxy in
            try await withConnection(port: proxy.port, silence: .milliseconds(200)) { connection in
                let (reasons, continuation) = AsyncStream.makeStream(of: RedisError?.self)
                await connection.onClose { continuation.yield($0) }
                let request = try await self.unanswered(1, over: connection, behind: proxy)[0]
                var timedOut: RedisError
                repeat {
                    timedOut = try await redisError {
                        _ = try await connection.execute(RedisCommand("PING"), deadline: .now + .milliseconds(20))
                    }
                } while !timedOut.mayHaveHappened
                var iterator = reasons.makeAsyncIterator()
                let reason = try #require(await iterator.next())

                #expect(timedOut.code == .timedOut)
                #expect(reason?.detail == "the server does not answer")
                let error = try await redisError { _ = try await request.value.get() }
                #expect(error.code == .outcomeUnknown && error.mayHaveHappened)
            }
        }
    }

    @Test("More requests than the limit are refused as not sent, and there is room again later")
    func limit() async throws {
        try await withProxy { proxy in
            try await withConnection(port: proxy.port, requests: 10) { connection in
                let requests = try await self.unanswered(10, over: connection, behind: proxy)
                let full = try await redisError {
                    _ = try await connection.execute(RedisCommand("PING"), deadline: .soon)
                }
                proxy.behave(.pass)
                for request in requests { _ = try await request.value.get() }

                #expect(full.code == .unavailable && !full.mayHaveHappened)
                #expect(try await connection.execute(RedisCommand("PING"), deadline: .soon) == .simple("PONG"))
            }
        }
    }

    @Test("Closing ends the requests; what was not sent is closed")
    func close() async throws {
        try await withProxy { proxy in
            try await withConnection(port: proxy.port) { connection in
                let requests = try await self.unanswered(10, over: connection, behind: proxy)
                await connection.close()
                await connection.close()

                for request in requests {
                    let error = try await redisError { _ = try await request.value.get() }
                    #expect(error.code == .outcomeUnknown && error.mayHaveHappened)
                }
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
