import Cron
import Foundation
import Testing

@Suite("CronExpression")
struct CronExpressionTests {
    static let cases: [OccurrenceCase] = [
        // Fields and seconds.
        .init("* * * * *", from: "2026-01-31T23:58:30", ["2026-01-31T23:59:00", "2026-02-01T00:00:00"]),
        .init("* * * * * *", from: "2026-12-31T23:59:58", ["2026-12-31T23:59:59", "2027-01-01T00:00:00"]),
        .init("30 9 * * *", from: "2026-01-01T09:30", ["2026-01-02T09:30:00"]),
        .init("15 30 9 * * *", from: "2026-01-01T09:30", ["2026-01-01T09:30:15", "2026-01-02T09:30:15"]),
        .init("59 59 23 31 12 *", from: "2026-06-01", ["2026-12-31T23:59:59", "2027-12-31T23:59:59"]),
        .init("0 0 1 1 *", from: "2026-01-01", ["2027-01-01T00:00:00"]),
        // An overflow of the seconds or minutes carries into the next larger unit.
        .init("10 5 * * * *", from: "2026-01-01T01:05:11", ["2026-01-01T02:05:10"]),
        .init("10 59 23 * * *", from: "2026-01-01T23:59:11", ["2026-01-02T23:59:10"]),
        .init("5 10,20 4,8 * * *", from: "2026-01-01T04:20:05", ["2026-01-01T08:10:05", "2026-01-01T08:20:05"]),
        // Lists, ranges, steps.
        .init(
            "3,5-11/3,12 0 * * *",
            from: "2026-01-01",
            [3, 5, 8, 11, 12].map { "2026-01-01T00:\($0 < 10 ? "0" : "")\($0):00" }
        ),
        .init(
            "*/20 12 * * *",
            from: "2026-01-01",
            ["2026-01-01T12:00:00", "2026-01-01T12:20:00", "2026-01-01T12:40:00", "2026-01-02T12:00:00"]
        ),
        .init(
            "10/25 12 * * *",
            from: "2026-01-01",
            ["2026-01-01T12:10:00", "2026-01-01T12:35:00", "2026-01-02T12:10:00"]
        ),
        .init(
            "0 10-18/4 * * *",
            from: "2026-01-01",
            ["2026-01-01T10:00:00", "2026-01-01T14:00:00", "2026-01-01T18:00:00", "2026-01-02T10:00:00"]
        ),
        .init(
            "0 0 */15 * *",
            from: "2026-02-01",
            ["2026-02-16T00:00:00", "2026-03-01T00:00:00", "2026-03-16T00:00:00", "2026-03-31T00:00:00"]
        ),
        .init(
            "0 0 1 */5 *",
            from: "2026-01-01",
            ["2026-06-01T00:00:00", "2026-11-01T00:00:00", "2027-01-01T00:00:00"]
        ),
        .init(
            "0 0 * * */3",
            from: "2026-01-01",
            ["2026-01-03T00:00:00", "2026-01-04T00:00:00", "2026-01-07T00:00:00"]
        ),
        // Ranges that wrap around.
        .init(
            "0 22-2 * * *",
            from: "2026-01-01T21:00",
            [
                "2026-01-01T22:00:00", "2026-01-01T23:00:00", "2026-01-02T00:00:00", "2026-01-02T01:00:00",
                "2026-01-02T02:00:00", "2026-01-02T22:00:00",
            ]
        ),
        .init(
            "0 20-4/3 * * *",
            from: "2026-01-01T12:00",
            ["2026-01-01T20:00:00", "2026-01-01T23:00:00", "2026-01-02T02:00:00", "2026-01-02T20:00:00"]
        ),
        .init(
            "45-15/10 0 * * *",
            from: "2026-01-01",
            ["2026-01-01T00:05:00", "2026-01-01T00:15:00", "2026-01-01T00:45:00", "2026-01-01T00:55:00"]
        ),
        .init(
            "0 0 1 NOV-FEB *",
            from: "2026-01-15",
            ["2026-02-01T00:00:00", "2026-11-01T00:00:00", "2026-12-01T00:00:00", "2027-01-01T00:00:00"]
        ),
        .init(
            "0 0 30-2 * *",
            from: "2026-01-15",
            [
                "2026-01-30T00:00:00", "2026-01-31T00:00:00", "2026-02-01T00:00:00", "2026-02-02T00:00:00",
                "2026-03-01T00:00:00",
            ]
        ),
        .init(
            "0 0 * * FRI-MON",
            from: "2026-01-07",
            [
                "2026-01-09T00:00:00", "2026-01-10T00:00:00", "2026-01-11T00:00:00", "2026-01-12T00:00:00",
                "2026-01-16T00:00:00",
            ]
        ),
        .init(
            "0 0 * * FRI-TUE/2",
            from: "2026-01-07",
            ["2026-01-09T00:00:00", "2026-01-11T00:00:00", "2026-01-13T00:00:00", "2026-01-16T00:00:00"]
        ),
        .init(
            "0 0 * * 7-2",
            from: "2026-01-07",
            ["2026-01-11T00:00:00", "2026-01-12T00:00:00", "2026-01-13T00:00:00", "2026-01-18T00:00:00"]
        ),
        .init(
            "0 0 * * 5-7",
            from: "2026-01-07",
            ["2026-01-09T00:00:00", "2026-01-10T00:00:00", "2026-01-11T00:00:00", "2026-01-16T00:00:00"]
        ),
        // Names, both Sundays, `?`.
        .init("0 0 1 jan,Jul *", from: "2026-01-01", ["2026-07-01T00:00:00", "2027-01-01T00:00:00"]),
        .init(
            "0 0 * * mon-Wed",
            from: "2026-01-07",
            ["2026-01-12T00:00:00", "2026-01-13T00:00:00", "2026-01-14T00:00:00", "2026-01-19T00:00:00"]
        ),
        .init("0 0 ? * 0", from: "2026-01-07", ["2026-01-11T00:00:00", "2026-01-18T00:00:00"]),
        .init("0 0 * * 7", from: "2026-01-07", ["2026-01-11T00:00:00", "2026-01-18T00:00:00"]),
        .init("0 0 5 * ?", from: "2026-01-07", ["2026-02-05T00:00:00"]),
        // A day must satisfy both day fields: Friday the thirteenth.
        .init(
            "0 0 13 * FRI",
            from: "2026-01-01",
            ["2026-02-13T00:00:00", "2026-03-13T00:00:00", "2026-11-13T00:00:00", "2027-08-13T00:00:00"]
        ),
        .init(
            "0 0 1-7 * MON",
            from: "2026-01-01",
            ["2026-01-05T00:00:00", "2026-02-02T00:00:00", "2026-03-02T00:00:00"]
        ),
        // Macros.
        .init("@yearly", from: "2026-03-15T12:30:30", ["2027-01-01T00:00:00"]),
        .init("@annually", from: "2026-03-15T12:30:30", ["2027-01-01T00:00:00"]),
        .init("@monthly", from: "2026-03-15T12:30:30", ["2026-04-01T00:00:00"]),
        .init("@weekly", from: "2026-03-15T12:30:30", ["2026-03-22T00:00:00"]),
        .init("@daily", from: "2026-03-15T12:30:30", ["2026-03-16T00:00:00"]),
        .init("@midnight", from: "2026-03-15T12:30:30", ["2026-03-16T00:00:00"]),
        .init("@hourly", from: "2026-03-15T12:30:30", ["2026-03-15T13:00:00"]),
        .init("@every_minute", from: "2026-03-15T12:30:30", ["2026-03-15T12:31:00"]),
        .init(" @Every_Second ", from: "2026-03-15T12:30:30", ["2026-03-15T12:30:31"]),
        // A fraction of a second counts as after its second.
        .init("* * * * * *", from: "2026-01-01T00:00:00.000001", ["2026-01-01T00:00:01"]),
        .init("* * * * * *", from: "2026-01-01T00:00:00.999999", ["2026-01-01T00:00:01"]),
    ]

    @Test("A36: the next occurrences of fields, lists, ranges, steps, names and macros", arguments: cases)
    func occurrences(_ example: OccurrenceCase) throws {
        #expect(try example.found() == example.expected)
    }

    static let dayCases: [OccurrenceCase] = [
        // 29 February, also across a century that is no leap year.
        .init("0 0 29 2 *", from: "2026-01-01", ["2028-02-29T00:00:00", "2032-02-29T00:00:00"]),
        .init("0 0 29 2 *", from: "2096-02-29", ["2104-02-29T00:00:00"]),
        .init("0 0 29 2 *", from: "1999-01-01", ["2000-02-29T00:00:00"]),
        .init("0 0 29 2 MON", from: "2026-01-01", ["2044-02-29T00:00:00", "2072-02-29T00:00:00"]),
        .init("0 0 29 FEB MON#5", from: "2026-01-01", ["2044-02-29T00:00:00"]),
        .init("0 0 31 * *", from: "2026-01-31", ["2026-03-31T00:00:00", "2026-05-31T00:00:00", "2026-07-31T00:00:00"]),
        // L.
        .init("0 0 L * *", from: "2026-01-15", ["2026-01-31T00:00:00", "2026-02-28T00:00:00", "2026-03-31T00:00:00"]),
        .init("0 0 l 2 *", from: "2027-01-15", ["2027-02-28T00:00:00", "2028-02-29T00:00:00"]),
        .init(
            "0 0 L-3 * *",
            from: "2026-01-15",
            ["2026-01-28T00:00:00", "2026-02-25T00:00:00", "2026-03-28T00:00:00"]
        ),
        .init("0 0 L-0 4 *", from: "2026-01-15", ["2026-04-30T00:00:00"]),
        .init("0 0 L-30 * *", from: "2026-01-15", ["2026-03-01T00:00:00", "2026-05-01T00:00:00"]),
        .init("0 0 L-28 2 *", from: "2026-01-15", ["2028-02-01T00:00:00"]),
        .init("0 0 L * FRI", from: "2026-01-15", ["2026-07-31T00:00:00"]),
        // LW and L-nW: 31 January 2026 is a Saturday, 31 May a Sunday.
        .init(
            "0 0 LW * *",
            from: "2026-01-15",
            [
                "2026-01-30T00:00:00", "2026-02-27T00:00:00", "2026-03-31T00:00:00", "2026-04-30T00:00:00",
                "2026-05-29T00:00:00",
            ]
        ),
        .init(
            "0 0 L-3W * *",
            from: "2026-02-01",
            ["2026-02-25T00:00:00", "2026-03-27T00:00:00", "2026-04-27T00:00:00"]
        ),
        .init("0 0 l-1w 8 *", from: "2026-02-01", ["2026-08-31T00:00:00"]),
        .init("0 0 L-30W 8 *", from: "2026-02-01", ["2026-08-03T00:00:00"]),
        // W: the 15th of February and March 2026 are Sundays, that of August a Saturday.
        .init(
            "0 0 15W * *",
            from: "2026-01-01",
            ["2026-01-15T00:00:00", "2026-02-16T00:00:00", "2026-03-16T00:00:00", "2026-04-15T00:00:00"]
        ),
        .init("0 0 15w AUG *", from: "2026-01-01", ["2026-08-14T00:00:00"]),
        .init("0 0 1W * *", from: "2026-07-15", ["2026-08-03T00:00:00", "2026-09-01T00:00:00"]),
        .init("0 0 31W 5 *", from: "2026-01-01", ["2026-05-29T00:00:00"]),
        .init("0 0 31W * *", from: "2026-03-31", ["2026-05-29T00:00:00", "2026-07-31T00:00:00"]),
        .init("0 0 30W * *", from: "2026-01-31", ["2026-03-30T00:00:00"]),
        .init("0 0 1W * *", from: "2026-08-01T12:00", ["2026-08-03T00:00:00"]),
        .init("0 0 15W * FRI", from: "2026-01-01", ["2026-05-15T00:00:00", "2026-08-14T00:00:00"]),
        // Last and n-th weekday.
        .init("0 0 * * 5L", from: "2026-01-01", ["2026-01-30T00:00:00", "2026-02-27T00:00:00", "2026-03-27T00:00:00"]),
        .init("0 0 * * friL", from: "2026-01-30", ["2026-02-27T00:00:00"]),
        .init("0 0 * * 7L", from: "2026-01-01", ["2026-01-25T00:00:00"]),
        .init("0 0 * * MON#1", from: "2026-01-01", ["2026-01-05T00:00:00", "2026-02-02T00:00:00"]),
        .init("0 0 * * MON#2", from: "2026-01-01", ["2026-01-12T00:00:00", "2026-02-09T00:00:00"]),
        .init("0 0 * * 0#5", from: "2026-01-01", ["2026-03-29T00:00:00", "2026-05-31T00:00:00"]),
        .init("0 0 * 1 7#2", from: "2026-01-01", ["2026-01-11T00:00:00", "2027-01-10T00:00:00"]),
        .init("0 0 20-31 * SUN#4", from: "2026-02-01", ["2026-02-22T00:00:00"]),
    ]

    @Test("A36: 29 February, L, W and #", arguments: dayCases)
    func days(_ example: OccurrenceCase) throws {
        #expect(try example.found() == example.expected)
    }

    @Test(
        "A36: a date that never comes gives nil, and fast",
        arguments: ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 L-29 2 *", "0 0 31W 2 *", "* * * 1 * MON#2"]
    )
    func never(_ text: String) throws {
        let expression = try CronExpression(text)
        let zone = try TimeZoneLookup.zone(named: "Europe/Berlin")
        let start = try at("2026-01-01")

        let duration = ContinuousClock().measure {
            for _ in 0..<20 { #expect(expression.next(after: start, in: zone) == nil) }
        }

        // Twenty searches take half a millisecond when optimised; a search by days or hours would take seconds.
        #expect(duration < .seconds(1))
        #expect(expression.previous(before: start, in: zone) == nil)
    }

    @Test("Far past, far future and dates that are no dates give occurrences or nil, never a trap")
    func extremes() throws {
        let expression = try CronExpression("0 0 29 2 *")

        #expect(expression.next(after: .distantPast, in: .gmt) == (try at("0004-02-29")))
        #expect(expression.next(after: try at("9996-02-29"), in: .gmt) == nil)
        #expect(expression.next(after: try at("9992-02-29"), in: .gmt) == (try at("9996-02-29")))
        for seconds in [Double.nan, .infinity, -.infinity, 1e300, -1e300] {
            let date = Date(timeIntervalSinceReferenceDate: seconds)
            let next = expression.next(after: date, in: .gmt)
            #expect(next == nil || seconds < 0)
            #expect(expression.previous(before: date, in: .gmt) == nil || seconds > 0)
            #expect(ISO8601.string(from: date, in: .gmt).hasSuffix("+00:00"))
        }
    }

    @Test("Inclusive counts the instant itself, and only when it is a whole second")
    func inclusive() throws {
        let expression = try CronExpression("30 9 * * *")
        let hit = try at("2026-01-01T09:30")
        let following = try at("2026-01-02T09:30")

        #expect(expression.next(after: hit, in: .gmt, inclusive: true) == hit)
        #expect(expression.next(after: hit, in: .gmt) == following)
        #expect(expression.next(after: hit.addingTimeInterval(0.001), in: .gmt, inclusive: true) == following)
        #expect(expression.next(after: hit.addingTimeInterval(-0.001), in: .gmt) == hit)
    }

    @Test("Previous finds the last occurrence before an instant, however long ago")
    func previous() throws {
        let daily = try CronExpression("30 9 * * *")
        let leap = try CronExpression("0 0 29 2 MON")
        let hit = try at("2026-01-01T09:30")

        #expect(daily.previous(before: hit, in: .gmt) == (try at("2025-12-31T09:30")))
        #expect(daily.previous(before: hit, in: .gmt, inclusive: true) == hit)
        #expect(daily.previous(before: hit.addingTimeInterval(0.5), in: .gmt) == hit)
        #expect(leap.previous(before: hit, in: .gmt) == (try at("2016-02-29")))
    }

    @Test("Occurrences include the start, exclude the end, and stop at the limit")
    func span() throws {
        let expression = try CronExpression("0 * * * *")
        let start = try at("2026-01-01T00:00")
        let end = try at("2026-01-01T03:00")

        let hours = Array(expression.occurrences(from: start, to: end, in: .gmt))

        #expect(hours == (try ["2026-01-01T00:00", "2026-01-01T01:00", "2026-01-01T02:00"].map(at)))
        #expect(
            Array(expression.occurrences(from: start, to: end, in: .gmt, inclusive: false)) == Array(hours.dropFirst())
        )
        #expect(Array(expression.occurrences(from: start, in: .gmt, limit: 2)) == Array(hours.prefix(2)))
        #expect(Array(expression.occurrences(from: end, to: start, in: .gmt)) == [])
        #expect(Array(try CronExpression("0 0 30 2 *").occurrences(from: start, in: .gmt)) == [])
    }

    @Test("Expressions are equal when they select the same by the same fields")
    func equality() throws {
        #expect(try CronExpression("@daily") == CronExpression("0 0 0 * * ?"))
        #expect(try CronExpression("0 0 * JAN MON").hashValue == CronExpression("0  0 * 1 1").hashValue)
        #expect(try CronExpression("0 0 * * 7") == CronExpression("0 0 * * SUN"))
        #expect(try CronExpression("0 0 * * *") != CronExpression("0 1 * * *"))
        // The same times, except where an hour comes twice.
        #expect(try CronExpression("0 0-1 * * *") != CronExpression("0 0,1 * * *"))
        #expect(try CronExpression(" 0\t12  * * MON-FRI\n").description == "0 12 * * MON-FRI")
        #expect(try CronExpression("@Daily").description == "@Daily")
    }

    @Test(
        "An expression is one of intervals when *, a range or a step is in the second, minute or hour",
        arguments: [
            ("0 1 * * *", false), ("0,30 1,2 * * *", false), ("0 0 1 * * *", false), ("0 0 1 1-5 */2 1-3", false),
            ("* 1 * * *", true), ("0 * * * *", true), ("0 1-2 * * *", true), ("0/30 1 * * *", true),
            ("? 1 * * *", true),
            ("* 0 1 * * *", true), ("@daily", false), ("@hourly", true), ("0 0,2-3 * * *", true),
        ]
    )
    func intervals(_ text: String, _ isInterval: Bool) throws {
        #expect(try CronExpression(text).isInterval == isInterval)
    }
}
