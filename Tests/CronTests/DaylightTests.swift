import Cron
import Foundation
import Testing

@Suite("Daylight saving time")
struct DaylightTests {
    /// What Cronos documents and its tests show, in the terms of the default policies.
    static let defaultCases: [OccurrenceCase] = [
        // Berlin, spring 2026: 02:00 +01:00 becomes 03:00 +02:00.
        .init(
            "30 2 * * *",
            from: "2026-03-28T12:00",
            in: "Europe/Berlin",
            ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]
        ),
        .init(
            "0 2 * * *",
            from: "2026-03-28T12:00",
            in: "Europe/Berlin",
            ["2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00"]
        ),
        .init(
            "59 59 2 * * *",
            from: "2026-03-28T12:00",
            in: "Europe/Berlin",
            ["2026-03-29T03:00:00+02:00", "2026-03-30T02:59:59+02:00"]
        ),
        .init(
            "*/15 2 * * *",
            from: "2026-03-29T01:59",
            in: "Europe/Berlin",
            ["2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00"]
        ),
        .init(
            "30 2,3 * * *",
            from: "2026-03-29T01:59",
            in: "Europe/Berlin",
            ["2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00"]
        ),
        .init(
            "0 2,3 * * *",
            from: "2026-03-29T01:59",
            in: "Europe/Berlin",
            ["2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00"]
        ),
        .init(
            "*/30 * * * *",
            from: "2026-03-29T01:15",
            in: "Europe/Berlin",
            ["2026-03-29T01:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00"]
        ),
        .init(
            "* * * * * *",
            from: "2026-03-29T01:59:58",
            in: "Europe/Berlin",
            ["2026-03-29T01:59:59+01:00", "2026-03-29T03:00:00+02:00", "2026-03-29T03:00:01+02:00"]
        ),
        .init(
            "30 2 29 3 *",
            from: "2025-06-01",
            in: "Europe/Berlin",
            ["2026-03-29T03:00:00+02:00", "2027-03-29T02:30:00+02:00"]
        ),
        // New York, as in Cronos's README.
        .init(
            "0 30 2 * * *",
            from: "2016-03-13T01:59:59-05:00",
            in: "America/New_York",
            ["2016-03-13T03:00:00-04:00", "2016-03-14T02:30:00-04:00"]
        ),
        .init(
            "30 * * * *",
            from: "2016-11-06T00:59:59-04:00",
            in: "America/New_York",
            ["2016-11-06T01:30:00-04:00", "2016-11-06T01:30:00-05:00", "2016-11-06T02:30:00-05:00"]
        ),
        .init(
            "30 1 * * *",
            from: "2016-11-06T00:59:59-04:00",
            in: "America/New_York",
            ["2016-11-06T01:30:00-04:00", "2016-11-07T01:30:00-05:00"]
        ),
        // Berlin, autumn 2026: 03:00 +02:00 becomes 02:00 +01:00. Fixed times once, in the first pass.
        .init(
            "0 2 * * *",
            from: "2026-10-24T12:00",
            in: "Europe/Berlin",
            ["2026-10-25T02:00:00+02:00", "2026-10-26T02:00:00+01:00"]
        ),
        .init(
            "0,30 2 * * *",
            from: "2026-10-25T02:00:00+02:00",
            in: "Europe/Berlin",
            ["2026-10-25T02:30:00+02:00", "2026-10-26T02:00:00+01:00"]
        ),
        .init(
            "0 2,3 * * *",
            from: "2026-10-25T02:00:00+02:00",
            in: "Europe/Berlin",
            ["2026-10-25T03:00:00+01:00", "2026-10-26T02:00:00+01:00"]
        ),
        // A start within the second pass; also one just before its end, where the next fixed time is at the end.
        .init("30 2 * * *", from: "2026-10-25T02:00:00+01:00", in: "Europe/Berlin", ["2026-10-26T02:30:00+01:00"]),
        .init("0 3 * * *", from: "2026-10-25T02:59:59+01:00", in: "Europe/Berlin", ["2026-10-25T03:00:00+01:00"]),
        // Intervals in both passes.
        .init(
            "*/30 * * * *",
            from: "2026-10-25T01:30:00+02:00",
            in: "Europe/Berlin",
            [
                "2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00",
                "2026-10-25T02:30:00+01:00", "2026-10-25T03:00:00+01:00",
            ]
        ),
        .init(
            "*/30 2 * * *",
            from: "2026-10-25T02:00:00+02:00",
            in: "Europe/Berlin",
            [
                "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T02:30:00+01:00",
                "2026-10-26T02:00:00+01:00",
            ]
        ),
        .init(
            "0 2-3 * * *",
            from: "2026-10-25T01:00:00+02:00",
            in: "Europe/Berlin",
            ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"]
        ),
        .init(
            "@hourly",
            from: "2026-10-25T01:30:00+02:00",
            in: "Europe/Berlin",
            ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"]
        ),
        .init(
            "* * * * * *",
            from: "2026-10-25T02:59:58+02:00",
            in: "Europe/Berlin",
            ["2026-10-25T02:59:59+02:00", "2026-10-25T02:00:00+01:00"]
        ),
        // A yearly one of intervals meets the second pass though its next date is a year away.
        .init(
            "*/30 2 25 10 *",
            from: "2026-10-25T02:30:00+02:00",
            in: "Europe/Berlin",
            ["2026-10-25T02:00:00+01:00", "2026-10-25T02:30:00+01:00", "2027-10-25T02:00:00+02:00"]
        ),
    ]

    @Test("A36: a gap fires at the first valid instant, an overlap once or by intervals", arguments: defaultCases)
    func defaults(_ example: OccurrenceCase) throws {
        #expect(try example.found() == example.expected)
    }

    static let zoneCases: [OccurrenceCase] = [
        // Lord Howe moves by half an hour: 2026-10-04 02:00 +10:30 becomes 02:30 +11,
        // 2026-04-05 02:00 +11 becomes 01:30.
        .init(
            "15 2 * * *",
            from: "2026-10-03T12:00",
            in: "Australia/Lord_Howe",
            ["2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"]
        ),
        .init(
            "45 1 * * *",
            from: "2026-04-04T12:00",
            in: "Australia/Lord_Howe",
            ["2026-04-05T01:45:00+11:00", "2026-04-06T01:45:00+10:30"]
        ),
        .init(
            "*/15 * * * *",
            from: "2026-04-05T01:30:00+11:00",
            in: "Australia/Lord_Howe",
            [
                "2026-04-05T01:45:00+11:00", "2026-04-05T01:30:00+10:30", "2026-04-05T01:45:00+10:30",
                "2026-04-05T02:00:00+10:30",
            ]
        ),
        // Offsets that are no whole hours.
        .init("0 9 * * *", from: "2026-01-01T12:00", in: "Asia/Kathmandu", ["2026-01-02T09:00:00+05:45"]),
        .init(
            "30 2 * * *",
            from: "2026-09-26T12:00",
            in: "Pacific/Chatham",
            ["2026-09-27T02:30:00+12:45", "2026-09-28T02:30:00+13:45"]
        ),
        .init(
            "0 3 * * *",
            from: "2026-09-26T12:00",
            in: "Pacific/Chatham",
            ["2026-09-27T03:45:00+13:45", "2026-09-28T03:00:00+13:45"]
        ),
        // Midnight itself does not exist: São Paulo 2018-11-04, Beirut 2026-03-29.
        .init(
            "0 0 * * *",
            from: "2018-11-03T12:00",
            in: "America/Sao_Paulo",
            ["2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"]
        ),
        .init("30 0 4 11 *", from: "2018-11-03T12:00", in: "America/Sao_Paulo", ["2018-11-04T01:00:00-02:00"]),
        .init(
            "0 0 * * *",
            from: "2026-03-28T12:00",
            in: "Asia/Beirut",
            ["2026-03-29T01:00:00+03:00", "2026-03-30T00:00:00+03:00"]
        ),
        // Midnight comes twice: 2018-02-18 00:00 -02:00 becomes 2018-02-17 23:00 -03:00.
        .init(
            "30 23 * * *",
            from: "2018-02-17T12:00:00-02:00",
            in: "America/Sao_Paulo",
            ["2018-02-17T23:30:00-02:00", "2018-02-18T23:30:00-03:00"]
        ),
        .init("0 0 * * *", from: "2018-02-17T12:00:00-02:00", in: "America/Sao_Paulo", ["2018-02-18T00:00:00-03:00"]),
        .init(
            "0 * * * *",
            from: "2018-02-17T22:30:00-02:00",
            in: "America/Sao_Paulo",
            ["2018-02-17T23:00:00-02:00", "2018-02-17T23:00:00-03:00", "2018-02-18T00:00:00-03:00"]
        ),
        // Apia had no 30 December 2011: a gap of a whole day.
        .init(
            "0 9 * * *",
            from: "2011-12-29T08:00:00-10:00",
            in: "Pacific/Apia",
            ["2011-12-29T09:00:00-10:00", "2011-12-31T00:00:00+14:00", "2011-12-31T09:00:00+14:00"]
        ),
        .init(
            "0 9 30 12 *",
            from: "2011-06-01",
            in: "Pacific/Apia",
            ["2011-12-31T00:00:00+14:00", "2012-12-30T09:00:00+14:00"]
        ),
        .init(
            "0 */6 * * *",
            from: "2011-12-29T12:00:00-10:00",
            in: "Pacific/Apia",
            ["2011-12-29T18:00:00-10:00", "2011-12-31T00:00:00+14:00", "2011-12-31T06:00:00+14:00"]
        ),
        // Kwajalein had 1 October 1969 twice, almost: back by 23 hours.
        .init(
            "0 12 * * *",
            from: "1969-09-30T00:00:00+11:00",
            in: "Pacific/Kwajalein",
            ["1969-09-30T12:00:00+11:00", "1969-10-01T12:00:00-12:00"]
        ),
        // Troll moves by two hours; Casablanca goes back for Ramadan, in negative daylight saving time.
        .init(
            "30 1 * * *",
            from: "2026-03-28T12:00",
            in: "Antarctica/Troll",
            ["2026-03-29T03:00:00+02:00", "2026-03-30T01:30:00+02:00"]
        ),
        .init(
            "30 2 * * *",
            from: "2026-02-14T12:00",
            in: "Africa/Casablanca",
            ["2026-02-15T02:30:00+01:00", "2026-02-16T02:30:00+00:00"]
        ),
        .init(
            "30 2 * * *",
            from: "2026-03-21T12:00",
            in: "Africa/Casablanca",
            ["2026-03-22T03:00:00+01:00", "2026-03-23T02:30:00+01:00"]
        ),
        // Before standard time, and far ahead where only the rule of the zone is known.
        .init("0 12 1 1 *", from: "1880-06-01", in: "Europe/Berlin", ["1881-01-01T12:00:00+00:53:28"]),
        .init(
            "30 2 * * *",
            from: "2400-03-25T12:00",
            in: "Europe/Berlin",
            ["2400-03-26T03:00:00+02:00", "2400-03-27T02:30:00+02:00"]
        ),
        // The fixed zones have no transitions.
        .init("30 2 * * *", from: "2026-03-28T12:00", in: "Etc/GMT-1", ["2026-03-29T02:30:00+01:00"]),
    ]

    @Test("A36: odd offsets, midnight transitions, and days that a zone left out or had twice", arguments: zoneCases)
    func zones(_ example: OccurrenceCase) throws {
        #expect(try example.found() == example.expected)
    }
}
