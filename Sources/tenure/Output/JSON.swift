/// A JSON value whose objects keep the order of their keys.
enum JSON: Sendable, Hashable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([Entry])
    /// Text that is JSON already, such as a payload.
    case raw(String)

    /// One entry of an object.
    struct Entry: Sendable, Hashable {
        let key: String
        let value: JSON
    }

    /// An object of entries in their order.
    static func object(_ entries: KeyValuePairs<String, JSON>) -> JSON {
        .object(entries.map { Entry(key: $0.key, value: $0.value) })
    }

    /// A string, or null.
    static func string(orNull text: String?) -> JSON { text.map { .string($0) } ?? .null }

    /// An integer, or null.
    static func integer<Number: BinaryInteger>(_ number: Number?) -> JSON {
        number.map { .integer(Int64(clamping: $0)) } ?? .null
    }

    /// The value of a key; `nil` when this is no object or has no such key.
    subscript(key: String) -> JSON? {
        guard case .object(let entries) = self else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// Whether it is a number.
    var isNumber: Bool {
        switch self {
        case .integer, .number: true
        case .null, .boolean, .string, .array, .object, .raw: false
        }
    }

    /// The value on one line.
    var text: String {
        var text = ""
        self.write(to: &text, indent: nil)
        return text
    }

    /// The value on several lines, for people.
    var prettyText: String {
        var text = ""
        self.write(to: &text, indent: 0)
        return text
    }

    private func write(to text: inout String, indent: Int?) {
        switch self {
        case .null: text += "null"
        case .boolean(let flag): text += flag ? "true" : "false"
        case .integer(let number): text += String(number)
        // JSON has no word for what is not a number.
        case .number(let number): text += number.isFinite ? Self.text(of: number) : "null"
        case .string(let string): Self.quote(string, to: &text)
        case .raw(let raw): text += raw
        case .array(let values):
            Self.writeList(values, brackets: ("[", "]"), to: &text, indent: indent) { value, text, indent in
                value.write(to: &text, indent: indent)
            }
        case .object(let entries):
            Self.writeList(entries, brackets: ("{", "}"), to: &text, indent: indent) { entry, text, indent in
                Self.quote(entry.key, to: &text)
                text += indent == nil ? ":" : ": "
                entry.value.write(to: &text, indent: indent)
            }
        }
    }

    private static func writeList<Element>(
        _ elements: [Element],
        brackets: (String, String),
        to text: inout String,
        indent: Int?,
        write: (Element, inout String, Int?) -> Void
    ) {
        text += brackets.0
        for (index, element) in elements.enumerated() {
            if index > 0 { text += "," }
            if let indent { text += "\n" + String(repeating: "  ", count: indent + 1) }
            write(element, &text, indent.map { $0 + 1 })
        }
        if let indent, !elements.isEmpty { text += "\n" + String(repeating: "  ", count: indent) }
        text += brackets.1
    }

    private static func text(of number: Double) -> String {
        let text = String(number)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    private static func quote(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
