/// Durations as people write them in settings and on the command line: `500ms`, `2s`, `5m`, `1h`.
enum DurationText {
    /// What to write, for messages.
    static let hint = "write a number and a unit, such as 500ms, 2s, 5m or 1h"

    /// Microseconds a unit.
    private static let units: [(name: String, microseconds: Int64)] = [
        ("us", 1), ("ms", 1_000), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000), ("d", 86_400_000_000),
    ]

    /// Reads a duration; `nil` when the text is none, is negative, or exceeds 10,000 days.
    static func parse(_ text: String) -> Duration? {
        let number = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        let unit = text.dropFirst(number.count).drop { $0 == " " }
        if unit.isEmpty, Double(number) == 0 { return .zero }
        guard let microseconds = self.units.first(where: { $0.name == unit })?.microseconds, let value = Double(number)
        else { return nil }
        let total = (value * Double(microseconds)).rounded()
        guard total <= 10_000 * 86_400_000_000 else { return nil }
        return .microseconds(Int64(total))
    }

    /// Writes a duration in the largest unit that needs no fraction.
    static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        guard microseconds != 0 else { return "0s" }
        // Days are left out: hours read better next to the other options.
        for unit in self.units.dropLast().reversed() where microseconds % unit.microseconds == 0 {
            return "\(microseconds / unit.microseconds)\(unit.name)"
        }
        return "\(microseconds)us"
    }
}
