import RedisClient
import TestSupport
import Testing

@Suite("RedisClient under cuts", .timeLimit(.minutes(5)), .needsRedis)
struct RedisSoakTests {
    /// What became of the increments of one counter.
    struct Tally: Sendable {
        var answered = 0
        var unknown = 0
        var notSent = 0
        var last = 0
        var oddities: [String] = []
    }

    static let tasks = 100
    static let commandsPerTask = 1000

    @Test("100,000 commands from 100 tasks, the connection cut every 200 ms: each ends once and knows its outcome")
    func soak() async throws {
        try await withProxy { proxy in
            try await withBench("redis://127.0.0.1:\(proxy.port)") { bench in
                let prefix = uniqueKey("soak:")
                let tallies = try await Self.underCuts(proxy) {
                    await withTaskGroup(of: (Int, Tally).self, returning: [Int: Tally].self) { group in
                        for task in 0..<Self.tasks {
                            group.addTask { (task, await Self.increment("\(prefix)\(task)", over: bench.client)) }
                        }
                        return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
                    }
                }

                for task in 0..<Self.tasks {
                    let tally = try #require(tallies[task])
                    let value = try await bench.client.send("GET", "\(prefix)\(task)", deadline: .soon).integer ?? 0
                    #expect(tally.answered + tally.unknown + tally.notSent == Self.commandsPerTask)
                    #expect(tally.answered <= value && value <= tally.answered + tally.unknown, "\(tally) \(value)")
                    #expect(tally.oddities.isEmpty)
                    _ = try await bench.client.send("DEL", "\(prefix)\(task)", deadline: .soon)
                }
                // Cuts that hit nothing would prove nothing.
                #expect(proxy.acceptedCount > 3)
                #expect(tallies.values.reduce(0) { $0 + $1.unknown } > 0)
                #expect(tallies.values.reduce(0) { $0 + $1.answered } > 90_000)
            }
        }
    }

    /// Increments a counter again and again, and checks that each answer fits the ones before it.
    private static func increment(_ key: String, over client: RedisClient) async -> Tally {
        var tally = Tally()
        var unknownSinceLast = 0
        for _ in 0..<Self.commandsPerTask {
            do throws(RedisError) {
                let value = try await client.send("INCR", key, deadline: .soon).integer ?? 0
                if value <= tally.last || value > tally.last + 1 + unknownSinceLast {
                    tally.oddities.append("\(value) after \(tally.last) and \(unknownSinceLast) unknown")
                }
                tally.answered += 1
                tally.last = value
                unknownSinceLast = 0
            } catch  where error.mayHaveHappened {
                tally.unknown += 1
                unknownSinceLast += 1
            } catch {
                tally.notSent += 1
            }
        }
        return tally
    }

    private static func underCuts<Value: Sendable>(
        _ proxy: FaultyProxy,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                while !Task.isCancelled {
                    try? await ContinuousClock().sleep(for: .milliseconds(200))
                    proxy.cut()
                }
                return nil
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            preconditionFailure("the body returns a value")
        }
    }
}
