import PostgresClient
import PostgresStore
import TestSupport
import Testing

@Suite("The fence for handlers' own transactions", .needsPostgres, .timeLimit(.minutes(1)))
struct ClaimFenceTests {
    private static let batch = "00000000-0000-4000-8000-000000000001"

    /// An owner that has claimed one message, and a table of the application's.
    private static func prepare(_ connection: PostgresConnection) async throws -> String {
        try await connection.run("CREATE TABLE public.entries (run bigint)")
        try await connection.run("SELECT take_ownership(1, 'node-1', 'a')")
        let id = try await connection.text("SELECT enqueue('topic')")
        try await connection.run("SELECT claim(1, '\(Self.batch)', 'node-1', 'a', ARRAY[\(id)]::bigint[], false)")
        return id
    }

    private static func takeOver(_ connection: PostgresConnection) async throws {
        try await connection.run("SELECT take_ownership(2, 'node-2', 'b')")
        try await connection.run("SELECT open_tenant(2, 'b', '{b}', 1000)")
    }

    @Test("Row 109: the writes of a zombie are refused, whichever snapshot its transaction has")
    func zombie() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(2) { connections in
                let (zombie, owner) = (connections[0], connections[1])
                let id = try await Self.prepare(owner)

                try await zombie.run("BEGIN")
                try await zombie.run("INSERT INTO public.entries VALUES (\(id))")
                #expect(try await zombie.value("SELECT is_claim_current(\(id), 1)") == "t")
                try await Self.takeOver(owner)
                #expect(try await zombie.failure("SELECT assert_claim(\(id), 1)") == "TN002")
                try await zombie.run("ROLLBACK")

                // The trap: a snapshot that is older than the revocation still sees the claim.
                #expect(try await zombie.value("SELECT is_claim_current(\(id), 1)") == "f")
                try await zombie.run("BEGIN ISOLATION LEVEL REPEATABLE READ")
                #expect(try await zombie.failure("SELECT assert_claim(\(id), 1)") == "TN005")
                try await zombie.run("ROLLBACK")
                #expect(try await zombie.value("SELECT count(*) FROM public.entries") == "0")
            }
        }
    }

    @Test("A claim that was asserted is not revoked before the transaction ends, which has 2 s for that")
    func asserted() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(2) { connections in
                let (handler, owner) = (connections[0], connections[1])
                let id = try await Self.prepare(owner)
                let standing = "SELECT count(*) FROM claims"

                try await handler.run("BEGIN")
                try await handler.run("INSERT INTO public.entries VALUES (\(id))")
                try await handler.run("SELECT assert_claim(\(id), 1)")
                #expect(try await handler.value("SHOW idle_in_transaction_session_timeout") == "2s")
                // A new owner leaves it for its next look, and does not wait.
                try await Self.takeOver(owner)
                #expect(try await owner.value(standing) == "1")
                try await handler.run("COMMIT")
                #expect(try await handler.value("SHOW idle_in_transaction_session_timeout") == "0")
                try await owner.run("SELECT open_tenant(2, 'b', '{b}', 1000)")

                #expect(try await owner.value(standing) == "0")
                #expect(try await owner.value("SELECT count(*) FROM public.entries") == "1")
                #expect(try await handler.failure("SELECT assert_claim(\(id), 1)") == "TN002")
                #expect(try await handler.failure("SELECT assert_claim(\(id), 2)") == "TN002")
            }
        }
    }

    @Test("A revocation under way is waited for, and then obeyed")
    func concurrent() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(3) { connections in
                let (handler, owner, look) = (connections[0], connections[1], connections[2])
                let id = try await Self.prepare(owner)
                try await owner.run("SELECT take_ownership(2, 'node-2', 'b')")
                let process = try await handler.processID()

                try await owner.run("BEGIN")
                try await owner.run("SELECT open_tenant(2, 'b', '{b}', 1000)")
                async let refusal = handler.failure("SELECT assert_claim(\(id), 1)")
                try await look.waitUntilBlocked(process)
                try await owner.run("COMMIT")

                #expect(try await refusal == "TN002")
            }
        }
    }

    @Test("A role that only writes its own tables may use it")
    func rights() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                let id = try await Self.prepare(connections[0])
                let role = "handler_\(database.name)"
                try await connections[0].run("CREATE ROLE \(role)")
                try await connections[0].run("GRANT USAGE ON SCHEMA \"\(database.schema)\" TO \(role)")
                try await connections[0].run("SET ROLE \(role)")
                #expect(try await connections[0].failure("SELECT assert_claim(\(id), 1)") == nil)
                #expect(try await connections[0].failure("SELECT count(*) FROM claims") == "42501")
                try await connections[0].run("RESET ROLE")
                try await connections[0].run("DROP OWNED BY \(role)")
                try await connections[0].run("DROP ROLE \(role)")
            }
        }
    }
}
