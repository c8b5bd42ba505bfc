import Cron
import Foundation
import TenureCore
import Testing

@testable import Tenure

@Suite("OccurrencePlanner")
struct OccurrencePlannerTests {
    /// 2026-01-01 00:00:00 UTC.
    static let start = ServerTime(microseconds: 1_767_225_600_000_000)

    static func at(_ seconds: Double) -> ServerTime {
        self.start.advanced(by: .milliseconds(Int64((seconds * 1000).rounded())))
    }

    private func job(
        _ schedule: JobSchedule = .cron("* * * * * *"),
        name: String = "tick",
        zone: String = "UTC",
        misfire: MisfirePolicy = .latest,
        grace: Double = 60,
        bound: Int = 100,
        last: Double? = nil
    ) -> JobDefinition {
        JobDefinition(
            name: name,
            topic: "tick",
            schedule: schedule,
            timeZone: zone,
            misfire: misfire,
            misfireGraceMilliseconds: Int64(grace * 1000),
            misfireBound: bound,
            lastOccurrence: last.map(Self.at),
            plannedFrom: Self.start,
            revision: 7
        )
    }

    @Test(
        "A36: a job's policy for skipped and repeated local times is obeyed",
        arguments: [
            ("first-valid-instant", "2026-03-29T03:00:00+02:00"), ("skip", "2026-03-30T02:30:00+02:00"),
            ("shift", "2026-03-29T03:30:00+02:00"),
        ]
    )
    func daylightGap(policy: String, expected: String) throws {
        var planner = OccurrencePlanner()
        var job = self.job(.cron("30 2 * * *"), zone: "Europe/Berlin")
        job.daylight.gap = policy

        let next = try planner.preview(job, after: Self.instant("2026-03-28T12:00:00+01:00"), limit: 1)

        #expect(next == [try Self.instant(expected)])
    }

    @Test("A daylight saving policy that nobody knows is an error of that job")
    func unknownDaylightPolicy() {
        var planner = OccurrencePlanner()
        var job = self.job(.cron("30 2 * * *"), zone: "Europe/Berlin")
        job.daylight.overlap = "sometimes"

        #expect(throws: InvalidSchedule.self) { try planner.firstDue(job) }
    }

    private static func instant(_ text: String) throws -> ServerTime {
        ServerTime(microseconds: Int64(try ISO8601.date(from: text).timeIntervalSince1970) * 1_000_000)
    }

    /// Applies a plan as the store does.
    private func apply(_ plan: Materialisation, to job: JobDefinition) -> JobDefinition {
        var job = job
        job.lastOccurrence = (plan.occurrences + plan.skipped.map(\.scheduledFor)).max() ?? job.lastOccurrence
        job.nextDue = plan.nextDue
        job.isPaused = plan.pauses
        return job
    }

    @Test("A due occurrence is planned with the revision and the last occurrence that it rests on")
    func dueOccurrence() throws {
        var planner = OccurrencePlanner()
        let job = self.job(.cron("* * * * *"), last: 60)

        let plan = try planner.plan(job, now: Self.at(121))

        #expect(
            plan
                == Materialisation(
                    job: "tick",
                    revision: 7,
                    lastOccurrence: Self.at(60),
                    occurrences: [Self.at(120)],
                    nextDue: Self.at(180)
                )
        )
    }

    @Test("An occurrence is due at its instant and not a microsecond before")
    func dueExactly() throws {
        var planner = OccurrencePlanner()
        var job = self.job(.cron("* * * * *"))
        job.nextDue = Self.at(60)

        let before = try planner.plan(job, now: ServerTime(microseconds: Self.at(60).microseconds - 1))
        let then = try planner.plan(job, now: Self.at(60))

        #expect(before == nil)
        #expect(then?.occurrences == [Self.at(60)])
    }

    @Test("Nothing due and no stored instant gives a plan that only stores the next one")
    func storesNextDue() throws {
        var planner = OccurrencePlanner()

        let plan = try planner.plan(self.job(.cron("*/5 * * * *")), now: Self.at(10))

        #expect(plan?.occurrences == [])
        #expect(plan?.skipped == [])
        #expect(plan?.nextDue == Self.at(300))
    }

    @Test("A plan that was applied is not planned again")
    func idempotent() throws {
        var planner = OccurrencePlanner()
        let job = self.job(last: 3)
        let now = Self.at(10.5)

        let first = try #require(try planner.plan(job, now: now))
        let second = try planner.plan(self.apply(first, to: job), now: now)

        #expect(first.occurrences == (4...10).map { Self.at(Double($0)) })
        #expect(second == nil)
    }

    @Test("The server's clock going back makes nothing due twice")
    func clockGoesBack() throws {
        var planner = OccurrencePlanner()
        var job = self.job(last: 10)
        job.nextDue = Self.at(11)

        #expect(try planner.plan(job, now: Self.at(5)) == nil)
    }

    @Test("The first due occurrence may have passed already")
    func firstDue() throws {
        var planner = OccurrencePlanner()

        #expect(try planner.firstDue(self.job(.cron("* * * * *"), last: 60)) == Self.at(120))
        #expect(try planner.firstDue(self.job(.cron("* * * * *"))) == Self.at(60))
    }

    @Test("Putting a schedule anew makes nothing due from before (A33)")
    func putAnew() throws {
        var planner = OccurrencePlanner()
        var job = self.job(.cron("0 * * * *"), last: 0)
        job.plannedFrom = Self.at(15 * 3600 + 60)

        let plan = try planner.plan(job, now: Self.at(15 * 3600 + 61))

        #expect(plan?.occurrences == [])
        #expect(plan?.skipped == [])
        #expect(plan?.nextDue == Self.at(16 * 3600))
    }

    @Test("A paused job never fires (A34)")
    func paused() throws {
        var planner = OccurrencePlanner()
        var job = self.job(last: 0)
        job.isPaused = true

        #expect(try planner.plan(job, now: Self.at(10)) == nil)
        #expect(try planner.firstDue(job) == nil)
    }

    @Test("A job that is resumed catches up by its misfire policy (A34)")
    func resumed() throws {
        var planner = OccurrencePlanner()
        var job = self.job(.cron("* * * * *"), last: 0)
        job.isPaused = true
        let now = Self.at(630)
        #expect(try planner.plan(job, now: now) == nil)

        job.isPaused = false
        let plan = try #require(try planner.plan(job, now: now))

        #expect(plan.occurrences == [Self.at(600)])
        #expect(plan.skipped.count == 9)
    }

    @Test("Occurrences stay within the window, whose ends belong to it")
    func window() throws {
        var planner = OccurrencePlanner()
        var job = self.job(last: 0)
        job.startsAt = Self.at(5)
        job.endsAt = Self.at(8)

        let plan = try #require(try planner.plan(job, now: Self.at(20)))

        #expect(plan.occurrences == (5...8).map { Self.at(Double($0)) })
        #expect(plan.skipped == [])
        #expect(plan.nextDue == nil)
        #expect(try planner.plan(self.apply(plan, to: job), now: Self.at(30)) == nil)
    }

    @Test("A window that is yet to come sets the next due instant")
    func windowToCome() throws {
        var planner = OccurrencePlanner()
        var job = self.job(.cron("* * * * *"))
        job.startsAt = Self.at(3600)

        #expect(try planner.plan(job, now: Self.at(90))?.nextDue == Self.at(3600))
    }

    @Test("An interval stays on the grid of its anchor, however late the plans are (A37)")
    func interval() throws {
        var planner = OccurrencePlanner()
        var job = self.job(.interval(microseconds: 1_500_000, anchor: Self.at(0.25)))
        var seen: [ServerTime] = []

        for now in [1.0, 2.9, 3.3, 7.77, 8.0, 12.4] {
            guard let plan = try planner.plan(job, now: Self.at(now)) else { continue }
            seen += plan.occurrences
            job = self.apply(plan, to: job)
        }

        #expect(seen == (0...8).map { Self.at(0.25 + Double($0) * 1.5) })
        #expect(job.nextDue == Self.at(0.25 + 9 * 1.5))
    }

    @Test("Local time decides: a daily job in Berlin follows the change of clocks (A36)")
    func zone() throws {
        var planner = OccurrencePlanner()
        // 29 March 2026: 02:30 does not exist, the first instant after the gap is 03:00 CEST = 01:00 UTC.
        let day = 86_400.0
        let job = self.job(.cron("30 2 * * *"), zone: "Europe/Berlin", last: 86 * day + 1.5 * 3600)

        let found = try planner.preview(job, after: Self.at(86 * day + 2 * 3600), limit: 2)

        #expect(found == [Self.at(87 * day + 3600), Self.at(88 * day + 1800)])
    }

    @Test("A job that cannot be planned says why and leaves the others alone")
    func invalid() {
        var planner = OccurrencePlanner()
        let jobs = [
            self.job(.cron("61 * * * *"), name: "bad-field"),
            self.job(.cron("* * * * *"), name: "bad-zone", zone: "Mars/Olympus"),
            self.job(.interval(microseconds: 0, anchor: Self.start), name: "bad-interval"),
            self.job(.cron("* * * * *"), name: "good"),
        ]

        let plan = planner.plan(jobs, now: Self.at(61))

        #expect(plan.materialisations.map(\.job) == ["good"])
        #expect(plan.nextDue == Self.at(120))
        #expect(plan.invalid.map(\.job) == ["bad-field", "bad-zone", "bad-interval"])
        #expect(plan.invalid[0].reason.contains("minute: \"61\" is out of range"))
        #expect(plan.invalid[1].reason.contains("Mars/Olympus"))
        #expect(plan.invalid[2].reason.contains("0 µs"))
    }

    @Test("A tenant is to be planned again at the earliest next instant of its jobs that are not paused")
    func nextOfTenant() {
        var planner = OccurrencePlanner()
        var paused = self.job(.cron("* * * * * *"), name: "paused")
        paused.isPaused = true
        let jobs = [
            self.job(.cron("0 * * * *"), name: "hourly"), paused, self.job(.cron("*/10 * * * *"), name: "often"),
        ]

        #expect(planner.plan(jobs, now: Self.at(1)).nextDue == Self.at(600))
        #expect(planner.plan([paused], now: Self.at(1)).nextDue == nil)
    }

    @Test("A changed schedule of the same job is parsed anew")
    func changedSchedule() throws {
        var planner = OccurrencePlanner()
        _ = try planner.plan(self.job(.cron("0 0 1 1 *")), now: Self.at(1))

        let plan = try planner.plan(self.job(.cron("*/2 * * * *")), now: Self.at(1))

        #expect(plan?.nextDue == Self.at(120))
    }
}
