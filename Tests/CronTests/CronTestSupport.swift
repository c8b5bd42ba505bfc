import Cron
import Foundation
import Testing

/// Reads a test's ISO 8601 time; one without an offset is UTC.
func at(_ text: String) throws -> Date {
    try ISO8601.date(from: text, in: .gmt)
}

/// Occurrences that an expression must have from an instant on.
struct OccurrenceCase: Sendable, CustomTestStringConvertible {
    let expression: String
    let from: String
    let zone: String
    let gap: GapPolicy
    let overlap: OverlapPolicy
    let expected: [String]

    /// Describes occurrences *after* `from`, written with their offset in `zone`.
    init(
        _ expression: String,
        from: String,
        in zone: String = "UTC",
        gap: GapPolicy = .firstValidInstant,
        overlap: OverlapPolicy = .automatic,
        _ expected: [String]
    ) {
        self.expression = expression
        self.from = from
        self.zone = zone
        self.gap = gap
        self.overlap = overlap
        self.expected = expected
    }

    var testDescription: String {
        "\(self.expression) after \(self.from) in \(self.zone), \(self.gap), \(self.overlap)"
    }

    /// Finds as many occurrences as are expected, and writes them out; "never" stands for the end.
    func found() throws -> [String] {
        let expression = try CronExpression(self.expression)
        let zone = try TimeZoneLookup.zone(named: self.zone)
        var texts: [String] = []
        var instant = try ISO8601.date(from: self.from, in: zone)
        for _ in self.expected {
            guard let next = expression.next(after: instant, in: zone, gap: self.gap, overlap: self.overlap) else {
                texts.append("never")
                break
            }
            texts.append(ISO8601.string(from: next, in: zone))
            instant = next
        }
        // In UTC the offset says nothing.
        return self.zone == "UTC" ? texts.map { $0.replacing("+00:00", with: "") } : texts
    }
}
