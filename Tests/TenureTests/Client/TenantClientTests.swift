import Tenure
import TenureCore
import TestSupport
import Testing

@Suite("TenantClient on Postgres", .needsPostgres, .timeLimit(.minutes(1)))
struct TenantClientTests {
    /// Runs a body with a client of a migrated schema.
    private func withClient(_ body: (TenantClient, DatabaseFixture) async throws -> Void) async throws {
        try await withDatabase { database in
            let tenant = Tenant(id: try TenantID("acme"), connection: database.url)
            let router = TenantRouter(discovery: StaticDiscovery(tenant))
            let result: Result<Void, any Error>
            do {
                let client = try await router.client(for: tenant.id)
                try await client.migrate()
                try await body(client, database)
                result = .success(())
            } catch {
                result = .failure(error)
            }
            await router.close()
            try result.get()
        }
    }

    @Test("A schema that was not migrated is told apart")
    func missingSchema() async throws {
        try await withDatabase { database in
            let tenant = Tenant(id: try TenantID("acme"), connection: database.url)
            let router = TenantRouter(discovery: StaticDiscovery(tenant))
            let client = try await router.client(for: tenant.id)

            let error = await #expect(throws: StoreError.self) { try await client.enqueue("a") }
            let applied = try await client.migrate()
            let again = try await client.migrate()
            await router.close()

            #expect(error?.code == .schema)
            #expect(!applied.isEmpty)
            #expect(again == [])
        }
    }

    @Test("Work is added with all that was said about it")
    func add() async throws {
        try await self.withClient { client, _ in
            var options = WorkOptions(uniqueKey: "invoice-7")
            options.orderingKey = "customer-1"
            options.priority = 3
            options.retry = RetryPolicy(maxAttempts: 9)
            options.correlationID = "order-1"

            let message = try await client.enqueue("invoice.send", payload: ["number": 7], options: options)
            let again = try await client.enqueue("invoice.send", options: WorkOptions(uniqueKey: "invoice-7"))
            let timer = try await client.schedule("report.make", after: .seconds(3600))

            let work = try #require(try await client.work(message))
            #expect(again == message)
            #expect(work.kind == .outbox)
            #expect(work.payload.filter { !$0.isWhitespace } == #"{"number":7}"#)
            #expect(work.orderingKey == "customer-1")
            #expect(work.priority == 3)
            #expect(work.maxAttempts == 9)
            #expect(work.correlationID == "order-1")
            #expect(work.state == "available")
            #expect(try await client.work(timer)?.state == "scheduled")
            #expect(try await client.work(kinds: [.timer]).map(\.id) == [timer])
        }
    }

    @Test("Cancelling tells the truth, and history says so (A38)")
    func cancel() async throws {
        try await self.withClient { client, _ in
            let timer = try await client.schedule("a", after: .seconds(3600))

            #expect(try await client.cancelTimer(timer))
            #expect(try await !client.cancelTimer(timer))
            #expect(try await client.work(timer) == nil)
            #expect(try await client.runs(of: timer).map(\.state) == ["cancelled"])
        }
    }

    @Test("A message is taken in once")
    func receive() async throws {
        try await self.withClient { client, _ in
            let first = try await client.receive(source: "stripe", messageID: "evt_1", topic: "paid")
            let again = try await client.receive(source: "stripe", messageID: "evt_1", topic: "paid")

            #expect(first != nil)
            #expect(again == nil)
            #expect(try await client.inbox().map(\.id) == [first])
        }
    }

    @Test("A job is put, shown, paused, resumed, triggered and deleted")
    func jobs() async throws {
        try await self.withClient { client, _ in
            var draft = JobDraft(name: "nightly", topic: "report.make", schedule: .cron("0 3 * * *"))
            draft.timeZone = "Europe/Berlin"
            draft.misfire = .all
            draft.misfireGrace = .seconds(5)
            draft.misfireBound = 7
            draft.overlap = .skip
            draft.jitter = .milliseconds(1500)

            let revision = try await client.putJob(draft)
            let same = try await client.putJob(draft)
            let job = try #require(try await client.job("nightly"))

            #expect(same == revision)
            #expect(job.definition.schedule == .cron("0 3 * * *"))
            #expect(job.definition.timeZone == "Europe/Berlin")
            #expect(job.definition.misfire == .all)
            #expect(job.definition.misfireGraceMilliseconds == 5000)
            #expect(job.definition.misfireBound == 7)
            #expect(job.overlap == "skip")
            #expect(job.jitterMilliseconds == 1500)
            #expect(try await client.pauseJob("nightly"))
            #expect(try await !client.pauseJob("nightly"))
            #expect(try await client.job("nightly")?.definition.isPaused == true)
            #expect(try await client.resumeJob("nightly"))
            let run = try await client.triggerJob("nightly")
            #expect(try await client.work(job: "nightly").map(\.id) == [run])
            try await client.deleteJob("nightly")
            #expect(try await client.jobs() == [])
        }
    }

    @Test("What the schema refuses is refused with a hint, what does not exist is told apart (A39)")
    func refusals() async throws {
        try await self.withClient { client, _ in
            let topic = await #expect(throws: RequestRefused.self) { try await client.enqueue("two words") }
            let job = await #expect(throws: RequestRefused.self) { try await client.triggerJob("no") }
            let payload = await #expect(throws: (any Error).self) { try await client.enqueue("a", payload: "{") }

            #expect(topic?.isNotFound == false)
            #expect(topic?.hint != nil)
            #expect(job?.isNotFound == true)
            #expect(payload != nil)
        }
    }

    @Test("A dead letter goes back to work under its ID")
    func deadLetters() async throws {
        try await self.withClient { client, database in
            let id = try await client.enqueue("a")
            try await database.execute(
                """
                WITH gone AS (DELETE FROM tenure.work RETURNING *)
                INSERT INTO tenure.dead_letters (
                    id, reason, due_at, created_at, backoff_base_ms, backoff_max_ms, attempts, max_attempts, priority,
                    crashes, kind, topic, payload)
                SELECT id, 'attempts', due_at, created_at, backoff_base_ms, backoff_max_ms, 5, max_attempts,
                    priority, 0, kind, topic, payload FROM gone
                """
            )

            #expect(try await client.deadLetters().map(\.id) == [id])
            #expect(try await client.deadLetter(id)?.attempts == 5)
            #expect(try await client.retryDeadLetter(id) == id)
            #expect(try await client.work(id)?.attempts == 0)
            #expect(try await !client.discardDeadLetter(id))
        }
    }

    @Test("The tenant's standing counts what waits")
    func status() async throws {
        try await self.withClient { client, _ in
            try await client.enqueue("a")
            try await client.schedule("a", after: .seconds(3600))

            let status = try await client.status()

            #expect(status.pending == 2)
            #expect(status.due == 1)
            #expect(try await client.lag() != nil)
        }
    }
}
