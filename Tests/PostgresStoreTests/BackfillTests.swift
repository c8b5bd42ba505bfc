import PostgresClient
import TenureCore
import TestSupport
import Testing

@testable import PostgresStore

@Suite("Backfill, pauses of many, and transfers", .needsPostgres, .timeLimit(.minutes(1)))
struct BackfillTests {
    private static let noon = ServerTime(microseconds: 1_700_000_000_000_000)

    private static func instants(_ minutes: ClosedRange<Int>) -> [ServerTime] {
        minutes.map { Self.noon.advanced(by: .seconds(60 * $0)) }
    }

    private static func numbers(_ jobs: (matching: Int, changed: Int)) -> [Int] { [jobs.matching, jobs.changed] }

    @Test("What ran, was skipped, is to do or is dead is left out, and the rest is enqueued once")
    func leavingOut() async throws {
        try await withStoreDatabase { database in
            let client = try database.client
            _ = try await client.putJob(JobRequest(name: "j", topic: "t", schedule: .cron("* * * * *")))
            let instants = Self.instants(0...7)
            try await database.withConnections(1) { connections in
                let schema = "\"\(database.schema)\""
                func at(_ index: Int) -> String { "to_timestamp(\(instants[index].microseconds / 1_000_000))" }
                for (index, state) in ["completed", "skipped"].enumerated() {
                    try await connections[0].run(
                        """
                        INSERT INTO \(schema).runs
                            (run_id, attempt, scheduled_for, finished_at, kind, topic, state, job_name)
                        VALUES (\(index + 1), 1, \(at(index)), now(), 'job', 't', '\(state)', 'j')
                        """
                    )
                }
                try await connections[0].run(
                    """
                    INSERT INTO \(schema).work (kind, topic, job_name, scheduled_for)
                    VALUES ('job', 't', 'j', \(at(2)))
                    """
                )
            }
            let future = try await client.summary().serverTime.advanced(by: .seconds(3600))

            let plan = try await client.backfillJob("j", instants + [future], isPlan: true)
            let nothing = try await client.work(job: "j")
            let first = try await client.backfillJob("j", instants.reversed() + instants + [future], isPlan: false)
            let second = try await client.backfillJob("j", instants, isPlan: false)

            #expect(nothing.count == 1)
            #expect(plan.map(\.state) == first.map(\.state))
            #expect(plan.allSatisfy { $0.run == nil })
            #expect(first.map(\.instant) == instants + [future])
            #expect(
                first.map(\.state) == [.present, .present, .present, .added, .added, .added, .added, .added, .upcoming]
            )
            #expect(second.allSatisfy { $0.state == .present })
            let work = try await client.work(job: "j")
            #expect(work.compactMap(\.scheduledFor).sorted() == Array(instants.dropFirst(2)))
            #expect(Set(first.compactMap(\.run)).isSubset(of: Set(work.map(\.id))))
            #expect(work.allSatisfy { $0.orderingKey == nil })
        }
    }

    @Test("Backfills at the same time enqueue each occurrence once")
    func concurrent() async throws {
        try await withStoreDatabase { database in
            let client = try database.client
            var request = JobRequest(name: "j", topic: "t", schedule: .cron("* * * * *"))
            request.overlap = "skip"
            _ = try await client.putJob(request)
            let instants = Self.instants(0...49)

            let added = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        try await client.backfillJob("j", instants, isPlan: false).count { $0.state == .added }
                    }
                }
                return try await group.reduce(0, +)
            }

            #expect(added == 50)
            let work = try await client.work(job: "j")
            #expect(work.compactMap(\.scheduledFor) == instants, "in the order of their instants")
            #expect(work.allSatisfy { $0.orderingKey == "job:j" }, "one at a time")
        }
    }

    @Test("An unknown job and occurrences that are none are refused")
    func refusals() async throws {
        try await withStoreDatabase { database in
            let client = try database.client
            let unknown = await #expect(throws: RefusedRequest.self) {
                try await client.backfillJob("nope", [Self.noon], isPlan: true)
            }
            #expect(unknown?.isNotFound == true)
        }
    }

    @Test("Jobs of a topic, or all of them, are paused and resumed, and counted")
    func pausing() async throws {
        try await withStoreDatabase { database in
            let client = try database.client
            for (name, topic) in [("a", "x"), ("b", "x"), ("c", "y"), ("d", "x")] {
                _ = try await client.putJob(JobRequest(name: name, topic: topic, schedule: .cron("@daily")))
            }
            _ = try await client.pauseJob("a")
            try await client.deleteJob("d")

            #expect(Self.numbers(try await client.pauseJobs(topic: "x")) == [2, 1])
            #expect(try await client.jobs().map(\.definition.isPaused) == [true, true, false])
            #expect(Self.numbers(try await client.pauseJobs(topic: nil)) == [3, 1])
            #expect(Self.numbers(try await client.resumeJobs(topic: "y")) == [1, 1])
            #expect(Self.numbers(try await client.resumeJobs(topic: "z")) == [0, 0])
            #expect(Self.numbers(try await client.resumeJobs(topic: nil)) == [3, 2])
            #expect(try await client.jobs().allSatisfy { !$0.definition.isPaused })
        }
    }

    @Test("An import is all or nothing, a rehearsal nothing, and work is there as often as it is in the request")
    func importing() async throws {
        try await withStoreDatabase { database in
            let client = try database.client
            var request = ImportRequest()
            let good = JobRequest(name: "good", topic: "t", schedule: .cron("@daily"))
            let work = TransferredWork(
                kind: .outbox,
                topic: "t",
                payload: #"{"n": 1}"#,
                dueAt: Self.noon,
                attributes: WorkAttributes()
            )
            request.jobs = [(good, true)]
            request.work = [work, work]

            let rehearsed = try await client.importContents(request, commits: false)
            #expect(try await client.jobs().isEmpty)
            #expect(try await client.work().isEmpty)
            var broken = request
            broken.jobs.append((JobRequest(name: "bad", topic: "no topic", schedule: .cron("@daily")), false))
            let refusal = await #expect(throws: RefusedRequest.self) {
                try await client.importContents(broken, commits: true)
            }
            #expect(refusal?.message.hasPrefix("jobs[1] 'bad': ") == true)
            #expect(try await client.jobs().isEmpty)
            let first = try await client.importContents(request, commits: true)
            let second = try await client.importContents(request, commits: true)

            #expect(rehearsed == first)
            #expect(first == ImportAnswer(jobs: [.added], addedWork: 2, presentWork: 0))
            #expect(second == ImportAnswer(jobs: [.unchanged], addedWork: 0, presentWork: 2))
            #expect(try await client.job("good")?.definition.isPaused == true)
            #expect(try await client.transferableWork() == [work, work])
        }
    }

    @Test("A schema is compared with what the program knows")
    func drift() async throws {
        try await withStoreDatabase(isMigrated: false) { database in
            let client = try database.client
            let numbers = Migrations.all.map(\.number)
            let before = try await client.compareSchema()
            try await client.migrate()
            let current = try await client.compareSchema()
            try await database.withConnections(1) { connections in
                let table = "\"\(database.schema)\".migrations"
                try await connections[0].run("UPDATE \(table) SET sha256 = 'x' WHERE number = 2")
                try await connections[0].run("DELETE FROM \(table) WHERE number = 3")
                try await connections[0].run(
                    """
                    INSERT INTO \(table) (number, name, sha256, breaking)
                    VALUES (900, 'a', 'x', false), (901, 'b', 'x', true)
                    """
                )
            }
            let after = try await client.compareSchema()

            #expect(before == SchemaComparison(exists: false, missing: numbers))
            #expect(current == SchemaComparison(exists: true, applied: numbers))
            #expect(after.edited == [2] && after.missing == [3])
            #expect(after.unknown == [900, 901] && after.breaking == [901])
        }
    }
}
