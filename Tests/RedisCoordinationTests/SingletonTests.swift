import RedisClient
import RedisCoordination
import TenureCore
import TestSupport
import Testing

@Suite("Singletons over Redis", .needsRedis, .timeLimit(.minutes(1)))
struct SingletonTests {
    private func acquire(
        _ fixture: CoordinationFixture,
        _ holder: String,
        for duration: Duration = .seconds(60)
    ) async throws -> LeaseToken? {
        let answer = try await fixture.store.acquireSingleton(
            "x",
            for: holder,
            duration: duration,
            timeout: .seconds(10)
        )
        if case .held(let token) = answer { return token } else { return nil }
    }

    private func renew(_ fixture: CoordinationFixture, _ holder: String, _ token: LeaseToken) async throws -> Bool {
        try await fixture.store.renewSingleton(
            "x",
            holder: holder,
            token: token,
            duration: .seconds(60),
            timeout: .seconds(10)
        )
    }

    private func release(_ fixture: CoordinationFixture, _ holder: String, _ token: LeaseToken?) async throws -> Bool {
        try await fixture.store.releaseSingleton("x", holder: holder, token: token, timeout: .seconds(10))
    }

    @Test("One of those who race has it; asking again keeps the token")
    func race() async throws {
        try await CoordinationFixture.withStore { fixture in
            let holders = try await withThrowingTaskGroup(of: String?.self) { group in
                for number in 1...8 {
                    group.addTask { try await self.acquire(fixture, "h/\(number)") == nil ? nil : "h/\(number)" }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }.compactMap { $0 }
            let holder = try #require(holders.first)

            #expect(holders.count == 1)
            let token = try #require(try await self.acquire(fixture, holder))
            #expect(try await self.acquire(fixture, holder) == token)
            #expect(try await fixture.send("GET", fixture.keyspace[.singletons] + "x").string == "\(holder)/\(token)")
        }
    }

    @Test("Only who has it under its token renews and releases it, and the next token is greater")
    func exactness() async throws {
        try await CoordinationFixture.withStore { fixture in
            let first = try #require(try await self.acquire(fixture, "a"))
            let other = LeaseToken(first.value + 1)
            #expect(try await !self.renew(fixture, "a", other))
            #expect(try await !self.renew(fixture, "b", first))
            #expect(try await !self.release(fixture, "a", other))
            #expect(try await !self.release(fixture, "b", nil))
            #expect(try await self.renew(fixture, "a", first))
            #expect(try await self.release(fixture, "a", first))
            #expect(try await !self.release(fixture, "a", first))
            #expect(try await !self.renew(fixture, "a", first))
            let second = try #require(try await self.acquire(fixture, "b"))
            #expect(try await !self.release(fixture, "a", nil))
            #expect(try await self.release(fixture, "b", nil), "one that does not know its token")
            let third = try #require(try await self.acquire(fixture, "b"))

            #expect(first < second && second < third)
        }
    }

    @Test("A renewal or a repetition never shortens it")
    func prolonging() async throws {
        try await CoordinationFixture.withStore { fixture in
            let key = fixture.keyspace[.singletons] + "x"
            let token = try #require(try await self.acquire(fixture, "a", for: .seconds(600)))
            #expect(try await self.renew(fixture, "a", token))
            #expect(try await self.acquire(fixture, "a", for: .milliseconds(10)) == token)

            let left = try #require(try await fixture.send("PTTL", key).integer)
            #expect(left > 500_000)
        }
    }

    @Test("One of a fraction of a second runs out by Redis's clock, and the answer says when")
    func expiry() async throws {
        try await CoordinationFixture.withStore { fixture in
            let first = try #require(try await self.acquire(fixture, "a", for: .milliseconds(300)))
            let answer = try await fixture.store.acquireSingleton(
                "x",
                for: "b",
                duration: .milliseconds(300),
                timeout: .seconds(10)
            )
            if case .taken(let freeIn?, 0) = answer { #expect(freeIn <= .milliseconds(300)) }
            var second: LeaseToken?
            try await Polling.wait(for: "the name to be free", every: .milliseconds(10)) {
                second = try await self.acquire(fixture, "b")
                return second != nil
            }

            #expect(try #require(second) > first)
            #expect(try await !self.renew(fixture, "a", first))
        }
    }

    @Test("A value without an end becomes free after all, and one that is no holder's is replaced")
    func foreign() async throws {
        try await CoordinationFixture.withStore { fixture in
            let key = fixture.keyspace[.singletons] + "x"
            try await fixture.send("SET", key, "a/1")
            #expect(try await self.acquire(fixture, "b") == nil)
            #expect(try await fixture.send("PTTL", key).integer ?? -1 > 0)
            try await fixture.send("SET", key, "nonsense")
            #expect(try await self.acquire(fixture, "b") != nil)
        }
    }

    @Test("When Redis has forgotten everything, tokens go on above the old ones for every client", .needsPrivateRedis)
    func forgetful() async throws {
        let server = try await PrivateRedis.start()
        let first = try await CoordinationFixture.withStore(url: server.url) { fixture in
            let first = try #require(try await self.acquire(fixture, "a"))
            try await server.command("FLUSHALL")
            #expect(try await !self.renew(fixture, "a", first), "its holder learns of it at its next renewal")
            return first
        }
        // One that never saw a token.
        let (second, third) = try await CoordinationFixture.withStore(url: server.url) { fixture in
            let second = try #require(try await self.acquire(fixture, "b"))
            try await server.kill()
            try await server.startAgain()
            try await Polling.wait(for: "the connection") {
                do { return try await self.acquire(fixture, "c") != nil } catch is CoordinationError { return false }
            }
            return (second, try #require(try await self.acquire(fixture, "c")))
        }
        try await server.stop()

        #expect(first < second && second < third)
    }

    @Test("A token is above every one that this client saw, also when Redis's clock went back")
    func floor() async throws {
        try await CoordinationFixture.withStore { fixture in
            // As given by a Redis whose clock was a century ahead.
            let key = fixture.keyspace[.singletonToken]
            try await fixture.send("SET", key, "4900000000000000")
            let first = try #require(try await self.acquire(fixture, "a"))
            try await fixture.send("DEL", key, fixture.keyspace[.singletons] + "x")
            let second = try #require(try await self.acquire(fixture, "b"))

            #expect(first == LeaseToken(4_900_000_000_000_001))
            #expect(second > first)
        }
    }

    @Test("The last token that counts exactly is the last that is given")
    func exhausted() async throws {
        try await CoordinationFixture.withStore { fixture in
            try await fixture.send("SET", fixture.keyspace[.singletonToken], "9007199254740991")
            let error = try await coordinationError { _ = try await self.acquire(fixture, "a") }

            #expect(error.code == .rejected)
            #expect(try await fixture.send("EXISTS", fixture.keyspace[.singletons] + "x").integer == 0)
        }
    }
}
