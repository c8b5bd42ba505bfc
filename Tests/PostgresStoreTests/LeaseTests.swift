import PostgresClient
import PostgresStore
import TenureCore
import TestSupport
import Testing

@Suite("Leases in SQL (A41, A51)", .needsPostgres, .timeLimit(.minutes(1)))
struct LeaseTests {
    /// Runs a body with connections to a migrated schema.
    private func withConnections(_ count: Int, _ body: ([PostgresConnection]) async throws -> Void) async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(count, body)
        }
    }

    private func acquire(
        _ connection: PostgresConnection,
        _ holder: String,
        for duration: String = "1 minute",
        place: String? = nil
    ) async throws -> Int? {
        let place = place.map { "'\($0)'" } ?? "NULL"
        let rows = try await connection.run(
            "SELECT token FROM acquire_lease('x', '\(holder)', '\(duration)', \(place))"
        )
        return rows.first.flatMap { $0[0] }.flatMap { Int($0) }
    }

    private func end(_ connection: PostgresConnection) async throws {
        try await connection.run("UPDATE leases SET expires_at = clock_timestamp() - interval '1 second'")
    }

    @Test("Of many who race, one has the lease")
    func race() async throws {
        try await self.withConnections(6) { connections in
            for round in 1...5 {
                let tokens = try await withThrowingTaskGroup(of: Int?.self) { group in
                    for (index, connection) in connections.enumerated() {
                        group.addTask { try await self.acquire(connection, "holder-\(index)") }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }.compactMap { $0 }
                #expect(tokens.count == 1, "round \(round)")
                try await self.end(connections[0])
            }
        }
    }

    @Test("The token grows after release, after expiry, and after its row was forgotten")
    func tokens() async throws {
        try await self.withConnections(1) { connections in
            let connection = connections[0]
            let first = try #require(try await self.acquire(connection, "a"))
            #expect(try await connection.value("SELECT release_lease('x', \(first))") == "t")
            let second = try #require(try await self.acquire(connection, "a"))
            try await self.end(connection)
            let third = try #require(try await self.acquire(connection, "b"))
            try await self.end(connection)
            #expect(try await connection.value("SELECT forget_leases('0 seconds')") == "1")
            #expect(try await connection.value("SELECT count(*) FROM leases") == "0")
            let fourth = try #require(try await self.acquire(connection, "a"))

            #expect([first, second, third, fourth] == [first, second, third, fourth].sorted())
            #expect(Set([first, second, third, fourth]).count == 4)
            #expect(try await connection.value("SELECT lease_token('x')") == "\(fourth)")
        }
    }

    @Test("Asking again while holding keeps the token and never shortens the lease")
    func repetition() async throws {
        try await self.withConnections(1) { connections in
            let connection = connections[0]
            let first = try #require(try await self.acquire(connection, "a", for: "1 hour"))
            let end = try await connection.text("SELECT expires_at FROM leases")

            #expect(try await self.acquire(connection, "a", for: "1 second") == first)
            #expect(try await connection.value("SELECT renew_lease('x', \(first), '1 second')") == "t")
            #expect(try await connection.text("SELECT expires_at FROM leases") == end)
            #expect(try await connection.value("SELECT renew_lease('x', \(first), '2 hours')") == "t")
            #expect(
                try await connection.value("SELECT expires_at - clock_timestamp() > interval '119 minutes' FROM leases")
                    == "t"
            )
        }
    }

    @Test("What has expired, was released or is under another token is not renewed and not released")
    func stale() async throws {
        try await self.withConnections(1) { connections in
            let connection = connections[0]
            let first = try #require(try await self.acquire(connection, "a"))
            #expect(try await connection.value("SELECT renew_lease('x', \(first + 1))") == "f")
            try await self.end(connection)
            #expect(try await connection.value("SELECT renew_lease('x', \(first))") == "f", "nobody took it, but")
            #expect(try await connection.value("SELECT lease_token('x')") == nil)
            #expect(try await connection.value("SELECT release_lease('x', \(first))") == "f")
            let second = try #require(try await self.acquire(connection, "b"))
            #expect(try await connection.value("SELECT renew_lease('x', \(first))") == "f")
            #expect(try await connection.value("SELECT release_lease('x', \(first))") == "f")
            #expect(try await connection.value("SELECT lease_token('x')") == "\(second)")
        }
    }

    @Test("A51: a lease of a fraction of a second runs out by the database's clock")
    func subSecond() async throws {
        try await self.withConnections(2) { connections in
            let first = try #require(try await self.acquire(connections[0], "a", for: "40 milliseconds"))
            // One statement, so that nothing but the database's own clock is between the two.
            let waited = try await connections[1].value(
                "SELECT clock_timestamp() - now() FROM pg_sleep(0.05), acquire_lease('x', 'b', '40 milliseconds')"
            )

            #expect(waited != nil)
            let second = try await connections[1].text("SELECT token FROM leases")
            #expect(Int(second) ?? 0 > first)
        }
    }

    @Test("Those who wait get it in the order of arrival, and nobody overtakes them")
    func fairness() async throws {
        try await self.withConnections(1) { connections in
            let connection = connections[0]
            let first = try #require(try await self.acquire(connection, "a"))
            #expect(try await self.acquire(connection, "b", place: "1 minute") == nil)
            #expect(try await self.acquire(connection, "c", place: "1 minute") == nil)
            try await connection.run("SELECT release_lease('x', \(first))")

            #expect(try await self.acquire(connection, "impatient") == nil)
            #expect(try await self.acquire(connection, "c", place: "1 minute") == nil)
            let second = try #require(try await self.acquire(connection, "b", place: "1 minute"))
            try await connection.run("SELECT release_lease('x', \(second))")
            #expect(try await self.acquire(connection, "b", place: "1 minute") == nil, "it is behind c now")
            #expect(try await self.acquire(connection, "c", place: "1 minute") != nil)
        }
    }

    @Test("A waiter that vanished loses its place, and one that gives up leaves at once")
    func vanished() async throws {
        try await self.withConnections(1) { connections in
            let connection = connections[0]
            let first = try #require(try await self.acquire(connection, "a"))
            #expect(try await self.acquire(connection, "gone", place: "20 milliseconds") == nil)
            #expect(try await self.acquire(connection, "leaves", place: "1 minute") == nil)
            #expect(try await self.acquire(connection, "d", place: "1 minute") == nil)
            try await connection.run("SELECT release_lease('x', \(first))")
            try await connection.run("SELECT withdraw_lease('x', 'leaves')")
            try await connection.run("SELECT pg_sleep(0.03)")

            #expect(try await self.acquire(connection, "d", place: "1 minute") != nil)
            #expect(try await connection.value("SELECT count(*) FROM lease_waiters") == "0")
        }
    }

    @Test("Who does not know whether it has the lease can give it up")
    func withdrawal() async throws {
        try await self.withConnections(1) { connections in
            let connection = connections[0]
            _ = try #require(try await self.acquire(connection, "a"))
            try await connection.run("SELECT withdraw_lease('x', 'other')")
            #expect(try await self.acquire(connection, "b") == nil)
            try await connection.run("SELECT withdraw_lease('x', 'a')")
            #expect(try await self.acquire(connection, "b") != nil)
        }
    }

    @Test("An asserted lease is nobody else's before the transaction ends, though it expired")
    func assertionHolds() async throws {
        try await self.withConnections(3) { connections in
            let (writer, other, observer) = (connections[0], connections[1], connections[2])
            let first = try #require(try await self.acquire(writer, "a"))
            try await writer.run("BEGIN")
            try await writer.run("SELECT assert_lease('x', \(first))")
            // Renewing and releasing it does not wait for the transaction that asserted it.
            #expect(try await observer.value("SELECT renew_lease('x', \(first))") == "t")
            try await self.end(observer)

            #expect(try await self.acquire(other, "b", place: "1 minute") == nil, "the writer may still commit")
            try await writer.run("COMMIT")
            let second = try #require(try await self.acquire(other, "b", place: "1 minute"))
            #expect(second > first)
            #expect(try await writer.failure("SELECT assert_lease('x', \(first))") == "TN007")
        }
    }

    @Test("An assertion that meets an acquisition under way waits for it, and then fails")
    func assertionWaits() async throws {
        try await self.withConnections(3) { connections in
            let (writer, other, observer) = (connections[0], connections[1], connections[2])
            let first = try #require(try await self.acquire(writer, "a"))
            let process = try await writer.processID()
            try await other.run("BEGIN")
            // What an acquisition does by a clock that is ahead of the writer's.
            try await other.run("SELECT FROM leases WHERE name = 'x' FOR UPDATE")
            try await other.run("UPDATE leases SET token = token + 1, holder = 'b' WHERE name = 'x'")
            async let failure = writer.failure("SELECT assert_lease('x', \(first))")
            try await observer.waitUntilBlocked(process)
            try await other.run("COMMIT")

            #expect(try await failure == "TN007")
        }
    }

    @Test("A write is not committed after the next holder has the lease")
    func fencing() async throws {
        try await self.withConnections(2) { connections in
            let (writer, other) = (connections[0], connections[1])
            try await writer.run("CREATE TABLE results (value text)")
            let first = try #require(try await self.acquire(writer, "a"))
            try await writer.run("BEGIN")
            try await writer.run("INSERT INTO results VALUES ('stale')")
            try await self.end(other)
            _ = try #require(try await self.acquire(other, "b"))

            #expect(try await writer.failure("SELECT assert_lease('x', \(first))") == "TN007")
            _ = try await writer.failure("COMMIT")
            #expect(try await other.value("SELECT count(*) FROM results") == "0")
        }
    }

    @Test("A lease in a transaction that is rolled back was never had, and its token is not given again")
    func rollback() async throws {
        try await self.withConnections(2) { connections in
            try await connections[0].run("BEGIN")
            let first = try #require(try await self.acquire(connections[0], "a"))
            #expect(try await self.acquire(connections[1], "b") == nil, "it may still be committed")
            try await connections[0].run("ROLLBACK")
            let second = try #require(try await self.acquire(connections[1], "b"))

            #expect(second > first)
        }
    }

    @Test("A semaphore gives as many permits as there are, in the order of arrival")
    func permits() async throws {
        try await self.withConnections(1) { connections in
            let connection = connections[0]
            func acquire(_ holder: String, limit: Int = 2, place: String = "NULL") async throws -> String? {
                try await connection.run(
                    "SELECT token FROM acquire_permit('s', \(limit), '\(holder)', '1 minute', \(place))"
                ).first.flatMap { $0[0] }
            }
            let first = try #require(try await acquire("a"))
            let second = try #require(try await acquire("b"))
            #expect(try await acquire("b") == second, "it holds it already")
            #expect(try await acquire("c", place: "'1 minute'") == nil)
            #expect(try await connection.value("SELECT renew_permit('s', \(first))") == "t")
            #expect(try await connection.value("SELECT release_permit('s', \(first))") == "t")
            #expect(try await connection.value("SELECT release_permit('s', \(first))") == "f")
            #expect(try await connection.value("SELECT renew_permit('s', \(first))") == "f")
            #expect(try await acquire("d") == nil, "c waits")
            #expect(try await acquire("c", limit: 1, place: "'1 minute'") == nil, "by its own number")
            let third = try #require(try await acquire("c", place: "'1 minute'"))
            #expect(Int(third) ?? 0 > Int(second) ?? 0)

            try await connection.run("UPDATE permits SET expires_at = clock_timestamp() WHERE token = \(second)")
            #expect(try await connection.value("SELECT renew_permit('s', \(second))") == "f")
            #expect(try await acquire("d") != nil)
            #expect(try await connection.value("SELECT count(*) FROM permits") == "2")
            try await connection.run("SELECT withdraw_permit('s', 'd')")
            #expect(try await acquire("e") != nil)
        }
    }

    @Test("An asserted permit is nobody else's before the transaction ends, though it expired, and holds no other up")
    func assertedPermit() async throws {
        try await self.withConnections(2) { connections in
            let (holder, other) = (connections[0], connections[1])
            func acquire(_ name: String) async throws -> Int? {
                try await other.run("SELECT token FROM acquire_permit('s', 2, '\(name)', '1 minute')").first
                    .flatMap { $0[0].flatMap { Int($0) } }
            }
            let token = try #require(try await acquire("a"))
            #expect(try await holder.failure("SELECT assert_permit('s', \(token + 1))") == "TN007")
            #expect(try await holder.failure("SELECT assert_permit('other', \(token))") == "TN007")
            try await holder.run("BEGIN")
            try await holder.run("SELECT assert_permit('s', \(token))")
            try await other.run("UPDATE permits SET expires_at = clock_timestamp() WHERE token = \(token)")

            let second = try #require(try await acquire("b"), "one is free")
            #expect(second > token)
            #expect(try await acquire("c") == nil, "the asserted one is out")
            #expect(try await other.text("SELECT string_agg(t::text, ' ') FROM permit_tokens('s') AS t") == "\(second)")
            try await holder.run("COMMIT")

            #expect(try #require(try await acquire("c")) > second)
            #expect(try await holder.failure("SELECT assert_permit('s', \(token))") == "TN007")
        }
    }

    @Test("No more permits are given to those who race than there are")
    func permitRace() async throws {
        try await self.withConnections(6) { connections in
            let tokens = try await withThrowingTaskGroup(of: Int.self) { group in
                for (index, connection) in connections.enumerated() {
                    group.addTask {
                        try await connection.run("SELECT * FROM acquire_permit('s', 3, 'h\(index)', '1 minute')").count
                    }
                }
                return try await group.reduce(0, +)
            }

            #expect(tokens == 3)
        }
    }

    @Test("What is in use is not forgotten")
    func upkeep() async throws {
        try await self.withConnections(1) { connections in
            let connection = connections[0]
            _ = try #require(try await self.acquire(connection, "a"))
            try await connection.run("SELECT acquire_permit('s', 2, 'a', '1 minute')")
            try await connection.run("UPDATE semaphores SET used_at = '-infinity'")
            #expect(try await connection.value("SELECT forget_leases('0 seconds')") == "0")
            try await self.end(connection)
            try await connection.run("DELETE FROM permits")

            #expect(try await connection.value("SELECT forget_leases('1 hour')") == "1", "the semaphore")
            #expect(try await connection.value("SELECT forget_leases('0 seconds')") == "1")
        }
    }

    @Test(
        "A wrong argument is refused with a hint",
        arguments: [
            ("acquire_lease('two words', 'a')", "22023"), ("acquire_lease('', 'a')", "22023"),
            ("acquire_lease(NULL, 'a')", "22023"), ("acquire_lease('x', '')", "22023"),
            ("acquire_lease('x', 'a', '1 millisecond')", "22023"), ("acquire_lease('x', 'a', NULL)", "22023"),
            ("acquire_lease('x', 'a', '8 days')", "22023"), ("acquire_lease('x', 'a', '1 s', '2 hours')", "22023"),
            ("renew_lease('x', 1, NULL)", "22023"), ("acquire_permit('s', 0, 'a')", "22023"),
            ("acquire_permit('s', NULL, 'a')", "22023"), ("assert_lease('x', 1)", "TN007"),
            ("assert_lease('x', NULL)", "TN007"), ("assert_permit('x', 1)", "TN007"),
        ]
    )
    func arguments(_ call: String, _ state: String) async throws {
        try await self.withConnections(1) { connections in
            let error = await #expect(throws: PostgresError.self) { try await connections[0].run("SELECT \(call)") }
            #expect(error?.sqlState?.rawValue == state)
            #expect(error?.hint != nil)
        }
    }

    @Test("The client acquires, waits, renews, releases and lists as the functions do")
    func client() async throws {
        try await withStoreDatabase { database in
            let client = try database.client
            let lease = LeaseSubject.lease("x")
            let permit = LeaseSubject.permit("x", limit: 1)
            func acquire(_ subject: LeaseSubject, _ holder: String, place: Duration? = nil) async throws -> LeaseAnswer
            {
                let minute = Duration.seconds(60)
                return try await client.acquire(subject, for: holder, duration: minute, place: place, timeout: minute)
            }
            let token = try #require(try await acquire(lease, "a").token)
            #expect(try await acquire(permit, "p").token != nil)
            let second = try await acquire(lease, "b", place: .seconds(60))
            let third = try await acquire(lease, "c", place: .seconds(60))
            #expect(second.ahead == 0)
            #expect(third.ahead == 1)
            let freeIn = try #require(second.freeIn)
            #expect(freeIn > .seconds(30) && freeIn <= .seconds(60))

            let held = try await client.leases()
            #expect(held.map(\.holder) == ["a", "p"])
            #expect(held.map(\.isPermit) == [false, true])
            #expect(held.map(\.limit) == [nil, 1])
            #expect(held.map(\.waiting) == [2, 0])
            #expect(held[0].token == token)
            #expect(held[0].expiresAt > held[0].acquiredAt)
            #expect(try await client.renew(lease, token, duration: .seconds(60), timeout: .seconds(10)))
            try await client.withdraw(lease, "b", timeout: .seconds(10))
            #expect(try await client.release(lease, token, timeout: .seconds(10)))
            #expect(try await !client.release(lease, token, timeout: .seconds(10)))
            #expect(try await acquire(lease, "c", place: .seconds(60)).token != nil)
            try await client.withdraw(permit, "p", timeout: .seconds(10))
            #expect(try await client.leases().map(\.holder) == ["c"])
        }
    }
}

extension LeaseAnswer {
    fileprivate var token: LeaseToken? {
        if case .held(let token) = self { token } else { nil }
    }

    fileprivate var freeIn: Duration? {
        if case .taken(let freeIn, _) = self { freeIn } else { nil }
    }

    fileprivate var ahead: Int? {
        if case .taken(_, let ahead) = self { ahead } else { nil }
    }
}
