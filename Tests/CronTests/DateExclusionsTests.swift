import Foundation
import Testing

@testable import Cron

@Suite("Dates that a calendar leaves out")
struct DateExclusionsTests {
    private func second(_ text: String) throws -> Int64 { Int64(try at(text).timeIntervalSince1970) }

    @Test(
        "Dates, ranges, days of every year and of every week are left out, and the days beside them are not",
        arguments: [
            (["2026-12-25"], ["2026-12-25"], ["2026-12-24", "2026-12-26", "2027-12-25"]),
            (["2026-12-24..2027-01-01"], ["2026-12-24", "2026-12-31", "2027-01-01"], ["2026-12-23", "2027-01-02"]),
            (["2026-01-01..2026-01-02", "2026-01-03"], ["2026-01-01", "2026-01-03"], ["2025-12-31", "2026-01-04"]),
            (["12-25"], ["2026-12-25", "1999-12-25"], ["2026-12-24", "2026-11-25"]),
            (["02-29"], ["2028-02-29"], ["2027-02-28", "2027-03-01"]),
            (["SAT", "sun"], ["2026-01-03", "2026-01-04"], ["2026-01-02", "2026-01-05"]),
            ([], [], ["2026-01-01"]),
        ]
    )
    func dates(_ entries: [String], _ excluded: [String], _ included: [String]) throws {
        let dates = try DateExclusions(entries)

        for day in excluded + included {
            for time in ["00:00:00", "12:00:00", "23:59:59"] {
                let isExcluded = dates.isExcluded(try self.second("\(day)T\(time)Z"), in: .gmt)
                #expect(isExcluded == excluded.contains(day), "\(entries): \(day) \(time)")
            }
        }
    }

    @Test("The date is that of the zone")
    func zones() throws {
        let dates = try DateExclusions(["2026-12-25"])
        let auckland = try TimeZoneLookup.zone(named: "Pacific/Auckland")
        let honolulu = try TimeZoneLookup.zone(named: "Pacific/Honolulu")

        #expect(dates.isExcluded(try self.second("2026-12-24T11:00:00Z"), in: auckland))
        #expect(!dates.isExcluded(try self.second("2026-12-24T10:59:59Z"), in: auckland))
        #expect(!dates.isExcluded(try self.second("2026-12-25T11:00:00Z"), in: auckland))
        #expect(dates.isExcluded(try self.second("2026-12-26T09:59:59Z"), in: honolulu))
    }

    @Test(
        "The ends of a stretch that is left out are the first instants of days, also where clocks are moved",
        arguments: ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Apia", "Australia/Lord_Howe"]
    )
    func ends(_ zone: String) throws {
        let zone = try TimeZoneLookup.zone(named: zone)
        for entries in [
            ["SAT", "SUN"], ["2018-11-04"], ["2026-03-28..2026-03-30", "SUN"], ["12-30", "12-31"], ["MON"],
        ] {
            let dates = try DateExclusions(entries)
            for start in ["2018-11-01", "2026-03-25", "2011-12-27", "2026-10-22"] {
                let start = try self.second(start)
                // Step by step: the slow way.
                let instants = stride(from: start, to: start + 9 * 86_400, by: 900).map {
                    ($0, dates.isExcluded($0, in: zone))
                }
                for (index, (instant, isExcluded)) in instants.enumerated() where isExcluded && index % 7 == 0 {
                    let end = try #require(dates.end(ofExclusionAt: instant, in: zone))
                    let begin = try #require(dates.start(ofExclusionAt: instant, in: zone))
                    if let next = instants[index...].first(where: { !$0.1 })?.0 {
                        #expect(end > next - 900 && end <= next, "\(entries) in \(zone.identifier) at \(instant)")
                    }
                    if let last = instants[..<index].last(where: { !$0.1 })?.0 {
                        #expect(begin > last && begin <= last + 900, "\(entries) in \(zone.identifier) at \(instant)")
                    }
                }
            }
        }
    }

    @Test("A long range is passed at once, and where no day is left the search ends")
    func longRanges() throws {
        let ages = try DateExclusions(["0001-01-01..2900-12-31"])
        let never = try DateExclusions(
            (1...12).flatMap { month in (1...31).map { "\(two(month))-\(two($0))" } }.filter(isDate)
        )

        #expect(ages.end(ofExclusionAt: 0, in: .gmt) == (try self.second("2901-01-01T00:00:00Z")))
        #expect(never.end(ofExclusionAt: 0, in: .gmt) == nil)
        #expect(never.start(ofExclusionAt: 0, in: .gmt) == nil)
    }

    @Test(
        "What is no date is refused, and named",
        arguments: [
            "", "2026-02-30", "2026-13-01", "2026-1-1", "13-01", "02-30", "2026-12-31..2026-12-24", "2026-12-24..",
            "2026-12-24..2026-12-25..2026-12-26", "12-24..12-26", "SATURDAY", "+026-01-01", "2026-12-25 ",
        ]
    )
    func malformed(_ entry: String) {
        let error = #expect(throws: InvalidDateEntry.self) { try DateExclusions(["2026-01-01", entry]) }
        #expect(error?.entry == entry)
        #expect(error?.description.contains("use 2026-12-25") == true)
    }

    @Test("A calendar that leaves no day of the week is refused")
    func noDay() {
        #expect(throws: InvalidDateEntry.self) {
            try DateExclusions(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])
        }
    }
}

private func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

private func isDate(_ day: String) -> Bool { (try? DateExclusions([day])) != nil }
