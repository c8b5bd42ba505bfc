/// A JSON object whose values are texts, numbers and truth values, in a fixed order: what an event is.
///
/// Foundation's coders neither keep the order of an object's members nor exist in a pure module.
package struct FlatJSON {
    /// The object so far.
    package private(set) var text = "{}"

    /// An object without members.
    package init() {}

    /// Adds a member at the end. A number that JSON cannot express is `null`.
    package mutating func append(_ name: String, _ value: ClusterEvent.Value) {
        self.text.removeLast()
        if self.text.utf8.count > 1 { self.text += "," }
        Self.append(string: name, to: &self.text)
        self.text += ":"
        switch value {
        case .string(let text): Self.append(string: text, to: &self.text)
        case .integer(let integer): self.text += String(integer)
        case .number(let number): self.text += number.isFinite ? String(number) : "null"
        case .boolean(let flag): self.text += String(flag)
        }
        self.text += "}"
    }

    /// Adds a text in quotes.
    static func append(string: String, to text: inout String) {
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

    /// Reads an object's members in their order, leaving `null` out; `nil` when the text is anything else.
    static func parse(_ text: String) -> [ClusterEvent.Field]? {
        var parser = Parser(rest: Array(text.utf8)[...])
        return parser.object()
    }

    private struct Parser {
        var rest: ArraySlice<UInt8>

        mutating func object() -> [ClusterEvent.Field]? {
            guard self.skip("{") else { return nil }
            var fields: [ClusterEvent.Field] = []
            if !self.skip("}") {
                repeat {
                    guard let name = self.string(), self.skip(":") else { return nil }
                    if self.skip("null") { continue }
                    guard let value = self.value() else { return nil }
                    fields.append(.init(name, value))
                } while self.skip(",")
                guard self.skip("}") else { return nil }
            }
            self.skipSpace()
            return self.rest.isEmpty ? fields : nil
        }

        mutating func value() -> ClusterEvent.Value? {
            if self.skip("true") { return .boolean(true) }
            if self.skip("false") { return .boolean(false) }
            self.skipSpace()
            if self.rest.first == UInt8(ascii: "\"") { return self.string().map(ClusterEvent.Value.string) }
            let digits = self.rest.prefix {
                UInt8(ascii: "-") <= $0 && $0 <= UInt8(ascii: "9") || "+eE".utf8.contains($0)
            }
            self.rest = self.rest.dropFirst(digits.count)
            let text = String(decoding: digits, as: UTF8.self)
            if let integer = Int64(text) { return .integer(integer) }
            return Double(text).map(ClusterEvent.Value.number)
        }

        mutating func string() -> String? {
            guard self.skip("\"") else { return nil }
            var bytes: [UInt8] = []
            while let byte = self.rest.popFirst() {
                switch byte {
                case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
                case UInt8(ascii: "\\"):
                    guard let scalar = self.escape() else { return nil }
                    bytes.append(contentsOf: String(Character(scalar)).utf8)
                default: bytes.append(byte)
                }
            }
            return nil
        }

        private mutating func escape() -> Unicode.Scalar? {
            switch self.rest.popFirst() {
            case UInt8(ascii: "\""): return "\""
            case UInt8(ascii: "\\"): return "\\"
            case UInt8(ascii: "/"): return "/"
            case UInt8(ascii: "b"): return "\u{8}"
            case UInt8(ascii: "f"): return "\u{C}"
            case UInt8(ascii: "n"): return "\n"
            case UInt8(ascii: "r"): return "\r"
            case UInt8(ascii: "t"): return "\t"
            case UInt8(ascii: "u"):
                guard let high = self.hexadecimal() else { return nil }
                guard (0xD800..<0xDC00).contains(high) else { return Unicode.Scalar(high) }
                // Beyond the first plane JSON writes a pair of surrogates.
                guard self.rest.popFirst() == UInt8(ascii: "\\"), self.rest.popFirst() == UInt8(ascii: "u"),
                    let low = self.hexadecimal(), (0xDC00..<0xE000).contains(low)
                else { return nil }
                return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
            default: return nil
            }
        }

        private mutating func hexadecimal() -> UInt32? {
            let digits = self.rest.prefix(4)
            self.rest = self.rest.dropFirst(digits.count)
            return digits.count == 4 ? UInt32(String(decoding: digits, as: UTF8.self), radix: 16) : nil
        }

        private mutating func skip(_ token: StaticString) -> Bool {
            self.skipSpace()
            let token = Array("\(token)".utf8)
            guard self.rest.starts(with: token) else { return false }
            self.rest = self.rest.dropFirst(token.count)
            return true
        }

        private mutating func skipSpace() {
            self.rest = self.rest.drop { " \t\r\n".utf8.contains($0) }
        }
    }
}
