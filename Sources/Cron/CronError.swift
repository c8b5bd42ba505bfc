/// The reason why a text is not a cron expression: the faulty field, the offending text, and what to write instead.
///
/// The description is one line, such as
/// `invalid cron expression "61 * * * *": minute: "61" is out of range (use 0 to 59)`.
package struct CronError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The whole text that was parsed.
    package let expression: String
    /// The faulty field; nil when the expression as a whole is at fault (number of fields, unknown macro).
    package let field: CronField?
    /// The offending part of the expression; empty when something is missing at the end.
    package let text: String
    /// Where the offending part starts in ``expression``, in UTF-8 bytes.
    package let position: Int
    /// What is wrong, e.g. `"61" is out of range`.
    package let reason: String
    /// What to do about it, e.g. `use 0 to 59`.
    package let hint: String

    /// The message in one line.
    package var description: String {
        let place = self.field.map { "\($0): " } ?? ""
        return "invalid cron expression \"\(self.expression)\": \(place)\(self.reason) (\(self.hint))"
    }

    /// The message in three lines for a terminal: the expression, a mark below the offending part, and the reason.
    package var annotated: String {
        let place = self.field.map { "\($0): " } ?? ""
        let before = String(decoding: Array(self.expression.utf8.prefix(self.position)), as: UTF8.self)
        // A tab stays a tab, so that the mark stands right whatever the width of tabs.
        let indent = String(before.map { $0 == "\t" ? "\t" : " " })
        let mark = String(repeating: "^", count: max(1, self.text.count))
        return "  \(self.expression)\n  \(indent)\(mark)\n\(place)\(self.reason) (\(self.hint))"
    }
}
