import PostgresClient
import PostgresStore
import TenureCore
import TestSupport
import Testing

@Suite("PostgresTenantStore: jobs", .needsPostgres, .timeLimit(.minutes(1)))
struct OccurrenceTests {
    private static let noon = ServerTime(microseconds: 1_700_000_000_000_000)

    private static func plan(
        _ job: JobDefinition,
        _ minutes: [Int],
        skipped: [Int] = [],
        pauses: Bool = false
    ) -> Materialisation {
        func instant(_ minute: Int) -> ServerTime { Self.noon.advanced(by: .seconds(60 * minute)) }
        return Materialisation(
            job: job.name,
            revision: job.revision,
            lastOccurrence: job.lastOccurrence,
            occurrences: minutes.map(instant),
            skipped: skipped.map { .init(scheduledFor: instant($0), reason: "misfire") },
            nextDue: instant(99),
            pauses: pauses
        )
    }

    @Test("A job is read as it was put, and its version changes with every change")
    func reading() async throws {
        try await withOwner { store, client in
            let opened = try await store.open(
                epoch: Epoch(1),
                holder: Owner.first,
                living: [Owner.first.incarnation],
                lending: .zero
            )
            var request = JobRequest(name: "report", topic: "report.daily", schedule: .cron("0 9 * * MON-FRI"))
            request.timeZone = "Europe/Berlin"
            request.misfire = .all
            request.misfireGrace = .seconds(5)
            request.misfireBound = 7
            #expect(try await client.putJob(request) == 1)
            _ = try await client.putJob(JobRequest(name: "beat", topic: "beat", schedule: .every(.milliseconds(2500))))
            let version = try await store.pass(Owner.first, 1).jobsVersion
            #expect(version != opened.jobsVersion)
            #expect(try await store.pass(Owner.first, 1).jobsVersion == version, "nothing changed since")

            let jobs = try await store.jobs()
            #expect(jobs.version == version)
            #expect(jobs.jobs.map(\.name) == ["beat", "report"])
            guard case .interval(2_500_000, let anchor) = jobs.jobs[0].schedule else {
                Issue.record("\(jobs.jobs[0].schedule)")
                return
            }
            #expect(anchor == jobs.jobs[0].plannedFrom)
            let report = jobs.jobs[1]
            #expect(report.schedule == .cron("0 9 * * MON-FRI") && report.timeZone == "Europe/Berlin")
            #expect(report.misfire == .all && report.misfireGraceMilliseconds == 5000 && report.misfireBound == 7)
            #expect(report.nextDue == nil && report.lastOccurrence == nil && !report.isPaused)

            #expect(try await client.pauseJob("report"))
            #expect(try await store.pass(Owner.first, 1).jobsVersion != version)
            #expect(try await store.jobs().jobs[1].isPaused)
            try await client.deleteJob("report")
            #expect(try await store.jobs().jobs.map(\.name) == ["beat"])
        }
    }

    @Test("Due occurrences become rows once, skipped ones become history, and the job moves on")
    func materialising() async throws {
        try await withOwner { store, client in
            let job = try await self.putJob(client, store)
            let plan = Self.plan(job, [2, 3], skipped: [1])

            let result = try await store.pass(Owner.first, 1, materialise: [plan, plan])

            guard case .applied(let items) = result.materialised[0] else {
                Issue.record("\(result.materialised)")
                return
            }
            #expect(items.map(\.scheduledFor) == plan.occurrences && items.map(\.dueAt) == plan.occurrences)
            #expect(items.allSatisfy { $0.kind == .job && $0.jobName == "job" && $0.topic == "topic" })
            #expect(result.materialised[1] == .conflict, "the same again")
            let skipped = try await client.runs(states: ["skipped"])
            #expect(skipped.map(\.scheduledFor) == [plan.skipped[0].scheduledFor] && skipped[0].reason == "misfire")
            let after = try #require(try await store.jobs().jobs.first)
            #expect(after.lastOccurrence == plan.occurrences[1] && after.nextDue == plan.nextDue)
            #expect(after.revision == job.revision)
            #expect(try await store.scan(Owner.first, 1).items.map(\.id) == items.map(\.id))
        }
    }

    @Test("An occurrence is never repeated, not after completion, nor after the job was deleted and put again")
    func uniqueness() async throws {
        try await withOwner { store, client in
            let job = try await self.putJob(client, store)
            let first = try await store.pass(Owner.first, 1, materialise: [Self.plan(job, [1])])
            guard case .applied(let items) = first.materialised[0] else {
                Issue.record("\(first.materialised)")
                return
            }
            let claim = try await store.claim(Owner.first, 1, items.map(\.id))
            #expect(await store.settle(claim.batch, claim.ids) == .accepted)
            try await client.deleteJob("job")

            let again = try await self.putJob(client, store)

            #expect(again.lastOccurrence == items[0].scheduledFor && again.revision > job.revision)
            #expect(
                try await store.pass(Owner.first, 1, materialise: [Self.plan(job, [1])]).materialised == [.conflict]
            )
            var stale = Self.plan(again, [1])
            stale.nextDue = nil
            await #expect(throws: StoreError.self, "an occurrence that is not later than the last one") {
                try await store.pass(Owner.first, 1, materialise: [stale])
            }
        }
    }

    @Test("A paused job takes skipped occurrences only, and a misfire policy can pause it")
    func pausing() async throws {
        try await withOwner { store, client in
            let job = try await self.putJob(client, store)
            let pausing = try await store.pass(
                Owner.first,
                1,
                materialise: [Self.plan(job, [], skipped: [1], pauses: true)]
            )
            #expect(pausing.materialised == [.applied([])])
            let paused = try #require(try await store.jobs().jobs.first)
            #expect(paused.isPaused && paused.revision == job.revision + 1)

            let running = try await store.pass(Owner.first, 1, materialise: [Self.plan(paused, [2])])
            #expect(running.materialised == [.conflict])
            let skipping = try await store.pass(Owner.first, 1, materialise: [Self.plan(paused, [], skipped: [2])])
            #expect(skipping.materialised == [.applied([])])
            #expect(try await client.resumeJob("job"))
            let resumed = try #require(try await store.jobs().jobs.first)
            #expect(!resumed.isPaused && resumed.nextDue == nil)
            #expect(resumed.plannedFrom == job.plannedFrom, "the misfire policy decides about what was missed")
        }
    }

    @Test("Putting the same definition again changes nothing; a change of the payload keeps the next due instant")
    func puttingAgain() async throws {
        try await withOwner { store, client in
            let job = try await self.putJob(client, store)
            _ = try await store.pass(Owner.first, 1, materialise: [Self.plan(job, [1])])
            let before = try #require(try await store.jobs().jobs.first)

            #expect(try await self.putJob(client, store) == before)
            var request = Self.request
            request.payload = "[1]"
            #expect(try await client.putJob(request) == before.revision + 1)
            #expect(try await store.jobs().jobs.first?.nextDue == before.nextDue)
            request.schedule = .cron("*/5 * * * *")
            #expect(try await client.putJob(request) == before.revision + 2)
            let changed = try #require(try await store.jobs().jobs.first)
            #expect(changed.nextDue == nil && changed.plannedFrom > before.plannedFrom)
            #expect(changed.lastOccurrence == before.lastOccurrence)
        }
    }

    @Test(
        "An occurrence whose predecessor has not ended is skipped, queued or run, as the job says",
        arguments: [
            "allow", "skip", "queue",
        ]
    )
    func overlap(_ policy: String) async throws {
        try await withOwner { store, client in
            var request = Self.request
            request.overlap = policy
            _ = try await client.putJob(request)
            let job = try #require(try await store.jobs().jobs.first)

            _ = try await store.pass(Owner.first, 1, materialise: [Self.plan(job, [1, 2])])

            let scan = try await store.scan(Owner.first, 1)
            #expect(scan.items.count == (policy == "allow" ? 2 : 1))
            let skipped = try await client.runs(states: ["skipped"])
            #expect(skipped.map(\.reason) == (policy == "skip" ? ["overlap"] : []))
            if policy == "queue" {
                let claim = try await store.claim(Owner.first, 1, scan.items.map(\.id))
                #expect(await store.settle(claim.batch, claim.ids) == .accepted)
                #expect(try await store.scan(Owner.first, 1, from: scan.cursor).items.count == 1)
            }
        }
    }

    @Test("A triggered run is no occurrence, and an unknown job cannot be triggered")
    func triggering() async throws {
        try await withOwner { store, client in
            _ = try await self.putJob(client, store)
            _ = try await client.pauseJob("job")

            let id = try await client.triggerJob("job")

            let item = try #require(try await store.scan(Owner.first, 1).items.first)
            #expect(item.id == id && item.jobName == "job" && item.scheduledFor == nil)
            let error = await #expect(throws: RefusedRequest.self) { try await client.triggerJob("other") }
            #expect(error?.isNotFound == true && error?.hint != nil)
        }
    }

    @Test("Deleting a job cancels what has not started, and lets run what has")
    func deleting() async throws {
        try await withOwner { store, client in
            _ = try await self.putJob(client, store)
            let (running, waiting) = (try await client.triggerJob("job"), try await client.triggerJob("job"))
            let claim = try await store.claim(Owner.first, 1, [running])

            try await client.deleteJob("job")

            #expect(try await client.work().map(\.id) == [running])
            #expect(try await client.runs(id: waiting).map(\.state) == ["cancelled"])
            #expect(await store.settle(claim.batch, [running]) == .accepted)
            await #expect(throws: RefusedRequest.self) { try await client.deleteJob("job") }
        }
    }

    private static let request = JobRequest(name: "job", topic: "topic", schedule: .cron("* * * * *"))

    private func putJob(_ client: PostgresTenantClient, _ store: PostgresTenantStore) async throws -> JobDefinition {
        _ = try await client.putJob(Self.request)
        let jobs = try await store.jobs()
        return try #require(jobs.jobs.first)
    }

    private func withOwner(_ body: (PostgresTenantStore, PostgresTenantClient) async throws -> Void) async throws {
        try await withStoreDatabase { database in
            let stores = PostgresTenantStores(pools: database.pools)
            let store = database.store(stores)
            try await store.become(owner: Owner.first, 1)
            try await body(store, try database.client)
            await stores.close()
        }
    }
}
