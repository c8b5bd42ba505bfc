/// One scalar setting: its names, how a text becomes its value, and how the value is shown.
struct SettingDefinition: Sendable {
    typealias Path<Value> = any WritableKeyPath<Settings, Value> & Sendable

    /// Its place in a settings file: the name, with that of its group in front.
    let key: String
    /// The environment variables that set it; the first that is there wins.
    let environment: [String]
    /// Whether its value may hold a password.
    let isSecret: Bool
    /// Takes a text over, or says what it should have been.
    let set: @Sendable (_ text: String, _ settings: inout Settings) throws(BadValue) -> Void
    /// The value as text; `nil` when there is none.
    let text: @Sendable (_ settings: Settings) -> String?

    /// - Parameter environment: Without the prefix `TENURE_`; default: the name without its group.
    init<Value>(
        _ key: String,
        environment: String? = nil,
        aliases: [String] = [],
        isSecret: Bool = false,
        at path: Path<Value>,
        parse: @escaping @Sendable (String) throws(BadValue) -> Value,
        show: @escaping @Sendable (Value) -> String?
    ) {
        let name = environment ?? key.split(separator: ".").last.map { $0.uppercased() } ?? key
        self.key = key
        self.environment = ["TENURE_" + name] + aliases
        self.isSecret = isSecret
        self.set = { text, settings throws(BadValue) in settings[keyPath: path] = try parse(text) }
        self.text = { show($0[keyPath: path]) }
    }

    // MARK: - Kinds

    static func duration(_ key: String, environment: String? = nil, _ path: Path<Duration>) -> Self {
        Self(key, environment: environment, at: path) { text throws(BadValue) in
            guard let duration = DurationText.parse(text) else { throw BadValue(hint: DurationText.hint) }
            return duration
        } show: {
            DurationText.text($0)
        }
    }

    /// A duration that may also be endless.
    static func duration(_ key: String, environment: String? = nil, _ path: Path<Duration?>) -> Self {
        Self(key, environment: environment, at: path) { text throws(BadValue) in
            if text == "never" { return nil }
            guard let duration = DurationText.parse(text) else {
                throw BadValue(hint: DurationText.hint + ", or never")
            }
            return duration
        } show: {
            $0.map(DurationText.text) ?? "never"
        }
    }

    static func integer(
        _ key: String,
        environment: String? = nil,
        in range: ClosedRange<Int>,
        _ path: Path<Int>
    ) -> Self {
        Self(key, environment: environment, at: path) { text throws(BadValue) in
            guard let number = Int(text), range.contains(number) else {
                throw BadValue(hint: "write a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        } show: {
            String($0)
        }
    }

    static func number(
        _ key: String,
        environment: String? = nil,
        above lowerBound: Double,
        _ path: Path<Double>
    ) -> Self {
        Self(key, environment: environment, at: path) { text throws(BadValue) in
            guard let number = Double(text), number.isFinite, number > lowerBound else {
                throw BadValue(hint: "write a number above \(lowerBound)")
            }
            return number
        } show: {
            String($0)
        }
    }

    static func flag(_ key: String, _ path: Path<Bool>) -> Self {
        Self(key, at: path) { text throws(BadValue) in
            switch text.lowercased() {
            case "true", "yes", "on", "1": return true
            case "false", "no", "off", "0": return false
            default: throw BadValue(hint: "write true or false")
            }
        } show: {
            String($0)
        }
    }

    static func choice<Value: RawRepresentable<String> & CaseIterable & Sendable>(
        _ key: String,
        _ path: Path<Value>
    ) -> Self {
        Self(key, at: path) { text throws(BadValue) in
            guard let value = Value(rawValue: text) else {
                throw BadValue(hint: "write " + Value.allCases.map(\.rawValue).joined(separator: ", "))
            }
            return value
        } show: {
            $0.rawValue
        }
    }

    static func text(
        _ key: String,
        environment: String? = nil,
        aliases: [String] = [],
        isSecret: Bool = false,
        _ path: Path<String>
    ) -> Self {
        Self(key, environment: environment, aliases: aliases, isSecret: isSecret, at: path) { text throws(BadValue) in
            guard !text.isEmpty else { throw BadValue(hint: "it must not be empty") }
            return text
        } show: {
            $0
        }
    }

    static func text(
        _ key: String,
        environment: String? = nil,
        aliases: [String] = [],
        isSecret: Bool = false,
        _ path: Path<String?>
    ) -> Self {
        Self(key, environment: environment, aliases: aliases, isSecret: isSecret, at: path) { text throws(BadValue) in
            guard !text.isEmpty else { throw BadValue(hint: "it must not be empty") }
            return text
        } show: {
            $0
        }
    }
}
