import Cron
import Testing

@Suite("IntervalSchedule")
struct IntervalScheduleTests {
    @Test("A37: an interval stays on the grid of its anchor whatever the instants asked for")
    func noDrift() throws {
        let schedule = try #require(IntervalSchedule(anchorMicroseconds: 1_000_003, intervalMicroseconds: 7_000_001))
        var instant: Int64 = 1_000_003

        for k in 1...1_000 as ClosedRange<Int64> {
            // Each run is late by a different delay, of up to nearly an interval.
            let delay = (k * 48_271) % 7_000_001
            let next = try #require(schedule.next(after: instant))
            #expect(next == 1_000_003 + k * 7_000_001)
            instant = next + delay
        }
    }

    @Test(
        "A37: the first occurrence after an instant, exact to the microsecond",
        arguments: [
            (999, 1_000), (1_000, 1_250), (1_001, 1_250), (1_249, 1_250), (1_250, 1_500), (-5_000, 1_000),
        ] as [(Int64, Int64)]
    )
    func next(_ instant: Int64, _ expected: Int64) throws {
        let schedule = try #require(IntervalSchedule(anchorMicroseconds: 1_000, intervalMicroseconds: 250))

        #expect(schedule.next(after: instant) == expected)
        #expect(schedule.next(after: expected, inclusive: true) == expected)
        #expect(schedule.next(after: expected - 1, inclusive: true) == expected)
    }

    @Test(
        "A37: the last occurrence before an instant, none before the anchor",
        arguments: [(1_000, nil), (1_001, 1_000), (1_250, 1_000), (1_251, 1_250), (0, nil)] as [(Int64, Int64?)]
    )
    func previous(_ instant: Int64, _ expected: Int64?) throws {
        let schedule = try #require(IntervalSchedule(anchorMicroseconds: 1_000, intervalMicroseconds: 250))

        #expect(schedule.previous(before: instant) == expected)
        if let expected { #expect(schedule.previous(before: expected, inclusive: true) == expected) }
    }

    @Test("The ends of the number range give nil, never a trap")
    func extremes() throws {
        let wide = try #require(IntervalSchedule(anchorMicroseconds: .min, intervalMicroseconds: .max))
        let fine = try #require(IntervalSchedule(anchorMicroseconds: .min, intervalMicroseconds: 1))

        #expect(wide.next(after: .min) == -1)
        #expect(wide.next(after: -1) == Int64.max - 1)
        #expect(wide.next(after: .max - 1) == nil)
        #expect(wide.next(after: .max) == nil)
        #expect(wide.previous(before: .min) == nil)
        #expect(wide.previous(before: .max) == Int64.max - 1)
        #expect(fine.next(after: .max - 1) == .max)
        #expect(fine.previous(before: .max) == Int64.max - 1)
        #expect(IntervalSchedule(anchorMicroseconds: 0, intervalMicroseconds: 0) == nil)
        #expect(IntervalSchedule(anchorMicroseconds: 0, intervalMicroseconds: -1) == nil)
    }
}
