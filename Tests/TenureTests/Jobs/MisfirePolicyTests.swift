import TenureCore
import Testing

@testable import Tenure

/// Scenario A35: exact counts under each policy, and no extra fire.
@Suite("OccurrencePlanner: misfires (A35)")
struct MisfirePolicyTests {
    private func at(_ seconds: Double) -> ServerTime { OccurrencePlannerTests.at(seconds) }

    private func job(_ policy: MisfirePolicy, grace: Double = 10, bound: Int = 100) -> JobDefinition {
        JobDefinition(
            name: "tick",
            topic: "tick",
            schedule: .cron("* * * * * *"),
            timeZone: "UTC",
            misfire: policy,
            misfireGraceMilliseconds: Int64(grace * 1000),
            misfireBound: bound,
            lastOccurrence: self.at(0),
            plannedFrom: self.at(0),
            revision: 1
        )
    }

    private func plan(_ job: JobDefinition, now: Double) throws -> Materialisation {
        var planner = OccurrencePlanner()
        return try #require(try planner.plan(job, now: self.at(now)))
    }

    private func instants(_ range: ClosedRange<Int>) -> [ServerTime] { range.map { self.at(Double($0)) } }

    @Test("Within the grace all run, whatever the policy", arguments: MisfirePolicy.allCases)
    func withinGrace(_ policy: MisfirePolicy) throws {
        // Exactly the grace late still counts.
        let plan = try self.plan(self.job(policy, bound: 3), now: 11)

        #expect(plan.occurrences == self.instants(1...11))
        #expect(plan.skipped == [])
        #expect(!plan.pauses)
        #expect(plan.nextDue == self.at(12))
    }

    @Test("A microsecond more than the grace late is a misfire")
    func graceEnds() throws {
        var planner = OccurrencePlanner()
        let now = self.at(11).advanced(by: .microseconds(1))

        let plan = try #require(try planner.plan(self.job(.skip), now: now))

        #expect(plan.occurrences == self.instants(2...11))
        #expect(plan.skipped.map(\.scheduledFor) == self.instants(1...1))
    }

    @Test("skip: those beyond the grace do not run")
    func skip() throws {
        let plan = try self.plan(self.job(.skip), now: 100.5)

        #expect(plan.occurrences == self.instants(91...100))
        #expect(plan.skipped.map(\.scheduledFor) == self.instants(1...90))
        #expect(Set(plan.skipped.map(\.reason)) == ["misfire"])
        #expect(!plan.pauses)
    }

    @Test("latest: nothing beyond the grace runs while something is within it")
    func latestWithinGrace() throws {
        let plan = try self.plan(self.job(.latest), now: 100.5)

        #expect(plan.occurrences == self.instants(91...100))
        #expect(plan.skipped.map(\.scheduledFor) == self.instants(1...90))
    }

    @Test("latest: exactly one runs when none is within the grace")
    func latestBeyondGrace() throws {
        var job = self.job(.latest)
        job.schedule = .cron("*/20 * * * * *")

        let plan = try self.plan(job, now: 95)

        #expect(plan.occurrences == [self.at(80)])
        #expect(plan.skipped.map(\.scheduledFor) == [self.at(20), self.at(40), self.at(60)])
        #expect(plan.nextDue == self.at(100))
    }

    @Test("all: as many run as the bound allows, the newest")
    func allBounded() throws {
        let plan = try self.plan(self.job(.all, bound: 25), now: 100.5)

        #expect(plan.occurrences == self.instants(76...100))
        #expect(plan.skipped.map(\.scheduledFor) == self.instants(1...75))
    }

    @Test("all: everything runs within the bound")
    func allWithinBound() throws {
        let plan = try self.plan(self.job(.all, bound: 100), now: 100.5)

        #expect(plan.occurrences == self.instants(1...100))
        #expect(plan.skipped == [])
    }

    @Test("pause: those beyond the grace do not run, and the job is paused")
    func pause() throws {
        let plan = try self.plan(self.job(.pause), now: 100.5)

        #expect(plan.occurrences == self.instants(91...100))
        #expect(plan.skipped.map(\.scheduledFor) == self.instants(1...90))
        #expect(plan.pauses)
    }

    @Test("Every due occurrence either runs or is skipped, once", arguments: MisfirePolicy.allCases, [0, 1, 30, 500])
    func complete(_ policy: MisfirePolicy, _ bound: Int) throws {
        let plan = try self.plan(self.job(policy, bound: bound), now: 200)

        #expect((plan.occurrences + plan.skipped.map(\.scheduledFor)).sorted() == self.instants(1...200))
    }

    @Test("More skips than fit: the oldest stands for all before it")
    func manySkips() throws {
        let plan = try self.plan(self.job(.skip), now: 5000.5)

        #expect(plan.occurrences == self.instants(4991...5000))
        #expect(plan.skipped.map(\.scheduledFor) == self.instants(3991...4990))
        #expect(plan.skipped.first?.reason == "misfire:earlier-too")
        #expect(Set(plan.skipped.dropFirst().map(\.reason)) == ["misfire"])
    }

    @Test("Exactly as many skips as fit say nothing of earlier ones")
    func fullSkips() throws {
        let plan = try self.plan(self.job(.skip), now: 1010.5)

        #expect(plan.skipped.map(\.scheduledFor) == self.instants(1...1000))
        #expect(Set(plan.skipped.map(\.reason)) == ["misfire"])
    }

    @Test("Occurrences far apart are found as well as dense ones")
    func sparse() throws {
        var job = self.job(.skip)
        job.schedule = .cron("0,1,2 0 0 1 * *")
        // A year later; 2026-01-01 itself is the start, of which 00:00:01 and 00:00:02 are left.
        let plan = try self.plan(job, now: 365 * 86_400 - 1)

        #expect(plan.occurrences == [])
        #expect(plan.skipped.count == 2 + 11 * 3)
        #expect(plan.skipped.map(\.scheduledFor) == plan.skipped.map(\.scheduledFor).sorted())
        #expect(plan.nextDue == self.at(365 * 86_400))
    }

    @Test("A backlog of years is planned in the time of a short one")
    func years() throws {
        var job = self.job(.all, bound: 50)
        job.schedule = .interval(microseconds: 1_000, anchor: self.at(0))
        let clock = ContinuousClock()

        let begin = clock.now
        let plan = try self.plan(job, now: 10 * 365 * 86_400)

        #expect(clock.now - begin < .seconds(5))
        #expect(plan.occurrences.count == OccurrencePlanner.maxRuns)
        #expect(plan.skipped.count == OccurrencePlanner.maxSkips)
    }

    @Test("More within the grace than one plan holds: the rest is due at once, and none is left out")
    func fullHand() throws {
        var planner = OccurrencePlanner()
        var job = self.job(.skip, grace: 3600)
        job.schedule = .interval(microseconds: 100_000, anchor: self.at(0))
        let now = self.at(1500)

        var seen: [ServerTime] = []
        while let plan = try planner.plan(job, now: now), seen.count < 20_000 {
            seen += plan.occurrences
            #expect(plan.skipped == [])
            job.lastOccurrence = plan.occurrences.last
            job.nextDue = plan.nextDue
        }

        #expect(seen == (1...15_000).map { self.at(Double($0) / 10) })
        #expect(job.nextDue == self.at(1500.1))
    }
}
