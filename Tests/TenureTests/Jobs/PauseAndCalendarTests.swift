import TenureCore
import Testing

@testable import Tenure

/// What a pause and a calendar keep from running, under each misfire policy: exact counts (A34, A35).
@Suite("OccurrencePlanner: pauses and calendars (A34)")
struct PauseAndCalendarTests {
    private func at(_ seconds: Double) -> ServerTime { OccurrencePlannerTests.at(seconds) }

    /// Every second, paused from 20 to 100 s, with a grace of 10 s; dealt with up to the start.
    private func job(_ policy: MisfirePolicy, bound: Int = 100) -> JobDefinition {
        JobDefinition(
            name: "tick",
            topic: "tick",
            schedule: .cron("* * * * * *"),
            timeZone: "UTC",
            misfire: policy,
            misfireGraceMilliseconds: 10_000,
            misfireBound: bound,
            pausedAt: self.at(20.5),
            resumedAt: self.at(100.5),
            lastOccurrence: self.at(20),
            plannedFrom: self.at(0),
            revision: 1
        )
    }

    private func plan(_ job: JobDefinition, now: Double) throws -> Materialisation {
        var planner = OccurrencePlanner()
        return try #require(try planner.plan(job, now: self.at(now)))
    }

    private func instants(_ range: ClosedRange<Int>) -> [ServerTime] { range.map { self.at(Double($0)) } }

    private func counts(_ plan: Materialisation) -> [String: Int] {
        plan.skipped.reduce(into: [:]) { $0[$1.reason, default: 0] += 1 }
    }

    @Test(
        "At the resumption what is within the grace runs, the rest as the policy says; what does not run was paused",
        arguments: [
            (MisfirePolicy.skip, 91...100, 70), (.latest, 91...100, 70), (.pause, 91...100, 70), (.all, 71...100, 50),
        ]
    )
    func resumption(_ policy: MisfirePolicy, _ running: ClosedRange<Int>, _ skipped: Int) throws {
        let plan = try self.plan(self.job(policy, bound: 30), now: 100.5)

        #expect(plan.occurrences == self.instants(running))
        #expect(self.counts(plan) == ["paused": skipped])
        #expect(!plan.pauses, "a pause must not bring about another")
        #expect(plan.nextDue == self.at(101))
    }

    @Test("latest: the latest of a sparse schedule runs, the others were paused")
    func latest() throws {
        var job = self.job(.latest)
        job.schedule = .cron("*/20 * * * * *")

        let plan = try self.plan(job, now: 95)

        #expect(plan.occurrences == [self.at(80)])
        #expect(plan.skipped.map(\.scheduledFor) == [self.at(40), self.at(60)])
        #expect(self.counts(plan) == ["paused": 2])
    }

    @Test("What was a misfire already when the pause began, or came after it, is a misfire")
    func before() throws {
        var job = self.job(.skip)
        job.lastOccurrence = self.at(0)

        let plan = try self.plan(job, now: 200)

        // 1…10 were late by more than the grace at 20.5 s; 101…189 came after the pause.
        #expect(self.counts(plan) == ["misfire": 10 + 89, "paused": 90])
        #expect(plan.skipped.first { $0.reason == "paused" }?.scheduledFor == self.at(11))
        #expect(plan.skipped.last { $0.reason == "paused" }?.scheduledFor == self.at(100))
        #expect(plan.occurrences == self.instants(190...200))
    }

    @Test("pause: misfires after the resumption pause the job again")
    func pausesAgain() throws {
        #expect(try !self.plan(self.job(.pause), now: 111).pauses)
        #expect(try self.plan(self.job(.pause), now: 111.5).pauses)
    }

    @Test("More than fit: the oldest row stands for all before it, with its own reason")
    func manySkips() throws {
        var job = self.job(.skip)
        job.resumedAt = self.at(5_000)

        let plan = try self.plan(job, now: 5_000.5)

        #expect(plan.skipped.map(\.scheduledFor) == self.instants(3_991...4_990))
        #expect(self.counts(plan) == ["paused:earlier-too": 1, "paused": 999])
        #expect(plan.skipped.first?.reason == "paused:earlier-too")
    }

    @Test("A job that is still paused has no rows yet")
    func stillPaused() throws {
        var planner = OccurrencePlanner()
        var job = self.job(.skip)
        job.isPaused = true

        #expect(try planner.plan(job, now: self.at(1_000)) == nil)
    }

    // MARK: Calendars

    /// Every hour from 2026-01-01 00:00 UTC, a Thursday, with a grace of three hours.
    private func hourly(_ policy: MisfirePolicy, excluding excluded: [String], zone: String? = nil) -> JobDefinition {
        JobDefinition(
            name: "hourly",
            topic: "hourly",
            schedule: .cron("0 * * * *"),
            timeZone: "UTC",
            misfire: policy,
            misfireGraceMilliseconds: 3 * 3_600_000,
            calendar: JobCalendar(name: "days", excluded: excluded, timeZone: zone),
            lastOccurrence: self.at(0),
            plannedFrom: self.at(0),
            revision: 1
        )
    }

    @Test("Occurrences on a date that is left out do not run, on time or late, and are told apart from misfires")
    func excluded() throws {
        // Friday the 2nd; it is the 3rd, 01:30.
        let plan = try self.plan(self.hourly(.skip, excluding: ["FRI"]), now: 49.5 * 3_600)

        #expect(plan.occurrences == [self.at(48 * 3_600), self.at(49 * 3_600)])
        #expect(self.counts(plan) == ["misfire": 23, "calendar:days": 24])
        #expect(plan.skipped.map(\.scheduledFor) == (1...47).map { self.at(Double($0) * 3_600) })
        #expect(plan.nextDue == self.at(50 * 3_600))
    }

    @Test("latest: the latest that is not left out runs, however far it is back")
    func latestIncluded() throws {
        let plan = try self.plan(self.hourly(.latest, excluding: ["2026-01-02..2026-01-09"]), now: 200.5 * 3_600)

        #expect(plan.occurrences == [self.at(23 * 3_600)])
        #expect(self.counts(plan) == ["misfire": 22, "calendar:days": 177])
    }

    @Test("pause: what is left out pauses nothing")
    func excludedPausesNothing() throws {
        #expect(try !self.plan(self.hourly(.pause, excluding: ["01-01", "FRI"]), now: 47.5 * 3_600).pauses)
        #expect(try self.plan(self.hourly(.pause, excluding: ["FRI"]), now: 47.5 * 3_600).pauses)
    }

    @Test("Dates are those of the calendar's zone or else of the job's")
    func zones() throws {
        var job = self.hourly(.all, excluding: ["2026-01-02"], zone: "Asia/Tokyo")
        let tokyo = try self.plan(job, now: 72 * 3_600).skipped
        job.calendar?.timeZone = nil
        job.timeZone = "America/New_York"
        let york = try self.plan(job, now: 72 * 3_600).skipped

        #expect(tokyo.map(\.scheduledFor) == (15..<39).map { self.at(Double($0) * 3_600) })
        #expect(york.map(\.scheduledFor) == (29..<53).map { self.at(Double($0) * 3_600) })
    }

    @Test("A preview shows what runs")
    func preview() throws {
        var planner = OccurrencePlanner()
        var job = self.hourly(.latest, excluding: ["2026-01-02..2026-03-31", "01-01"])

        let found = try planner.preview(job, after: self.at(0), limit: 2)
        // 1 April.
        #expect(found == [self.at(90 * 86_400), self.at(90 * 86_400 + 3_600)])

        job.schedule = .cron("0 12 * * FRI")
        job.calendar = JobCalendar(name: "days", excluded: ["FRI"])
        #expect(try planner.preview(job, after: self.at(0), limit: 2) == [])
    }

    @Test("A calendar that cannot be read is that job's error")
    func malformed() {
        var planner = OccurrencePlanner()
        let error = #expect(throws: InvalidSchedule.self) {
            try planner.firstDue(self.hourly(.latest, excluding: ["2026-02-30"]))
        }
        #expect(error?.reason.contains("'days'") == true)
    }
}
