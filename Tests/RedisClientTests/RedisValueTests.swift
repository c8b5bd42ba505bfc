import RedisClient
import Testing

@Suite("RedisValue, RedisCommand, RedisError, RedisRedirection")
struct RedisValueTests {
    @Test("Values decode to what they can be, and to nothing else")
    func decoding() {
        #expect(RedisValue.bytes(Array("12".utf8)).integer == 12)
        #expect(RedisValue.bytes(Array("12x".utf8)).integer == nil)
        #expect(RedisValue.integer(7).string == "7")
        #expect(RedisValue.simple("OK").bytes == Array("OK".utf8))
        #expect(RedisValue.null.string == nil)
        #expect(RedisValue.null.isNull)
        #expect(RedisValue.array([.integer(1), .simple("a")]).strings == ["1", "a"])
        #expect(RedisValue.array([.integer(1), .null]).strings == nil)
        #expect(RedisValue.array([.integer(1)])[0] == .integer(1))
        #expect(RedisValue.array([.integer(1)])[1] == .null)
        #expect(RedisValue.integer(1)[0] == .null)
    }

    @Test("A flat array of pairs keeps its order; an odd one is none")
    func pairs() throws {
        let value = RedisValue.array([.simple("b"), .integer(1), .simple("a"), .integer(2)])

        let pairs = try #require(value.pairs)

        #expect(pairs.map(\.name) == ["b", "a"])
        #expect(value.dictionary == ["a": "2", "b": "1"])
        #expect(RedisValue.array([.simple("a")]).pairs == nil)
        #expect(RedisValue.integer(1).pairs == nil)
    }

    @Test("A command keeps its arguments as bytes, also empty ones")
    func arguments() {
        var command = RedisCommand("SET", "", [0, 255] as [UInt8], -5, UInt64.max)
        command.append("ä")

        #expect(command.name == "SET")
        #expect(
            command.arguments.map(Array.init) == [
                Array("SET".utf8), [], [0, 255], Array("-5".utf8), Array("18446744073709551615".utf8), Array("ä".utf8),
            ]
        )
        #expect(command.byteCount == 3 + 0 + 2 + 2 + 20 + 2)
    }

    @Test("Redirections name the node; one without a host means the node that was asked")
    func redirections() {
        let asked = RedisEndpoint.tcp(host: "h", port: 1)

        let moved = RedisRedirection(RedisServerError(message: "MOVED 3999 10.0.0.1:6381"), from: asked)
        #expect(moved?.kind == .moved)
        #expect(moved?.endpoint == .tcp(host: "10.0.0.1", port: 6381))
        let ask = RedisRedirection(RedisServerError(message: "ASK 3999 ::1:6381"), from: asked)
        #expect(ask?.kind == .ask)
        #expect(ask?.endpoint == .tcp(host: "::1", port: 6381))
        let same = RedisRedirection(RedisServerError(message: "MOVED 3999 :6381"), from: asked)
        #expect(same?.endpoint == .tcp(host: "h", port: 6381))
        for message in ["ERR no", "MOVED", "MOVED 1 x", "MOVED 1 h:99999"] {
            #expect(RedisRedirection(RedisServerError(message: message), from: asked) == nil)
        }
    }

    @Test("A description has neither arguments nor the sentence of the server")
    func errorDescription() {
        let error = RedisError(
            .server,
            operation: "HSET",
            serverError: RedisServerError(message: "WRONGTYPE Operation against secret")
        )

        #expect(error.description == "server (HSET): WRONGTYPE")
    }

    @Test("Waits between attempts double up to their limit, with jitter")
    func backoff() {
        var generator = SeededGenerator(seed: 1)
        let backoff = RedisBackoff()

        for attempt in 0..<100 {
            let bound = min(backoff.maximum, backoff.first * (1 << min(attempt, 10)))
            let delay = backoff.delay(attempt: attempt, using: &generator)
            #expect(delay >= bound / 2 && delay <= bound)
        }
    }
}
