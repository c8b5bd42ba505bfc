import Cron
import Foundation
import Testing

@Suite("TimeZoneLookup")
struct TimeZoneLookupTests {
    @Test(
        "A36: names of the tz database are zones, also those that are links",
        arguments: [
            ("UTC", 0), ("Etc/UTC", 0), ("Europe/Berlin", 3_600), ("Asia/Kolkata", 19_800), ("Asia/Calcutta", 19_800),
            ("US/Eastern", -18_000), ("America/Argentina/Buenos_Aires", -10_800), ("America/Port-au-Prince", -18_000),
            ("Etc/GMT+5", -18_000), ("Asia/Kathmandu", 20_700),
        ]
    )
    func known(_ name: String, _ offset: Int) throws {
        let zone = try TimeZoneLookup.zone(named: name)

        #expect(zone.secondsFromGMT(for: try at("2026-01-01")) == offset)
    }

    @Test(
        "A36: abbreviations, offsets, misspellings and inventions are errors with a suggestion",
        arguments: [
            ("EST", "America/New_York"), ("PST", "America/Los_Angeles"), ("GMT", "UTC"), ("utc", "UTC"), ("Z", "UTC"),
            ("GMT+1", nil), ("UTC+3", nil), ("+05:00", nil), ("", nil), ("Mars/Olympus_Mons", nil),
            ("Europe/Belrin", "Europe/Berlin"), ("europe/berlin", "Europe/Berlin"), ("Europe/Berlin ", "Europe/Berlin"),
            ("Berlin", "Europe/Berlin"), ("New York", "America/New_York"), ("America/New York", "America/New_York"),
            ("Amercia/New_York", "America/New_York"), ("Europe/Pari", "Europe/Paris"), ("EST5EDT", nil),
            ("CET", "Europe/Paris"),
            ("Japan", nil), ("Singapore", "Asia/Singapore"), ("posix/Europe/Berlin", nil), ("SystemV/EST5", nil),
            ("../../etc/passwd", nil),
        ]
    )
    func unknown(_ name: String, _ suggestion: String?) throws {
        let error = try #require(throws: UnknownTimeZone.self) { try TimeZoneLookup.zone(named: name) }

        #expect(error.name == name)
        #expect(error.suggestion == suggestion)
    }

    @Test(
        "The description tells what to do",
        arguments: [
            ("Europe/Belrin", "unknown time zone \"Europe/Belrin\" (did you mean Europe/Berlin?)"),
            ("GMT+1", "unknown time zone \"GMT+1\" (use an IANA name such as Europe/Berlin, or UTC)"),
        ]
    )
    func description(_ name: String, _ description: String) throws {
        let error = try #require(throws: UnknownTimeZone.self) { try TimeZoneLookup.zone(named: name) }

        #expect(error.description == description)
    }
}
