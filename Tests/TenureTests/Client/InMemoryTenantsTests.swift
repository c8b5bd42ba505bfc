import Tenure
import TenureCore
import TenureTesting
import Testing

@Suite("InMemoryTenants and TenantClient")
struct InMemoryTenantsTests {
    private struct Invoice: Codable, Sendable {
        let number: Int
    }

    private let acme: TenantID
    private let tenants: InMemoryTenants
    private let now = ServerTime(microseconds: 1_000_000)

    init() throws {
        self.acme = try TenantID("acme")
        self.tenants = InMemoryTenants([self.acme], now: self.now)
    }

    private func client() async throws -> TenantClient {
        try await self.tenants.router.client(for: self.acme)
    }

    @Test("What is enqueued can be seen, with its payload as JSON")
    func enqueue() async throws {
        let client = try await self.client()

        let id = try await client.enqueue("invoice.send", payload: Invoice(number: 7))
        try await client.schedule("report.make", after: .seconds(5))
        try await client.schedule("report.make", at: ServerTime(microseconds: 9), payload: #"{"month": 3}"#)

        let work = self.tenants.work(of: self.acme)
        #expect(work.map(\.kind) == [.outbox, .timer, .timer])
        #expect(work.map(\.payload) == [#"{"number":7}"#, "{}", #"{"month": 3}"#])
        #expect(work.map(\.dueAt.microseconds) == [1_000_000, 6_000_000, 9])
        #expect(work.first?.id == id)
    }

    @Test("Work with a taken unique key is not added twice")
    func uniqueKey() async throws {
        let client = try await self.client()

        let first = try await client.enqueue("a", options: WorkOptions(uniqueKey: "k"))
        let second = try await client.enqueue("a", options: WorkOptions(uniqueKey: "k"))

        #expect(first == second)
        #expect(self.tenants.work(of: self.acme).count == 1)
    }

    @Test("Cancelling tells the truth: once true, then false; a message is no timer (A38)")
    func cancel() async throws {
        let client = try await self.client()
        let timer = try await client.schedule("a", after: .seconds(5))
        let message = try await client.enqueue("a")

        #expect(try await client.cancelTimer(timer))
        #expect(try await !client.cancelTimer(timer))
        #expect(try await !client.cancelTimer(message))
        #expect(try await client.cancel(message))
    }

    @Test("A message is taken in once")
    func receive() async throws {
        let client = try await self.client()

        let first = try await client.receive(source: "stripe", messageID: "evt_1", topic: "paid")
        let again = try await client.receive(source: "stripe", messageID: "evt_1", topic: "paid")
        let other = try await client.receive(source: "adyen", messageID: "evt_1", topic: "paid")

        #expect(first != nil)
        #expect(again == nil)
        #expect(other != nil)
        #expect(try await client.inbox().map(\.source) == ["adyen", "stripe"])
    }

    @Test("Putting an unchanged job changes nothing, a changed one its revision (A33)")
    func putJob() async throws {
        let client = try await self.client()

        let revisions = [
            try await client.putJob("nightly", topic: "report", cron: "0 3 * * *"),
            try await client.putJob("nightly", topic: "report", cron: "0 3 * * *"),
            try await client.putJob("nightly", topic: "report", cron: "0 4 * * *"),
        ]

        #expect(revisions == [1, 1, 2])
        #expect(self.tenants.jobs(of: self.acme).map(\.definition.schedule) == [.cron("0 4 * * *")])
    }

    @Test("A malformed cron expression is refused with the faulty field")
    func malformedCron() async throws {
        let client = try await self.client()

        let refusal = await #expect(throws: RequestRefused.self) {
            try await client.putJob("nightly", topic: "report", cron: "61 3 * * *")
        }

        #expect(refusal?.message.contains("minute: \"61\" is out of range") == true)
        #expect(refusal?.isNotFound == false)
    }

    @Test("An unknown time zone is refused")
    func unknownZone() async throws {
        let client = try await self.client()

        await #expect(throws: RequestRefused.self) {
            try await client.putJob("nightly", topic: "report", cron: "0 3 * * *", timeZone: "Mars/Olympus")
        }
    }

    @Test("Pausing, resuming, triggering and deleting an unknown job is an error (A39)")
    func unknownJob() async throws {
        let client = try await self.client()
        var refusals: [RequestRefused?] = []

        refusals.append(await #expect(throws: RequestRefused.self) { try await client.pauseJob("no") })
        refusals.append(await #expect(throws: RequestRefused.self) { try await client.resumeJob("no") })
        refusals.append(await #expect(throws: RequestRefused.self) { try await client.triggerJob("no") })
        refusals.append(await #expect(throws: RequestRefused.self) { try await client.deleteJob("no") })
        refusals.append(
            await #expect(throws: RequestRefused.self) { try await client.previewJob("no", after: self.now) }
        )

        #expect(refusals.map { $0?.isNotFound } == [true, true, true, true, true])
    }

    @Test("A preview tells when a job would be due")
    func preview() async throws {
        let client = try await self.client()
        try await client.putJob("tick", topic: "tick", every: .seconds(10))

        let preview = try await client.previewJob("tick", after: self.now, limit: 2)

        #expect(preview.map(\.microseconds) == [11_000_000, 21_000_000])
    }

    @Test(
        "What the schema would refuse is refused",
        arguments: ["", "two words", "grün", String(repeating: "x", count: 201)]
    )
    func topics(_ topic: String) async throws {
        let client = try await self.client()

        await #expect(throws: RequestRefused.self) { try await client.enqueue(topic) }
        await #expect(throws: RequestRefused.self) { try await client.enqueue("a", payload: "{") }
    }
}
