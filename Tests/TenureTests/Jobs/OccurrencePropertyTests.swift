import Foundation
import TenureCore
import Testing

@testable import Tenure

/// Random jobs with windows, pauses and calendars against a slow reference that looks at every occurrence (A35).
///
/// `PLANNER_SEED` repeats the run of a seed that a failure names.
@Suite("OccurrencePlanner against the reference (A35)")
struct OccurrencePropertyTests {
    private static let seed =
        ProcessInfo.processInfo.environment["PLANNER_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1_000_000)

    @Test(
        "What runs, what is skipped and why, and what is next, are those of the reference",
        arguments: 0..<40 as Range<UInt64>
    )
    func plans(_ index: UInt64) throws {
        var random = Numbers(state: Self.seed &* 1_000_003 &+ index)
        for _ in 0..<15 {
            let (job, step) = Self.job(using: &random)
            let now = OccurrencePlannerTests.at(Double(Int.random(in: 0...400_000, using: &random)) / 2)
            var planner = OccurrencePlanner()

            let plan = try planner.plan(job, now: now)

            let expected = Reference(job, step: step, now: now)
            let context = Comment(rawValue: "PLANNER_SEED=\(Self.seed) \(index): \(job) at \(now)")
            #expect(plan?.occurrences ?? [] == expected.running, context)
            #expect(plan?.skipped ?? [] == expected.skipped, context)
            #expect(plan?.pauses ?? false == expected.pauses, context)
            #expect(plan.map(\.nextDue) ?? job.nextDue == expected.next, context)
        }
    }

    /// A job, and the distance of its occurrences in seconds; all of them lie on whole multiples of it.
    private static func job(using random: inout Numbers) -> (JobDefinition, Int64) {
        func at(_ seconds: Int) -> ServerTime { OccurrencePlannerTests.at(Double(seconds)) }
        let steps: [(Int64, String)] = [
            (30, "*/30 * * * * *"), (60, "* * * * *"), (600, "*/10 * * * *"), (3_600, "@hourly"),
        ]
        let (step, cron) = steps[Int.random(in: 0..<steps.count, using: &random)]
        let isCron = Bool.random(using: &random)
        var job = JobDefinition(
            name: "job",
            topic: "topic",
            schedule: isCron ? .cron(cron) : .interval(microseconds: step * 1_000_000, anchor: at(0)),
            timeZone: "UTC",
            misfire: MisfirePolicy.allCases.randomElement(using: &random) ?? .all,
            misfireGraceMilliseconds: Int64([0, 1_500, 60_000, 7_200_000].randomElement(using: &random) ?? 0),
            misfireBound: Int.random(in: 1...300, using: &random),
            plannedFrom: at(Int.random(in: 0...1_000, using: &random)),
            revision: 1
        )
        if Bool.random(using: &random) { job.lastOccurrence = at(Int.random(in: 0...50_000, using: &random)) }
        if Bool.random(using: &random) { job.startsAt = at(Int.random(in: 0...90_000, using: &random)) }
        if Bool.random(using: &random) { job.endsAt = at(Int.random(in: 60_000...200_000, using: &random)) }
        if Bool.random(using: &random) {
            let begin = Int.random(in: 0...100_000, using: &random)
            job.pausedAt = at(begin)
            job.resumedAt = at(begin + Int.random(in: 0...90_000, using: &random))
        }
        if Bool.random(using: &random) {
            // The first is a Thursday.
            let entries = ["THU", "2026-01-02", "01-03", "2026-01-01..2026-01-02", "SUN"]
            job.calendar = JobCalendar(name: "c", excluded: entries.filter { _ in Bool.random(using: &random) })
        }
        return (job, step * 1_000_000)
    }

    /// The rules, one occurrence at a time.
    private struct Reference {
        var running: [ServerTime] = []
        var skipped: [Materialisation.Skip] = []
        var pauses = false
        var next: ServerTime?

        init(_ job: JobDefinition, step: Int64, now: ServerTime) {
            let origin = OccurrencePlannerTests.start.microseconds
            let all = (0...30_000 as ClosedRange<Int64>).map { ServerTime(microseconds: origin + $0 * step) }.filter {
                $0 > max(job.lastOccurrence ?? .distantPast, job.plannedFrom)
                    && $0 >= job.startsAt ?? .distantPast && $0 <= job.endsAt ?? .distantFuture
            }
            let grace = Duration.milliseconds(job.misfireGraceMilliseconds)
            self.next = all.first { $0 > now }
            let timely = all.filter { $0 <= now && $0.advanced(by: grace) >= now }
            let late = all.filter { $0.advanced(by: grace) < now }
            func isExcluded(_ instant: ServerTime) -> Bool { Self.isExcluded(instant, job) }
            func skip(_ instant: ServerTime) -> Materialisation.Skip {
                var reason = "misfire"
                if let begin = job.pausedAt, let end = job.resumedAt, instant.advanced(by: grace) >= begin,
                    instant <= end
                {
                    reason = "paused"
                }
                return .init(scheduledFor: instant, reason: isExcluded(instant) ? "calendar:c" : reason)
            }

            let punctual = timely.filter { !isExcluded($0) }
            let misfires = late.filter { !isExcluded($0) }
            let allowed =
                switch job.misfire {
                case .skip, .pause: 0
                case .latest: punctual.isEmpty ? 1 : 0
                case .all: max(0, job.misfireBound - punctual.count)
                }
            let rescued = misfires.suffix(allowed)
            self.running = rescued + punctual
            let missed = late.filter { !rescued.contains($0) }
            self.skipped = missed.suffix(1_000).map(skip)
            if missed.count > 1_000 { self.skipped[0].reason += ":earlier-too" }
            self.skipped += timely.filter(isExcluded).map(skip)
            self.pauses = job.misfire == .pause && misfires.contains { $0 > job.resumedAt ?? .distantPast }
        }

        /// Days are counted from the start, 2026-01-01, in UTC.
        private static func isExcluded(_ instant: ServerTime, _ job: JobDefinition) -> Bool {
            guard let calendar = job.calendar else { return false }
            let day = (instant.microseconds - OccurrencePlannerTests.start.microseconds) / 86_400_000_000
            return calendar.excluded.contains { entry in
                switch entry {
                case "THU": day % 7 == 0
                case "SUN": day % 7 == 3
                case "2026-01-02": day == 1
                case "01-03": day % 365 == 2
                default: day == 0 || day == 1
                }
            }
        }
    }

    private struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            self.state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = self.state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }
}
