/// A cron expression: five fields (minute, hour, day of month, month, day of week), six with seconds first, or a macro.
///
/// Syntax and meaning are those of the Cronos library: names, lists, ranges that may wrap around (`22-2`, `FRI-MON`),
/// steps, `?`, `L`, `L-3`, `LW`, `15W`, `FRIL`, `MON#2`, and macros such as `@daily`. A day must satisfy both
/// the day of month and the day of week field. Finding the fire times is in `CronExpression+Occurrences.swift`.
///
/// Two expressions are equal when they have the same fire times by the same fields (`@daily` equals `0 0 * * *`).
package struct CronExpression: Sendable, Hashable, CustomStringConvertible {
    let schedule: CronSchedule

    /// The expression as it was written, with single spaces between the fields.
    package let description: String

    /// Parses an expression; the number of fields tells whether it starts with seconds.
    ///
    /// - Throws: ``CronError`` naming the faulty field, the offending text, and what to write instead.
    package init(_ text: String) throws(CronError) {
        let fields = Self.split(text)
        self.description = fields.map { String(decoding: $0.bytes, as: UTF8.self) }.joined(separator: " ")
        if let macro = fields.first, macro.bytes.first == UInt8(ascii: "@") {
            let name = String(decoding: macro.bytes, as: UTF8.self)
            guard fields.count == 1, let fields = Self.macros.first(where: { $0.name == name.lowercased() })?.fields
            else { throw Self.macroError(text, name: name, position: macro.origin, fieldCount: fields.count) }
            self.schedule = try Self.parse(Self.split(fields), of: text)
        } else {
            self.schedule = try Self.parse(fields, of: text)
        }
    }

    package static func == (left: Self, right: Self) -> Bool { left.schedule == right.schedule }

    package func hash(into hasher: inout Hasher) { hasher.combine(self.schedule) }

    /// Whether the second, minute or hour field holds `*`, `?`, a range or a step.
    ///
    /// Under ``OverlapPolicy/automatic`` such an expression fires in both passes of a repeated hour.
    package var isInterval: Bool { self.schedule.isInterval }

    // MARK: - Parsing

    private typealias Field = (bytes: [UInt8], origin: Int)

    private static let macros: [(name: String, fields: String)] = [
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
        ("@monthly", "0 0 1 * *"),
        ("@weekly", "0 0 * * 0"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@hourly", "0 * * * *"),
        ("@every_minute", "* * * * *"),
        ("@every_second", "* * * * * *"),
    ]

    private static func split(_ text: String) -> [Field] {
        let separators: [UInt8] = [UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r")]
        return Array(text.utf8)
            .split { separators.contains($0) }
            .map { (Array($0), $0.startIndex) }
    }

    private static func parse(_ fields: [Field], of text: String) throws(CronError) -> CronSchedule {
        guard fields.count == 5 || fields.count == 6 else {
            throw Self.fieldCountError(text, position: fields.count > 6 ? fields[6].origin : text.utf8.count, fields)
        }
        var isInterval = false
        func parser(_ field: CronField) -> CronFieldParser {
            let index = CronField.allCases.firstIndex(of: field).map { $0 + fields.count - 6 } ?? 0
            let (bytes, origin) = fields[index]
            return CronFieldParser(field, bytes: bytes, origin: origin, expression: text)
        }
        func values(_ field: CronField) throws(CronError) -> UInt64 {
            var parser = parser(field)
            let bits = try parser.values()
            isInterval = isInterval || parser.isInterval
            return bits
        }

        let seconds = fields.count == 6 ? try values(.second) : 1
        let minutes = try values(.minute)
        let hours = try values(.hour)
        var dayOfMonth = parser(.dayOfMonth)
        let daysOfMonth = try dayOfMonth.daysOfMonth()
        let months = try values(.month)
        var dayOfWeek = parser(.dayOfWeek)
        let (daysOfWeek, weekOfMonth) = try dayOfWeek.daysOfWeek()
        return CronSchedule(
            seconds: seconds,
            minutes: minutes,
            hours: UInt32(truncatingIfNeeded: hours),
            daysOfMonth: daysOfMonth,
            months: UInt32(truncatingIfNeeded: months),
            daysOfWeek: daysOfWeek,
            weekOfMonth: weekOfMonth,
            isInterval: isInterval
        )
    }

    private static func fieldCountError(_ text: String, position: Int, _ fields: [Field]) -> CronError {
        CronError(
            expression: text,
            field: nil,
            text: fields.dropFirst(6).first.map { String(decoding: $0.bytes, as: UTF8.self) } ?? "",
            position: position,
            reason: fields.isEmpty ? "it is empty" : "it has \(fields.count) field\(fields.count == 1 ? "" : "s")",
            hint: "write minute, hour, day of month, month and day of week, optionally with seconds in front"
        )
    }

    private static func macroError(_ text: String, name: String, position: Int, fieldCount: Int) -> CronError {
        let isKnown = self.macros.contains { $0.name == name.lowercased() }
        return CronError(
            expression: text,
            field: nil,
            text: name,
            position: position,
            reason: isKnown ? "\"\(name)\" must stand alone" : "the macro \"\(name)\" is unknown",
            hint: isKnown ? "remove the other fields" : "use " + self.macros.map(\.name).joined(separator: ", ")
        )
    }
}
