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
        self.description = fields.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
        guard let macro = fields.first, macro.first == UInt8(ascii: "@") else {
            self.schedule = try Self.parse(fields, of: text)
            return
        }
        let name = String(decoding: macro, as: UTF8.self)
        guard fields.count == 1, let fields = Self.macros.first(where: { $0.name == name.lowercased() })?.fields
        else { throw Self.macroError(text, name: name, position: macro.startIndex) }
        self.schedule = try Self.parse(Self.split(fields), of: text)
    }

    package static func == (left: Self, right: Self) -> Bool { left.schedule == right.schedule }

    package func hash(into hasher: inout Hasher) { hasher.combine(self.schedule) }

    /// Whether the second, minute or hour field holds `*`, `?`, a range or a step.
    ///
    /// Under ``OverlapPolicy/automatic`` such an expression fires in both passes of a repeated hour.
    package var isInterval: Bool { self.schedule.isInterval }

    // MARK: - Parsing

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

    /// Divides a text into its fields, slices of its UTF-8 bytes.
    private static func split(_ text: String) -> [ArraySlice<UInt8>] {
        Array(text.utf8).split { byte in
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): true
            default: false
            }
        }
    }

    private static func parse(_ fields: [ArraySlice<UInt8>], of text: String) throws(CronError) -> CronSchedule {
        guard fields.count == 5 || fields.count == 6 else { throw Self.fieldCountError(text, fields) }
        let hasSeconds = fields.count == 6
        let first = hasSeconds ? 1 : 0
        var isInterval = false
        func values(_ field: CronField, at index: Int) throws(CronError) -> UInt64 {
            var parser = CronFieldParser(field, bytes: fields[index], expression: text)
            let bits = try parser.values()
            isInterval = isInterval || parser.isInterval
            return bits
        }

        let seconds = hasSeconds ? try values(.second, at: 0) : 1
        let minutes = try values(.minute, at: first)
        let hours = try values(.hour, at: first + 1)
        var dayOfMonth = CronFieldParser(.dayOfMonth, bytes: fields[first + 2], expression: text)
        let daysOfMonth = try dayOfMonth.daysOfMonth()
        let months = try values(.month, at: first + 3)
        var dayOfWeek = CronFieldParser(.dayOfWeek, bytes: fields[first + 4], expression: text)
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

    private static func fieldCountError(_ text: String, _ fields: [ArraySlice<UInt8>]) -> CronError {
        let surplus = fields.dropFirst(6).first
        return CronError(
            expression: text,
            field: nil,
            text: surplus.map { String(decoding: $0, as: UTF8.self) } ?? "",
            position: surplus?.startIndex ?? text.utf8.count,
            reason: fields.isEmpty ? "it is empty" : "it has \(fields.count) field\(fields.count == 1 ? "" : "s")",
            hint: "use 5: minute, hour, day of month, month, day of week; or 6 with the second first"
        )
    }

    private static func macroError(_ text: String, name: String, position: Int) -> CronError {
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
