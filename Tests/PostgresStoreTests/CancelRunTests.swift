import PostgresClient
import PostgresStore
import TenureCore
import TestSupport
import Testing

@Suite("Traps of cancelling runs in progress", .needsPostgres, .timeLimit(.minutes(1)))
struct CancelRunTests {
    private static let batch = "00000000-0000-4000-8000-000000000001"
    private static let look = "SELECT cancelled FROM look(1, NULL)"

    /// An owner with one message in progress, and the message's ID.
    private static func prepare(_ connection: PostgresConnection) async throws -> String {
        try await connection.run("SELECT take_ownership(1, 'node-1', 'a')")
        let id = try await connection.text("SELECT enqueue('topic')")
        try await connection.run(Self.claim(id))
        return id
    }

    private static func claim(_ id: String) -> String {
        "SELECT claim(1, '\(Self.batch)', 'node-1', 'a', ARRAY[\(id)]::bigint[], false)"
    }

    private static func settle(_ id: String, _ state: String) -> String {
        """
        SELECT settle('\(Self.batch)', ARRAY[\(id)]::bigint[], '{\(state)}', ARRAY[now()], ARRAY[now()], '{0}',
            ARRAY[NULL]::text[], ARRAY[NULL]::text[])
        """
    }

    private static func states(_ connection: PostgresConnection) async throws -> String {
        try await connection.text("SELECT string_agg(state, ' ' ORDER BY finished_at) FROM runs")
    }

    @Test("A user's transaction that has cancelled a run holds up neither its settlement nor the owner's look")
    func openTransaction() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(2) { connections in
                let (owner, user) = (connections[0], connections[1])
                let id = try await Self.prepare(owner)
                try await owner.run("SET lock_timeout = '1s'")
                try await user.run("BEGIN")
                #expect(try await user.value("SELECT cancel_run(\(id))") == "requested")

                #expect(try await owner.value(Self.look) == "{}", "before the commit nobody sees it")
                #expect(try await owner.value(Self.settle(id, "completed")) == "1")
                try await user.run("COMMIT")

                #expect(try await owner.value(Self.look) == "{}")
                #expect(try await owner.value("SELECT count(*) FROM cancellations") == "0", "it is forgotten")
                #expect(try await Self.states(owner) == "completed")
            }
        }
    }

    @Test("An attempt that fails before the mark is committed is the last one all the same")
    func settledBefore() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(2) { connections in
                let (owner, user) = (connections[0], connections[1])
                let id = try await Self.prepare(owner)
                try await user.run("BEGIN")
                #expect(try await user.value("SELECT cancel_run(\(id))") == "requested")
                #expect(try await owner.value(Self.settle(id, "retryable")) == "1")
                try await user.run("COMMIT")

                // The trap: the mark came too late for the settlement, and the row may be claimed.
                #expect(try await owner.value("SELECT count(*) FROM work") == "1")
                #expect(try await owner.value(Self.claim(id)) == "{}", "the claim leaves it alone")
                #expect(try await owner.value(Self.look) == "{}", "the look ends it")

                #expect(try await Self.states(owner) == "retryable cancelled")
                #expect(try await owner.value("SELECT count(*) FROM work") == "0")
                #expect(try await owner.value("SELECT count(*) FROM cancellations") == "0")
            }
        }
    }

    @Test("A look that meets a row locked by a user passes it by, and ends it later")
    func lockedRow() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(2) { connections in
                let (owner, user) = (connections[0], connections[1])
                let id = try await Self.prepare(owner)
                try await owner.run(Self.settle(id, "retryable"))
                try await owner.run("INSERT INTO cancellations (id) VALUES (\(id))")
                try await owner.run("SET lock_timeout = '1s'")
                try await user.run("BEGIN")
                try await user.run("SELECT FROM work FOR UPDATE")

                #expect(try await owner.value(Self.look) == "{}")
                #expect(try await owner.value("SELECT count(*) FROM work") == "1")
                try await user.run("ROLLBACK")

                #expect(try await owner.value(Self.look) == "{}")
                #expect(try await Self.states(owner) == "retryable cancelled")
            }
        }
    }

    @Test("A request that is rolled back leaves the run alone")
    func rolledBack() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(2) { connections in
                let (owner, user) = (connections[0], connections[1])
                let id = try await Self.prepare(owner)
                try await user.run("BEGIN")
                #expect(try await user.value("SELECT cancel_run(\(id))") == "requested")
                try await user.run("ROLLBACK")

                #expect(try await owner.value(Self.look) == "{}")
                #expect(try await owner.value(Self.settle(id, "retryable")) == "1")
                #expect(try await Self.states(owner) == "retryable")
            }
        }
    }

    @Test("A request that meets a claim under way waits for it, and then says that the run is in progress")
    func duringClaim() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(3) { connections in
                let (owner, user, observer) = (connections[0], connections[1], connections[2])
                try await owner.run("SELECT take_ownership(1, 'node-1', 'a')")
                let id = try await owner.text("SELECT enqueue('topic')")
                try await owner.run("BEGIN")
                try await owner.run(Self.claim(id))
                let process = try await user.processID()

                async let reply = user.value("SELECT cancel_run(\(id))")
                try await observer.waitUntilBlocked(process)
                try await owner.run("COMMIT")

                #expect(try await reply == "requested")
                #expect(try await owner.value(Self.look) == "{\(id)}")
                #expect(try await owner.value("SELECT cancel_requested_at IS NOT NULL FROM running") == "t")
            }
        }
    }
}
