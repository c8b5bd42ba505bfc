import RedisClient
import TestSupport
import Testing

@Suite("Log-in and sockets", .timeLimit(.minutes(1)), .needsPrivateRedis)
struct RedisLoginTests {
    @Test("A password, and a user of the ACL, log in; a wrong one and none are refused at once")
    func logIn() async throws {
        var options = PrivateRedis.Options()
        options.password = "s3cret"
        options.users = ["user alice on >p@ss/word ~* &* +@all"]
        let server = try await PrivateRedis.start(options)

        for login in [":s3cret@", "default:s3cret@", "alice:p%40ss%2Fword@"] {
            try await withBench("redis://\(login)127.0.0.1:\(server.port)") { bench in
                let reply = try await bench.client.send("PING", deadline: .soon)
                #expect(reply == .simple("PONG"))
            }
        }
        for login in ["", ":wrong@", "alice:wrong@", "nobody:s3cret@"] {
            try await withBench("redis://\(login)127.0.0.1:\(server.port)") { bench in
                let error = try await redisError { _ = try await bench.client.send("PING", deadline: .soon) }
                #expect(error.code == .authenticationFailed && !error.mayHaveHappened)
            }
        }
        try await server.stop()
    }

    @Test("A password that a server does not want is refused, rather than sent to the wrong one silently")
    func unwantedPassword() async throws {
        let server = try await PrivateRedis.start()
        try await withBench("redis://:s3cret@127.0.0.1:\(server.port)") { bench in
            let error = try await redisError { _ = try await bench.client.send("PING", deadline: .soon) }

            #expect(error.code == .authenticationFailed)
        }
        try await server.stop()
    }

    @Test("A user that may not do something is told so, and can do the rest")
    func permissions() async throws {
        var options = PrivateRedis.Options()
        options.users = ["user limited on >pw ~mine:* +@all -@admin -client"]
        let server = try await PrivateRedis.start(options)
        try await withBench("redis://limited:pw@127.0.0.1:\(server.port)?client_name=x") { bench in
            #expect(try await bench.client.send("SET", "mine:a", 1, deadline: .soon) == .simple("OK"))
            let error = try await redisError { _ = try await bench.client.send("SET", "b", 1, deadline: .soon) }

            #expect(error.serverError?.kind == "NOPERM" && !error.mayHaveHappened)
        }
        try await server.stop()
    }

    @Test("A Unix socket works, with a database")
    func unixSocket() async throws {
        var options = PrivateRedis.Options()
        options.hasUnixSocket = true
        let server = try await PrivateRedis.start(options)
        let path = try #require(server.socketPath)
        try await withBench("unix://\(path)?db=2") { bench in
            let info = try #require(try await bench.client.send("CLIENT", "INFO", deadline: .soon).string)

            #expect(info.contains("db=2"))
            #expect(info.contains(path))
            #expect(await bench.client.endpoint == .unix(path: path))
        }
        try await server.stop()
    }

    @Test("A restarted server is found again")
    func restart() async throws {
        let server = try await PrivateRedis.start()
        try await withBench(server.url) { bench in
            #expect(try await bench.client.send("SET", "k", 1, deadline: .soon) == .simple("OK"))
            try await server.kill()
            let error = try await redisError {
                _ = try await bench.client.send("PING", deadline: .now + .milliseconds(50))
            }
            try await server.startAgain()

            #expect([.unavailable, .outcomeUnknown].contains(error.code))
            #expect(try await bench.client.send("GET", "k", deadline: .soon).isNull)
        }
        try await server.stop()
    }
}
