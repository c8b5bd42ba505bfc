import Cron
import Foundation
import Testing

@Suite("Gap and overlap policies")
struct DaylightPolicyTests {
    static let policyCases: [OccurrenceCase] = [
        .init("30 2 * * *", from: "2026-03-28T12:00", in: "Europe/Berlin", gap: .skip, ["2026-03-30T02:30:00+02:00"]),
        .init(
            "*/20 * * * *",
            from: "2026-03-29T01:30",
            in: "Europe/Berlin",
            gap: .skip,
            ["2026-03-29T01:40:00+01:00", "2026-03-29T03:00:00+02:00"]
        ),
        .init("*/15 2 * * *", from: "2026-03-29T01:30", in: "Europe/Berlin", gap: .skip, ["2026-03-30T02:00:00+02:00"]),
        .init("0 9 30 12 *", from: "2011-06-01", in: "Pacific/Apia", gap: .skip, ["2012-12-30T09:00:00+14:00"]),
        .init(
            "30 2 * * *",
            from: "2026-03-28T12:00",
            in: "Europe/Berlin",
            gap: .shift,
            ["2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00"]
        ),
        .init(
            "*/20 2 * * *",
            from: "2026-03-29T01:30",
            in: "Europe/Berlin",
            gap: .shift,
            [
                "2026-03-29T03:00:00+02:00", "2026-03-29T03:20:00+02:00", "2026-03-29T03:40:00+02:00",
                "2026-03-30T02:00:00+02:00",
            ]
        ),
        .init(
            "15,45 2,3 * * *",
            from: "2026-03-29T01:30",
            in: "Europe/Berlin",
            gap: .shift,
            ["2026-03-29T03:15:00+02:00", "2026-03-29T03:45:00+02:00", "2026-03-30T02:15:00+02:00"]
        ),
        .init(
            "0,30 2,3 * * *",
            from: "2026-03-29T03:10:00+02:00",
            in: "Europe/Berlin",
            gap: .shift,
            ["2026-03-29T03:30:00+02:00", "2026-03-30T02:00:00+02:00"]
        ),
        .init(
            "45 1,2 * * *",
            from: "2026-03-29T03:10:00+02:00",
            in: "Europe/Berlin",
            gap: .shift,
            ["2026-03-29T03:45:00+02:00", "2026-03-30T01:45:00+02:00"]
        ),
        .init(
            "15 2 * * *",
            from: "2026-10-03T12:00",
            in: "Australia/Lord_Howe",
            gap: .shift,
            ["2026-10-04T02:45:00+11:00", "2026-10-05T02:15:00+11:00"]
        ),
        // The shifted 02:15 comes after 02:35, also when a search of 26 hours at a time ends between the two.
        .init(
            "15,35 2 4 10 *",
            from: "2026-10-03T00:02:59",
            in: "Australia/Lord_Howe",
            gap: .shift,
            ["2026-10-04T02:35:00+11:00", "2026-10-04T02:45:00+11:00"]
        ),
        .init(
            "0 9 30 12 *",
            from: "2011-06-01",
            in: "Pacific/Apia",
            gap: .shift,
            ["2011-12-31T09:00:00+14:00", "2012-12-30T09:00:00+14:00"]
        ),
        .init(
            "0 9 * * *",
            from: "2011-12-29T12:00:00-10:00",
            in: "Pacific/Apia",
            gap: .shift,
            ["2011-12-31T09:00:00+14:00", "2012-01-01T09:00:00+14:00"]
        ),
        .init(
            "30 2 * * *",
            from: "2026-10-24T12:00",
            in: "Europe/Berlin",
            overlap: .second,
            ["2026-10-25T02:30:00+01:00", "2026-10-26T02:30:00+01:00"]
        ),
        .init(
            "30 2 * * *",
            from: "2026-10-24T12:00",
            in: "Europe/Berlin",
            overlap: .both,
            ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", "2026-10-26T02:30:00+01:00"]
        ),
        .init(
            "30 2 * * *",
            from: "2026-10-24T12:00",
            in: "Europe/Berlin",
            overlap: .first,
            ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]
        ),
        .init(
            "*/30 * * * *",
            from: "2026-10-25T01:45:00+02:00",
            in: "Europe/Berlin",
            overlap: .first,
            ["2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-25T03:00:00+01:00"]
        ),
        .init(
            "*/30 * * * *",
            from: "2026-10-25T01:15:00+02:00",
            in: "Europe/Berlin",
            overlap: .second,
            [
                "2026-10-25T01:30:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T02:30:00+01:00",
                "2026-10-25T03:00:00+01:00",
            ]
        ),
        .init(
            "*/30 * * * *",
            from: "2026-10-25T02:15:00+02:00",
            in: "Europe/Berlin",
            overlap: .both,
            ["2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00"]
        ),
        .init(
            "0 12 * * *",
            from: "1969-09-30T00:00:00+11:00",
            in: "Pacific/Kwajalein",
            overlap: .both,
            ["1969-09-30T12:00:00+11:00", "1969-09-30T12:00:00-12:00", "1969-10-01T12:00:00-12:00"]
        ),
    ]

    @Test("A36: the policies skip or shift a gap and choose the pass of an overlap", arguments: policyCases)
    func policies(_ example: OccurrenceCase) throws {
        #expect(try example.found() == example.expected)
    }
}
