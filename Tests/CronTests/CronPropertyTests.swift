import Cron
import Foundation
import Testing

/// Random expressions against a slow reference that looks at every minute and second of a window.
///
/// `CRON_SEED` repeats the run of a seed that a failure names.
@Suite("Cron against the reference")
struct CronPropertyTests {
    private static let seed =
        ProcessInfo.processInfo.environment["CRON_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1_000_000)

    /// Zones and an instant near which their clocks are moved (or nothing happens).
    private static let places: [(zone: String, instant: String)] = [
        ("Europe/Berlin", "2026-03-29T01:00:00Z"), ("Europe/Berlin", "2026-10-25T01:00:00Z"),
        ("America/New_York", "2026-03-08T07:00:00Z"), ("America/New_York", "2026-11-01T06:00:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"), ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
        ("America/Sao_Paulo", "2018-11-04T03:00:00Z"), ("America/Sao_Paulo", "2018-02-18T02:00:00Z"),
        ("Asia/Beirut", "2026-03-28T22:00:00Z"), ("Pacific/Apia", "2011-12-30T10:00:00Z"),
        ("Pacific/Kwajalein", "1969-10-01T00:00:00Z"), ("Pacific/Kwajalein", "1993-08-21T12:00:00Z"),
        ("Africa/Casablanca", "2026-02-15T02:00:00Z"), ("Africa/Casablanca", "2026-03-22T02:00:00Z"),
        ("Antarctica/Troll", "2026-03-29T01:00:00Z"), ("Pacific/Chatham", "2026-09-26T14:00:00Z"),
        ("Asia/Kathmandu", "1985-12-31T18:30:00Z"), ("America/Caracas", "2016-05-01T07:00:00Z"),
        ("Asia/Pyongyang", "2018-05-04T15:00:00Z"), ("Europe/Dublin", "2026-10-25T01:00:00Z"),
        ("UTC", "2028-02-29T12:00:00Z"), ("Asia/Kolkata", "2026-06-30T18:30:00Z"),
    ]

    @Test("A36: fire times around transitions are those of a second-by-second scan", arguments: places.indices)
    func transitions(_ index: Int) throws {
        let place = Self.places[index]
        let zone = try TimeZoneLookup.zone(named: place.zone)
        let instant = Int(try at(place.instant).timeIntervalSince1970)
        let window = ReferenceCron.Window(zone: zone, around: instant, hours: 50)
        var random = SeededGenerator(seed: Self.seed &+ UInt64(index) &* 1_000_003)

        let policies = GapPolicy.allCases.flatMap { gap in OverlapPolicy.allCases.map { (gap, $0) } }
        for number in 0..<4 * policies.count {
            let reference = ReferenceCron.random(using: &random)
            let (gap, overlap) = policies[number % policies.count]
            let context = Comment(
                rawValue: "CRON_SEED=\(Self.seed): \(reference.text) in \(place.zone), \(gap), \(overlap)"
            )
            let expression = try CronExpression(reference.text)
            // A margin of 25 hours at both ends, so that gaps and overlaps at the edge are seen whole.
            let margin = 25 * 3_600
            let all = reference.instants(in: window, gap: gap, overlap: overlap)
            let expected = all.filter { (window.start + margin..<window.end - margin).contains($0) }

            let found = expression.occurrences(
                from: Date(timeIntervalSince1970: Double(window.start + margin)),
                to: Date(timeIntervalSince1970: Double(window.end - margin)),
                in: zone,
                gap: gap,
                overlap: overlap
            ).map { Int($0.timeIntervalSince1970) }
            #expect(found == expected, context)
            #expect(expression.isInterval == reference.isInterval, context)

            for _ in 0..<10 {
                let start = Int.random(in: window.start + margin..<window.end - margin, using: &random)
                let fraction = Bool.random(using: &random) ? 0.5 : 0
                let date = Date(timeIntervalSince1970: Double(start) + fraction)
                if let next = expected.first(where: { $0 > start }) {
                    let result = expression.next(after: date, in: zone, gap: gap, overlap: overlap)
                    #expect(result == Date(timeIntervalSince1970: Double(next)), context)
                }
                if let last = expected.last(where: { Double($0) < Double(start) + fraction }) {
                    let result = expression.previous(before: date, in: zone, gap: gap, overlap: overlap)
                    #expect(result == Date(timeIntervalSince1970: Double(last)), context)
                }
            }
        }
    }

    @Test("A36: the days of four centuries' ends are those of a day-by-day scan", arguments: [1896, 1996, 2026, 2096])
    func days(_ year: Int) throws {
        let first = Int(try at("\(year)-01-01").timeIntervalSince1970) / 86_400
        let last = first + 9 * 365
        let days = ReferenceCron.days(from: first, through: last)
        var random = SeededGenerator(seed: Self.seed &+ UInt64(year))

        for _ in 0..<50 {
            let reference = ReferenceCron.random(using: &random)
            let text = "0 0 \(reference.dayText) \(reference.month.text) \(reference.weekdayText)"
            let expression = try CronExpression(text)
            let expected = (first..<last).filter { days[$0].map(reference.matches) ?? false }

            let found = expression.occurrences(
                from: Date(timeIntervalSince1970: Double(first * 86_400)),
                to: Date(timeIntervalSince1970: Double(last * 86_400)),
                in: .gmt
            ).map { Int($0.timeIntervalSince1970) / 86_400 }
            #expect(found == expected, "CRON_SEED=\(Self.seed): \(text) from \(year)")
        }
    }
}
