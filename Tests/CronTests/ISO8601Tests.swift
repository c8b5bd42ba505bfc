import Cron
import Foundation
import Testing

@Suite("ISO8601")
struct ISO8601Tests {
    @Test(
        "An instant is written as local time with its offset",
        arguments: [
            (1_774_746_000, "Europe/Berlin", "2026-03-29T03:00:00+02:00"),
            (1_774_745_999, "Europe/Berlin", "2026-03-29T01:59:59+01:00"),
            (0, "UTC", "1970-01-01T00:00:00+00:00"),
            (-1, "UTC", "1969-12-31T23:59:59+00:00"),
            (0, "America/St_Johns", "1969-12-31T20:30:00-03:30"),
            (951_782_400, "UTC", "2000-02-29T00:00:00+00:00"),
            (-62_135_596_800, "UTC", "0001-01-01T00:00:00+00:00"),
            (253_402_300_799, "UTC", "9999-12-31T23:59:59+00:00"),
            (253_402_300_800, "UTC", "+010000-01-01T00:00:00+00:00"),
            (-62_198_755_200, "UTC", "-000001-01-01T00:00:00+00:00"),
            (-2_777_932_800, "Europe/Berlin", "1881-12-21T00:53:28+00:53:28"),
            (1.5, "UTC", "1970-01-01T00:00:01.500+00:00"),
            (1.000_25, "UTC", "1970-01-01T00:00:01.000250+00:00"),
            (-0.25, "UTC", "1969-12-31T23:59:59.750+00:00"),
            (0.999_999_9, "UTC", "1970-01-01T00:00:01+00:00"),
        ] as [(Double, String, String)]
    )
    func writing(_ seconds: Double, _ zone: String, _ text: String) throws {
        let date = Date(timeIntervalSince1970: seconds)

        #expect(ISO8601.string(from: date, in: try TimeZoneLookup.zone(named: zone)) == text)
    }

    @Test(
        "An instant is read with its offset, whatever the zone",
        arguments: [
            ("2026-03-29T03:00:00+02:00", 1_774_746_000), ("2026-03-29T01:00:00Z", 1_774_746_000),
            ("2026-03-29t01:00:00z", 1_774_746_000), ("2026-03-29 01:00:00Z", 1_774_746_000),
            ("2026-03-29T01:00Z", 1_774_746_000), ("2026-03-28T21:30:00-0330", 1_774_746_000),
            ("2026-03-29T03:00+02", 1_774_746_000), ("1881-12-21T00:53:28+00:53:28", -2_777_932_800),
            ("1970-01-01T00:00:01.5Z", 1.5), ("1970-01-01T00:00:01,250Z", 1.25),
            ("1970-01-01T00:00:00.1234567890123Z", 0.123_456_789), ("0001-01-01T00:00:00Z", -62_135_596_800),
        ] as [(String, Double)]
    )
    func reading(_ text: String, _ seconds: Double) throws {
        let zone = try TimeZoneLookup.zone(named: "Asia/Tokyo")

        #expect(abs(try ISO8601.date(from: text, in: zone).timeIntervalSince1970 - seconds) < 1e-6)
        #expect(abs(try ISO8601.date(from: text).timeIntervalSince1970 - seconds) < 1e-6)
    }

    @Test(
        "A time without an offset is the wall clock of the zone",
        arguments: [
            ("2026-01-01T12:00:00", "Europe/Berlin", "2026-01-01T12:00:00+01:00"),
            ("2026-07-01 12:00", "Europe/Berlin", "2026-07-01T12:00:00+02:00"),
            ("2026-07-01", "Europe/Berlin", "2026-07-01T00:00:00+02:00"),
            // Twice: the first. Not at all: the end of the gap.
            ("2026-10-25T02:30:00", "Europe/Berlin", "2026-10-25T02:30:00+02:00"),
            ("2026-10-25T03:00:00", "Europe/Berlin", "2026-10-25T03:00:00+01:00"),
            ("2026-03-29T02:30:00", "Europe/Berlin", "2026-03-29T03:00:00+02:00"),
            ("2026-03-29T03:00:01", "Europe/Berlin", "2026-03-29T03:00:01+02:00"),
            ("2026-03-29T01:59:59", "Europe/Berlin", "2026-03-29T01:59:59+01:00"),
            ("2018-11-04", "America/Sao_Paulo", "2018-11-04T01:00:00-02:00"),
            ("2011-12-30T12:00:00", "Pacific/Apia", "2011-12-31T00:00:00+14:00"),
        ]
    )
    func local(_ text: String, _ zone: String, _ expected: String) throws {
        let zone = try TimeZoneLookup.zone(named: zone)

        #expect(ISO8601.string(from: try ISO8601.date(from: text, in: zone), in: zone) == expected)
    }

    @Test(
        "What is not a time is an error that says why",
        arguments: [
            ("", "it ends too early, the year of 4 digits is missing"),
            ("tomorrow", "expected the year of 4 digits at \"tomorrow\""),
            ("2026", "it ends too early, \"-\" is missing"),
            ("2026-13-01", "the month 13 is out of range"),
            ("2026-02-29", "the day 29 is out of range"),
            ("0000-01-01", "the year 0 is out of range"),
            ("2026-1-01", "expected the month of 2 digits at \"-01\""),
            ("2026-01-01X", "expected T at \"X\""),
            ("2026-01-01T", "it ends too early, the hour of 2 digits is missing"),
            ("2026-01-01T24:00:00", "the hour 24 is out of range"),
            ("2026-01-01T12", "it ends too early, \":\" is missing"),
            ("2026-01-01T12:60", "the minute 60 is out of range"),
            ("2026-01-01T12:00:60", "the second 60 is out of range"),
            ("2026-01-01T12:00:00.Z", "expected the digits of a fraction at \"Z\""),
            ("2026-01-01T12:00:00+19:00", "the offset 19 is out of range"),
            ("2026-01-01T12:00:00+01:60", "the offset 60 is out of range"),
            ("2026-01-01T12:00:00Zulu", "expected Z, an offset or the end at \"ulu\""),
            ("9999-12-31T23:59:59-01:00", "in UTC it lies outside of the years 1 to 9999"),
            ("0001-01-01T00:00:00+01:00", "in UTC it lies outside of the years 1 to 9999"),
            ("2026-01-01T12:00:00 Europe/Berlin", "expected Z, an offset or the end at \" Europe/Berlin\""),
        ]
    )
    func errors(_ text: String, _ reason: String) throws {
        let error = try #require(throws: ISO8601Error.self) { try ISO8601.date(from: text, in: .gmt) }

        #expect(error.reason == reason)
        #expect(error.description.hasPrefix("invalid time \"\(text)\": \(reason) ("))
    }

    @Test("Without a zone the offset is compulsory")
    func offsetRequired() throws {
        let error = try #require(throws: ISO8601Error.self) { try ISO8601.date(from: "2026-01-01T12:00:00") }

        #expect(error.reason == "the offset from UTC is missing")
    }
}
