/// Reads the text of a date and time into numbers; what they mean is for ``ISO8601`` to say.
struct ISO8601Parser {
    /// A date and time as written.
    struct Reading {
        /// Seconds since 1970-01-01T00:00:00 on the wall clock.
        var local: Int64
        /// The fraction of the second, 0 to below 1.
        var fraction: Double
        /// The offset in seconds east of UTC, if one was written.
        var offset: Int64?
    }

    private let text: String
    private let bytes: [UInt8]
    private var index = 0

    /// What can be written with four digits for the year, in seconds since 1970.
    private static let instants =
        Int64(CivilCalendar.days(year: 1, month: 1, day: 1)) * CivilCalendar.secondsPerDay..<Int64(
            CivilCalendar.days(year: 10_000, month: 1, day: 1)
        ) * CivilCalendar.secondsPerDay

    init(_ text: String) {
        self.text = text
        self.bytes = Array(text.utf8)
    }

    mutating func parse() throws(ISO8601Error) -> Reading {
        let year = try self.number("year", digits: 4, in: 1...9_999)
        try self.expect("-")
        let month = try self.number("month", digits: 2, in: 1...12)
        try self.expect("-")
        let length = CivilCalendar.length(ofMonth: month, in: year)
        let day = try self.number("day", digits: 2, in: 1...length)
        let midnight = Int64(CivilCalendar.days(year: year, month: month, day: day)) * CivilCalendar.secondsPerDay
        var reading = Reading(local: midnight, fraction: 0, offset: nil)
        if self.index == self.bytes.count { return reading }

        guard self.accept("T") || self.accept("t") || self.accept(" ") else { throw self.unexpected("T") }
        reading.local += Int64(try self.number("hour", digits: 2, in: 0...23) * 3_600)
        try self.expect(":")
        reading.local += Int64(try self.number("minute", digits: 2, in: 0...59) * 60)
        if self.accept(":") {
            reading.local += Int64(try self.number("second", digits: 2, in: 0...59))
            if self.accept(".") || self.accept(",") { reading.fraction = try self.fraction() }
        }
        reading.offset = try self.offset()
        guard self.index == self.bytes.count else { throw self.unexpected("Z, an offset or the end") }
        guard Self.instants.contains(reading.local - (reading.offset ?? 0)) else {
            throw ISO8601Error(
                text: self.text,
                reason: "in UTC it lies outside of the years 1 to 9999",
                hint: "use an instant within them"
            )
        }
        return reading
    }

    /// Reads the digits of a fraction; those beyond the ninth are more than a date can hold.
    private mutating func fraction() throws(ISO8601Error) -> Double {
        var value = 0
        var scale = 1
        guard var digit = self.digit() else { throw self.unexpected("the digits of a fraction") }
        while true {
            if scale < 1_000_000_000 {
                value = value * 10 + digit
                scale *= 10
            }
            guard let next = self.digit() else { return Double(value) / Double(scale) }
            digit = next
        }
    }

    private mutating func offset() throws(ISO8601Error) -> Int64? {
        if self.accept("Z") || self.accept("z") { return 0 }
        let sign: Int64
        if self.accept("+") { sign = 1 } else if self.accept("-") { sign = -1 } else { return nil }
        // The widest offset in use is 15:56, of Manila before 1845.
        var seconds = try self.number("offset", digits: 2, in: 0...18) * 3_600
        guard self.index < self.bytes.count else { return sign * Int64(seconds) }
        let hasColon = self.accept(":")
        seconds += try self.number("offset", digits: 2, in: 0...59) * 60
        if hasColon, self.accept(":") { seconds += try self.number("offset", digits: 2, in: 0...59) }
        return sign * Int64(seconds)
    }

    // MARK: - Tokens

    private mutating func digit() -> Int? {
        guard self.index < self.bytes.count else { return nil }
        let value = Int(self.bytes[self.index]) - Int(UInt8(ascii: "0"))
        guard 0...9 ~= value else { return nil }
        self.index += 1
        return value
    }

    private mutating func number(_ name: String, digits: Int, in range: ClosedRange<Int>) throws(ISO8601Error) -> Int {
        var value = 0
        for _ in 0..<digits {
            guard let digit = self.digit() else { throw self.unexpected("the \(name) of \(digits) digits") }
            value = value * 10 + digit
        }
        guard range.contains(value) else {
            throw ISO8601Error(
                text: self.text,
                reason: "the \(name) \(value) is out of range",
                hint: "use \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return value
    }

    private mutating func accept(_ character: Unicode.Scalar) -> Bool {
        guard self.index < self.bytes.count, self.bytes[self.index] == UInt8(ascii: character) else { return false }
        self.index += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(ISO8601Error) {
        guard self.accept(character) else { throw self.unexpected("\"\(character)\"") }
    }

    private func unexpected(_ expected: String) -> ISO8601Error {
        let rest = String(decoding: self.bytes[self.index...], as: UTF8.self)
        return ISO8601Error(
            text: self.text,
            reason: rest.isEmpty ? "it ends too early, \(expected) is missing" : "expected \(expected) at \"\(rest)\"",
            hint: "write it as 2026-03-29T03:00:00+02:00"
        )
    }
}
