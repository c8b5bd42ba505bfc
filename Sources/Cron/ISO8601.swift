package import Foundation

/// Writing and reading of instants in the form of ISO 8601, e.g. `2026-03-29T03:00:00+02:00`.
package enum ISO8601 {
    /// Writes an instant as the local time of a zone with its offset.
    ///
    /// A fraction of a second is written with three or six digits, rounded to microseconds, and left out when zero.
    /// UTC is written `+00:00`. Offsets of days before standard time get their seconds too (`+00:53:28`), and years
    /// outside of 0 to 9999 a sign and six digits. Dates more than 300,000 years away are brought into that range.
    package static func string(from date: Date, in zone: TimeZone) -> String {
        let limit = 1e13
        let seconds = date.timeIntervalSinceReferenceDate
        let clamped = seconds.isNaN ? 0 : min(max(seconds, -limit), limit)
        var second = clamped.rounded(.down)
        var fraction = Int(((clamped - second) * 1e6).rounded())
        if fraction == 1_000_000 {
            second += 1
            fraction = 0
        }
        let offset = zone.secondsFromGMT(for: Date(timeIntervalSinceReferenceDate: second))
        let unix = Int64(second) + 978_307_200

        let (days, secondOfDay) = CivilCalendar.split(unix + Int64(offset))
        let (year, month, day) = CivilCalendar.date(days: days)
        var text = (0...9_999).contains(year) ? Self.pad(year, 4) : (year < 0 ? "-" : "+") + Self.pad(abs(year), 6)
        text += "-\(Self.pad(month, 2))-\(Self.pad(day, 2))T\(Self.time(secondOfDay))"
        if fraction != 0 {
            text += "." + (fraction % 1_000 == 0 ? Self.pad(fraction / 1_000, 3) : Self.pad(fraction, 6))
        }
        return text + (offset < 0 ? "-" : "+") + Self.time(abs(offset), omitsZeroSeconds: true)
    }

    /// Reads an instant.
    ///
    /// Accepted are a date, optionally followed by `T` or a space and a time of hours and minutes, optionally with
    /// seconds and a fraction, and after a time optionally `Z` or an offset (`+02:00`, `+0200`, `+02`, `+00:53:28`).
    /// Without an offset the text is the wall clock of `zone`, a date alone its midnight: of a time that comes twice
    /// the first, of one that the clock skips the end of the gap.
    ///
    /// - Parameters:
    ///   - text: The text to read, years 1 to 9999.
    ///   - zone: The zone of a time without an offset; nil makes the offset compulsory.
    /// - Throws: ``ISO8601Error`` saying what is wrong with the text.
    package static func date(from text: String, in zone: TimeZone? = nil) throws(ISO8601Error) -> Date {
        var parser = ISO8601Parser(text)
        let reading = try parser.parse()
        let second: Int64
        if let offset = reading.offset {
            second = reading.local - offset
        } else if let zone {
            second = ZoneClock(zone).instant(ofLocal: reading.local)
        } else {
            throw ISO8601Error(
                text: text,
                reason: "the offset from UTC is missing",
                hint: "append Z or one such as +02:00"
            )
        }
        let whole = Date(unixSeconds: second)
        return reading.fraction == 0 ? whole : whole + reading.fraction
    }

    private static func time(_ seconds: Int, omitsZeroSeconds: Bool = false) -> String {
        let text = "\(Self.pad(seconds / 3_600, 2)):\(Self.pad(seconds / 60 % 60, 2))"
        return omitsZeroSeconds && seconds % 60 == 0 ? text : "\(text):\(Self.pad(seconds % 60, 2))"
    }

    private static func pad(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// The reason why a text is not a time in the form of ISO 8601.
package struct ISO8601Error: Error, Sendable, Hashable, CustomStringConvertible {
    /// The text that was read.
    package let text: String
    /// What is wrong, e.g. "the month 13 is out of range".
    package let reason: String
    /// What to do about it.
    package let hint: String

    /// The message in one line.
    package var description: String { "invalid time \"\(self.text)\": \(self.reason) (\(self.hint))" }
}
