/// Parses one field of a cron expression.
///
/// The grammar is that of Cronos, letters in either case:
///
///     field        = star [step] | value [range] { "," value [range] }
///     day of month = field | value "W" | "L" ["-" number] ["W"]
///     day of week  = field | value "L" | value "#" number
///     star = "*" | "?"       range = "-" value [step] | step       step = "/" number
struct CronFieldParser {
    private let expression: String
    private let field: CronField
    /// The field as a slice of the expression, so that indices are positions in the latter.
    private let bytes: ArraySlice<UInt8>
    private var index: Int
    private(set) var isInterval = false

    init(_ field: CronField, bytes: ArraySlice<UInt8>, expression: String) {
        self.field = field
        self.bytes = bytes
        self.index = bytes.startIndex
        self.expression = expression
    }

    /// Parses a field that has neither `L`, `W` nor `#`, and returns a bit for each selected value.
    mutating func values() throws(CronError) -> UInt64 {
        if self.accept("*") || self.accept("?") {
            self.noteInterval()
            let step = self.accept("/") ? try self.step() : 1
            if self.peek == UInt8(ascii: ",") {
                let range = "\(self.field.values.lowerBound)-\(self.field.values.upperBound)"
                throw self.error(
                    "\"*\" cannot be part of a list",
                    hint: "write the range out, such as \(range)/\(step)"
                )
            }
            try self.expectEnd()
            return Self.bits(self.field.values, step: step)
        }
        let first = try self.value()
        return try self.list(startingWith: first)
    }

    /// Parses the day of month field.
    mutating func daysOfMonth() throws(CronError) -> CronSchedule.DaysOfMonth {
        if self.accept("L") {
            var offset = 0
            if self.accept("-") { offset = try self.number(in: 0...30, what: "offset", after: "-") }
            let isWeekday = self.accept("W")
            try self.expectEnd(standingAlone: "L")
            return isWeekday ? .weekdayNearestLast(offset: offset) : .last(offset: offset)
        }
        let start = self.index
        if let byte = self.peek, Self.isDigit(byte) {
            let day = try self.value()
            if self.accept("W") {
                try self.expectEnd(standingAlone: "W")
                return .weekdayNearest(to: day)
            }
            self.index = start
        }
        return .days(UInt32(truncatingIfNeeded: try self.values()))
    }

    /// Parses the day of week field; bit 0 is Sunday, bit 7 is not used.
    mutating func daysOfWeek() throws(CronError) -> (days: UInt32, week: CronSchedule.WeekOfMonth) {
        var week = CronSchedule.WeekOfMonth.every
        var bits: UInt64
        if self.bytes.first.map({ Self.isDigit($0) || Self.isLetter($0) }) ?? false {
            let day = try self.value()
            if self.accept("L") {
                try self.expectEnd(standingAlone: "L")
                week = .last
                bits = 1 << day
            } else if self.accept("#") {
                week = .nth(try self.number(in: 1...5, what: "week", after: "#"))
                try self.expectEnd(standingAlone: "#")
                bits = 1 << day
            } else {
                bits = try self.list(startingWith: day)
            }
        } else {
            bits = try self.values()
        }
        if bits & 1 << 7 != 0 { bits |= 1 }
        return (UInt32(bits & 0x7F), week)
    }

    // MARK: - Ranges and steps

    private mutating func list(startingWith first: Int) throws(CronError) -> UInt64 {
        var bits = try self.range(from: first)
        while self.accept(",") {
            bits |= try self.range(from: try self.value(after: ","))
        }
        try self.expectEnd()
        return bits
    }

    private mutating func range(from low: Int) throws(CronError) -> UInt64 {
        if self.accept("-") {
            self.noteInterval()
            let high = try self.value(after: "-")
            let step = self.accept("/") ? try self.step() : 1
            return self.bits(from: low, to: high, step: step)
        }
        guard self.accept("/") else { return 1 << low }
        self.noteInterval()
        return Self.bits(low...self.field.values.upperBound, step: try self.step())
    }

    private func bits(from low: Int, to high: Int, step: Int) -> UInt64 {
        if low <= high { return Self.bits(low...high, step: step) }
        let cycle = self.field.cycle
        // A range that starts with the second Sunday is one that starts with the first.
        if low > cycle.upperBound { return Self.bits(cycle.lowerBound...high, step: step) }
        var bits: UInt64 = 0
        for value in stride(from: low, through: high + cycle.count, by: step) {
            bits |= 1 << (value > cycle.upperBound ? value - cycle.count : value)
        }
        return bits
    }

    private static func bits(_ range: ClosedRange<Int>, step: Int) -> UInt64 {
        stride(from: range.lowerBound, through: range.upperBound, by: step).reduce(0) { $0 | 1 << $1 }
    }

    private mutating func noteInterval() {
        if self.field.canDefineInterval { self.isInterval = true }
    }

    // MARK: - Tokens

    private mutating func step() throws(CronError) -> Int {
        try self.number(in: 1...self.field.values.upperBound, what: "step", after: "/")
    }

    /// Reads a number or a name.
    private mutating func value(after separator: String? = nil) throws(CronError) -> Int {
        let start = self.index
        if let byte = self.peek, Self.isLetter(byte) { return try self.name() }
        guard let number = self.digits() else { throw self.missing("value", after: separator) }
        guard self.field.values.contains(number) else {
            throw self.error("\"\(self.text(from: start))\" is out of range", from: start, hint: "use \(self.usable)")
        }
        return number
    }

    private mutating func number(
        in range: ClosedRange<Int>,
        what: String,
        after separator: String
    ) throws(CronError) -> Int {
        let start = self.index
        guard let number = self.digits() else { throw self.missing(what, after: separator) }
        guard range.contains(number) else {
            throw self.error(
                "the \(what) \"\(self.text(from: start))\" is out of range",
                from: start,
                hint: "use \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }

    private mutating func name() throws(CronError) -> Int {
        let start = self.index
        let end = self.bytes[start...].firstIndex { !Self.isLetter($0) } ?? self.bytes.endIndex
        let word = String(decoding: self.bytes[start..<end], as: UTF8.self).uppercased()
        let names = self.field.names
        if let position = names.firstIndex(where: { word.hasPrefix($0) }) {
            let rest = word.dropFirst(3)
            self.index = start + 3
            if rest.isEmpty || self.field == .dayOfWeek && rest == "L" {
                return position + self.field.values.lowerBound
            }
            throw self.error("\"\(word)\" is not a name", through: end, from: start, hint: "write \(names[position])")
        }
        throw self.error(
            names.isEmpty ? "\"\(word)\" is not a number" : "\"\(word)\" is not a number or name",
            through: end,
            from: start,
            hint: self.hint(forWord: word)
        )
    }

    private func hint(forWord word: String) -> String {
        switch (self.field, word) {
        case (.dayOfWeek, "L"): "name the day, such as FRIL; Saturday is SAT"
        case (.dayOfMonth, "W"): "name the day, such as 15W or LW"
        case (_, "L"): "\"L\" belongs in the day of month or day of week, as the only value"
        case (_, "W"), (_, "LW"): "\"W\" belongs in the day of month, as the only value"
        default: "use \(self.usable)"
        }
    }

    /// Reads digits. More than two count as 100: out of range in every field.
    private mutating func digits() -> Int? {
        let start = self.index
        while let byte = self.peek, Self.isDigit(byte) { self.index += 1 }
        switch self.index - start {
        case 0: return nil
        case 1...2: return self.bytes[start..<self.index].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        default: return 100
        }
    }

    private var peek: UInt8? { self.index < self.bytes.endIndex ? self.bytes[self.index] : nil }

    /// Steps over a character, given in upper case, if it is the next one.
    private mutating func accept(_ character: Unicode.Scalar) -> Bool {
        guard var byte = self.peek else { return false }
        if Self.isLetter(byte) { byte &= 0xDF }
        guard byte == UInt8(ascii: character) else { return false }
        self.index += 1
        return true
    }

    private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
    private static func isLetter(_ byte: UInt8) -> Bool { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte & 0xDF }

    // MARK: - Errors

    private var usable: String { self.field.valuesDescription }

    private func text(from start: Int) -> String {
        String(decoding: self.bytes[start..<self.index], as: UTF8.self)
    }

    /// Throws unless the field ends here.
    private func expectEnd(standingAlone mark: String? = nil) throws(CronError) {
        guard let byte = self.peek else { return }
        let rest = String(decoding: self.bytes[self.index...], as: UTF8.self)
        if let mark, byte == UInt8(ascii: ",") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "/") {
            throw self.error("\"\(mark)\" must be the only value", hint: "use a schedule for each value")
        }
        let hint =
            switch byte & (Self.isLetter(byte) ? 0xDF : 0xFF) {
            case UInt8(ascii: "L"): "\"L\" belongs in the day of month or day of week, as the only value"
            case UInt8(ascii: "W"): "\"W\" belongs in the day of month, as the only value"
            case UInt8(ascii: "#"): "\"#\" belongs in the day of week, after a single day, such as MON#2"
            default: "use \(self.usable), with \",\", \"-\" and \"/\""
            }
        throw self.error("unexpected \"\(rest)\"", through: self.bytes.endIndex, from: self.index, hint: hint)
    }

    private func missing(_ what: String, after separator: String?) -> CronError {
        let place = separator.map { " after \"\($0)\"" } ?? ""
        let range = what == "step" ? "1 to \(self.field.values.upperBound)" : what == "week" ? "1 to 5" : self.usable
        let rest = String(decoding: self.bytes[self.index...], as: UTF8.self)
        let found = rest.isEmpty ? "" : ", found \"\(rest)\""
        return self.error(
            "\(what == "offset" ? "an" : "a") \(what) is missing\(place)\(found)",
            through: self.bytes.endIndex,
            from: self.index,
            hint: "use \(what == "offset" ? "0 to 30" : range)"
        )
    }

    /// An error about the bytes from `start` (default: the whole field) to `end` (default: what has been read).
    private func error(_ reason: String, through end: Int? = nil, from start: Int? = nil, hint: String) -> CronError {
        let end = start == nil ? self.bytes.endIndex : end ?? self.index
        let start = start ?? self.bytes.startIndex
        return CronError(
            expression: self.expression,
            field: self.field,
            text: String(decoding: self.bytes[start..<end], as: UTF8.self),
            position: start,
            reason: reason,
            hint: hint
        )
    }
}
