/// An instant of the wall clock as text, `2026-11-21T05:02:11.123Z`: ISO 8601, UTC, milliseconds.
package enum UTCTimestamp {
    private static let microsecondsPerDay: Int64 = 86_400_000_000

    /// Writes microseconds since 1970, rounded down to the millisecond.
    package static func text(microseconds: Int64) -> String {
        let day = Self.floorDivision(microseconds, Self.microsecondsPerDay)
        let milliseconds = (microseconds - day * Self.microsecondsPerDay) / 1_000
        let date = Self.date(ofDay: day)
        let seconds = milliseconds / 1_000
        return Self.padded(date.year, to: 4) + "-" + Self.padded(date.month, to: 2) + "-" + Self.padded(date.day, to: 2)
            + "T" + Self.padded(seconds / 3_600, to: 2) + ":" + Self.padded(seconds / 60 % 60, to: 2)
            + ":" + Self.padded(seconds % 60, to: 2) + "." + Self.padded(milliseconds % 1_000, to: 3) + "Z"
    }

    /// Reads what ``text(microseconds:)`` writes; `nil` for any other form.
    package static func microseconds(of text: String) -> Int64? {
        let bytes = Array(text.utf8)
        let form = Array("0000-00-00T00:00:00.000Z".utf8)
        guard bytes.count == form.count else { return nil }
        for (byte, expected) in zip(bytes, form) {
            let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            guard expected == UInt8(ascii: "0") ? isDigit : byte == expected else { return nil }
        }
        func number(_ range: Range<Int>) -> Int64 {
            bytes[range].reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
        }
        let day = Self.day(ofYear: number(0..<4), month: number(5..<7), day: number(8..<10))
        let seconds = number(11..<13) * 3_600 + number(14..<16) * 60 + number(17..<19)
        return day * Self.microsecondsPerDay + seconds * 1_000_000 + number(20..<23) * 1_000
    }

    // Dates are counted in years that begin in March, so that the leap day is a year's last, and in eras of 400 years,
    // which are all equally long.

    private static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = Self.floorDivision(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private static func day(ofYear year: Int64, month: Int64, day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = Self.floorDivision(shiftedYear, 400)
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func floorDivision(_ dividend: Int64, _ divisor: Int64) -> Int64 {
        let quotient = dividend / divisor
        return dividend % divisor < 0 ? quotient - 1 : quotient
    }

    private static func padded(_ number: Int64, to width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
