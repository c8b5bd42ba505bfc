import Foundation
import PostgresClient
import PostgresStore
import Synchronization
import TenureCore
import TestSupport
import Testing

@Suite("Transactions of handlers", .needsPostgres, .timeLimit(.minutes(1)))
struct HandlerStoreTests {
    private struct Failure: Error {}

    private struct Unexpected: Error {
        let what: String

        init(_ what: String) { self.what = what }
    }

    /// A tenant with a table of its own, an owner, and one message that it has claimed.
    private struct Scene {
        let database: StoreDatabase
        let store: PostgresTenantStore
        let look: PostgresConnection
        let id: WorkID
        let batch: BatchID

        func run(idleLimit: Duration = .seconds(30)) -> TransactionalRun {
            TransactionalRun(
                batch: self.batch,
                id: self.id,
                startedAt: .distantPast,
                timeLeft: .seconds(30),
                idleLimit: idleLimit
            )
        }

        /// Runs a handler that posts an entry, then does what a test wants.
        func post(
            through handlers: (any HandlerStore)? = nil,
            _ run: TransactionalRun? = nil,
            _ then: @escaping @Sendable (any SQLSession) async throws -> Void = { _ in }
        ) async -> TransactionEnd {
            let handlers = handlers ?? self.store.handlerStore
            return await handlers.transact(run ?? self.run()) { session in
                let result = try await session.run("INSERT INTO public.entries VALUES ($1)", [.id(self.id)])
                #expect(result.affectedRows == 1)
                try await then(session)
                return RunReport()
            }
        }

        var entries: String? {
            get async throws { try await self.look.value("SELECT count(*) FROM public.entries") }
        }

        var completed: String? {
            get async throws { try await self.look.value("SELECT count(*) FROM runs WHERE state = 'completed'") }
        }
    }

    private func withScene(_ body: (Scene) async throws -> Void) async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                try await connections[0].run("CREATE TABLE public.entries (run bigint)")
                let stores = PostgresTenantStores(pools: database.pools)
                let store = database.store(stores)
                try await store.become(owner: Owner.first, 1)
                let text = try await connections[0].text("SELECT enqueue('ledger.post')")
                let id = WorkID(try #require(Int64(text)))
                let claim = try await store.claim(Owner.first, 1, [id])
                #expect(claim.ids == [id])
                try await body(
                    Scene(database: database, store: store, look: connections[0], id: id, batch: claim.batch)
                )
                await store.close()
                await stores.close()
            }
        }
    }

    @Test("What it wrote and its completion are committed together")
    func commit() async throws {
        try await self.withScene { scene in
            let end = await scene.post { _ in
                let (entries, completed) = (try await scene.entries, try await scene.completed)
                #expect(entries == "0", "nobody else sees it before")
                #expect(completed == "0")
            }

            guard case .committed = end else { throw Unexpected("\(end)") }
            #expect(try await scene.entries == "1")
            #expect(try await scene.completed == "1")
            #expect(try await scene.look.value("SELECT count(*) FROM claims") == "0")
        }
    }

    @Test("Row 109: what a fenced-off handler wrote is rolled back")
    func fenced() async throws {
        try await self.withScene { scene in
            let end = await scene.post { _ in
                try await scene.look.run("SELECT take_ownership(2, 'node-2', 'b')")
                try await scene.look.run("SELECT open_tenant(2, 'b', '{b}', 1000)")
            }

            guard case .gone = end else { throw Unexpected("\(end)") }
            #expect(try await scene.entries == "0")
            #expect(try await scene.completed == "0")
            #expect(try await scene.look.value("SELECT count(*) FROM work") == "1")
        }
    }

    @Test("A claim that is lent to a handler entitles it until it is revoked")
    func lent() async throws {
        try await self.withScene { scene in
            let end = await scene.post { _ in
                try await scene.look.run("SELECT take_ownership(2, 'node-2', 'b')")
                let living = Owner.first.incarnation
                try await scene.look.run("SELECT open_tenant(2, 'b', '{b,\(living)}', 60000)")
            }

            guard case .committed = end else { throw Unexpected("\(end)") }
            #expect(try await scene.entries == "1")
            #expect(try await scene.look.value("SELECT epoch FROM runs WHERE state = 'completed'") == "1")
        }
    }

    @Test("An error rolls back, whoever raises it: the handler, a statement, or a constraint at the commit")
    func errors() async throws {
        try await self.withScene { scene in
            let thrown = await scene.post { _ in throw Failure() }
            guard case .failed(let error) = thrown, error is Failure else { throw Unexpected("\(thrown)") }

            let broken = await scene.post { session in _ = try await session.run("SELECT 1 / $1", [0]) }
            guard case .failed(let statement as StatementError) = broken else { throw Unexpected("\(broken)") }
            #expect(statement.sqlState == "22012")

            // A handler that goes on after an error has no transaction to commit.
            let swallowed = await scene.post { session in _ = try? await session.run("SELECT 1 / $1", [0]) }
            guard case .refused(let refusal) = swallowed else { throw Unexpected("\(swallowed)") }
            #expect(refusal.sqlState == "25P02")

            try await scene.look.run(
                "ALTER TABLE public.entries ADD UNIQUE (run) DEFERRABLE INITIALLY DEFERRED"
            )
            let deferred = await scene.post { session in
                _ = try await session.run("INSERT INTO public.entries VALUES ($1)", [.id(scene.id)])
            }
            guard case .refused(let late) = deferred else { throw Unexpected("\(deferred)") }
            #expect(late.sqlState == "23505")

            #expect(try await scene.entries == "0")
            #expect(try await scene.completed == "0")
            guard case .committed = await scene.post() else { throw Unexpected("the claim still stands") }
        }
    }

    @Test("A handler cannot end its transaction; savepoints it may use")
    func control() async throws {
        try await self.withScene { scene in
            for sql in [
                "COMMIT", " rollback;", "begin", "END", "Abort", "PREPARE TRANSACTION 'x'", "START TRANSACTION",
            ] {
                let end = await scene.post { session in _ = try await session.run(sql, []) }
                guard case .failed(let error as StatementError) = end else { throw Unexpected("\(sql): \(end)") }
                #expect(error.message.contains("not for handlers"))
            }
            // Hidden from the eye of the client, but not from the completion.
            let hidden = await scene.post { session in _ = try await session.run("/* */ COMMIT", []) }
            guard case .escaped = hidden else { throw Unexpected("\(hidden)") }
            #expect(try await scene.completed == "0")
            try await scene.look.run("DELETE FROM public.entries")

            let end = await scene.post { session in
                _ = try await session.run("SAVEPOINT s", [])
                _ = try? await session.run("SELECT 1 / $1", [0])
                _ = try await session.run("ROLLBACK TO SAVEPOINT s", [])
            }
            guard case .committed = end else { throw Unexpected("\(end)") }
            #expect(try await scene.entries == "1")
        }
    }

    @Test("It is READ COMMITTED whatever the database's default, and typed values pass")
    func isolationAndValues() async throws {
        try await self.withScene { scene in
            try await scene.look.run(
                "ALTER DATABASE \(scene.database.name) SET default_transaction_isolation = 'serializable'"
            )
            let rows = Mutex<[SQLRow]>([])
            let sql = """
                SELECT $1 AS i, $2 AS t, $3 AS b, $4::float8 AS d, $5->>'a' AS j, $6::int AS n, $7 AS at,
                    current_setting('transaction_isolation') AS level
                """
            let end = await scene.post { session in
                let result = try await session.run(
                    sql,
                    [7, "ü", true, 0.5, .json("{\"a\": 1}"), nil, .time(ServerTime(microseconds: 0))]
                )
                rows.withLock { $0 = result.rows }
            }

            guard case .committed = end else { throw Unexpected("\(end)") }
            let row = try #require(rows.withLock { $0.first })
            #expect(try row.decode("i", as: Int.self) == 7)
            #expect(try row.decode("t", as: String.self) == "ü")
            #expect(try row.decode("b", as: Bool.self) == true)
            #expect(try row.decode("d", as: Double.self) == 0.5)
            #expect(try row.decode("j", as: Int64.self) == 1)
            #expect(try row.decodeIfPresent("n", as: Int.self) == nil)
            let instant = try row.decode("at", as: String.self)
            #expect(instant.hasPrefix("1970-01-01"))
            #expect(try row.decode("level", as: String.self) == "read committed")
            #expect(throws: StatementError.self) { try row.decode("n", as: Int.self) }
            #expect(throws: StatementError.self) { try row.decode("t", as: Int.self) }
            #expect(throws: StatementError.self) { try row.decode("none", as: Int.self) }
        }
    }

    @Test("A session that its process forgot is ended by the server, and its run can be done again")
    func idleLimit() async throws {
        try await self.withScene { scene in
            let end = await scene.post(scene.run(idleLimit: .milliseconds(50))) { _ in
                try await Polling.wait(for: "the session to be ended") {
                    try await scene.look.value(
                        "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
                    ) == "0"
                }
            }

            switch end {
            case .refused, .unknown: break
            default: Issue.record("\(end)")
            }
            #expect(try await scene.entries == "0")
            guard case .committed = await scene.post() else { throw Unexpected("the claim still stands") }
            #expect(try await scene.entries == "1")
        }
    }

    @Test("A commit whose answer is lost is found out by looking, whether it arrived or not")
    func unknownOutcome() async throws {
        try await self.withScene { scene in
            let port = try #require(URLComponents(string: scene.database.url)?.port)
            let proxy = try FaultyProxy(target: UInt16(port))
            let url = scene.database.url.replacing(":\(port)/", with: ":\(proxy.port)/")
            let pools = PostgresPools(reactor: scene.database.reactor)
            let stores = PostgresTenantStores(pools: pools)
            let store = stores.store(connection: url, schema: scene.database.schema.description)
            let handlers = store.handlerStore

            // It never leaves: the claim still names the run.
            async let lost = scene.post(through: handlers) { _ in
                proxy.behave(.stall)
                _ = Task {
                    try await Task.sleep(for: .milliseconds(200))
                    proxy.behave(.pass)
                    proxy.cut()
                }
            }
            guard case .refused = await lost else { throw Unexpected("\(await lost)") }
            #expect(try await scene.entries == "0")
            #expect(try await scene.completed == "0")

            // It arrives, and the answer does not.
            async let unheard = scene.post(through: handlers) { _ in
                proxy.behave(.stallReplies)
                _ = Task {
                    try await Polling.wait(for: "the commit") { try await scene.completed == "1" }
                    proxy.behave(.pass)
                    proxy.cut()
                }
            }
            guard case .committed = await unheard else { throw Unexpected("\(await unheard)") }
            #expect(try await scene.entries == "1")
            #expect(try await scene.completed == "1")

            await store.close()
            await stores.close()
            await pools.close()
            proxy.stop()
        }
    }
}
