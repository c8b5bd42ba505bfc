import PostgresStore
import TenureCore
import Testing

@testable import Tenure

@Suite("OccurrenceLedger")
struct OccurrenceLedgerTests {
    /// 2026-01-01 00:00:00 UTC.
    private static let start: Int64 = 1_767_225_600_000_000

    private static func at(_ second: Int64) -> Int64 { self.start + second * 1_000_000 }

    private func job(last: Int64?, _ change: (inout JobDefinition) -> Void = { _ in }) -> JobDefinition {
        var job = JobDefinition(
            name: "tick",
            topic: "t",
            schedule: .cron("*/10 * * * * *"),
            timeZone: "UTC",
            lastOccurrence: last.map { ServerTime(microseconds: Self.at($0)) },
            plannedFrom: ServerTime(microseconds: Self.start),
            revision: 1
        )
        change(&job)
        return job
    }

    private func ledger(
        _ job: JobDefinition,
        _ recorded: [RecordedOccurrence],
        after: Int64 = 0,
        limit: Int = 100
    ) throws -> OccurrenceLedger {
        let timetable = try JobTimetable(job.schedule, timeZone: "UTC", daylight: job.daylight, job: job.name)
        return OccurrenceLedger(of: job, timetable, after: Self.at(after), recorded: recorded, limit: limit)
    }

    private func records(_ seconds: [Int64]) -> [RecordedOccurrence] {
        seconds.map { RecordedOccurrence(instant: Self.at($0), id: $0) }
    }

    @Test("What is recorded of every occurrence is complete")
    func complete() throws {
        let ledger = try self.ledger(self.job(last: 40), self.records([10, 20, 30, 40]))

        #expect(ledger.expected == 4)
        #expect(ledger.missing.isEmpty && ledger.offSchedule.isEmpty && ledger.ahead.isEmpty && !ledger.isCut)
    }

    @Test("A gap is found at the front, in the middle and at the end")
    func gaps() throws {
        for missing: Int64 in [10, 20, 40] {
            let ledger = try self.ledger(self.job(last: 40), self.records([10, 20, 30, 40].filter { $0 != missing }))

            #expect(ledger.missing == [Self.at(missing)])
        }
    }

    @Test("Nothing is expected before the schedule counts, after its place, or outside its window")
    func bounds() throws {
        #expect(try self.ledger(self.job(last: nil), []).expected == 0)
        let window = self.job(last: 100) {
            $0.startsAt = ServerTime(microseconds: Self.at(30))
            $0.endsAt = ServerTime(microseconds: Self.at(50))
        }
        let ledger = try self.ledger(window, self.records([30, 40, 50]))
        #expect(ledger.expected == 3)
        #expect(ledger.missing.isEmpty)
    }

    @Test("A row that stands for earlier ones covers them up to the last that was dealt with before")
    func standing() throws {
        var recorded = self.records([10, 20, 60])
        recorded[2].standsForEarlier = true
        let covered = try self.ledger(self.job(last: 60), recorded)
        #expect(covered.missing.isEmpty)

        // What ran before that row ends what it stands for.
        var gap = self.records([20, 60])
        gap[1].standsForEarlier = true
        #expect(try self.ledger(self.job(last: 60), gap).missing == [Self.at(10)])

        // What was backfilled later does not.
        recorded.insert(RecordedOccurrence(instant: Self.at(40), id: 99), at: 2)
        #expect(try self.ledger(self.job(last: 60), recorded).missing.isEmpty)
    }

    @Test("What the schedule does not have, and what it has not come to, is told")
    func foreign() throws {
        let ledger = try self.ledger(self.job(last: 30), self.records([10, 17, 20, 30, 40]))

        #expect(ledger.offSchedule.map(\.instant) == [Self.at(17)])
        #expect(ledger.ahead.map(\.instant) == [Self.at(40)])
        #expect(ledger.missing.isEmpty)
    }

    @Test("Beyond the limit only the newest are compared")
    func cut() throws {
        let ledger = try self.ledger(self.job(last: 60), self.records([50, 60]), limit: 2)

        #expect(ledger.isCut)
        #expect(ledger.expected == 2)
        #expect(ledger.missing.isEmpty && ledger.offSchedule.isEmpty)
    }

    @Test("An occurrence is overdue once it was not dealt with by an instant, unless the job is paused")
    func overdue() throws {
        let job = self.job(last: 30)
        let timetable = try JobTimetable(job.schedule, timeZone: "UTC", daylight: job.daylight, job: job.name)
        let limit = ServerTime(microseconds: Self.at(41))
        var paused = job
        paused.isPaused = true

        #expect(OccurrenceLedger.overdue(job, timetable, before: limit)?.microseconds == Self.at(40))
        #expect(OccurrenceLedger.overdue(job, timetable, before: ServerTime(microseconds: Self.at(40))) == nil)
        #expect(OccurrenceLedger.overdue(paused, timetable, before: limit) == nil)
    }
}
