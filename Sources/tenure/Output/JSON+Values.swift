internal import TenureCore

extension JSON: ExpressibleByStringLiteral {
    /// A string.
    init(stringLiteral text: String) { self = .string(text) }
}

extension JSON {
    /// Labels in the order of their names.
    static func labels(_ labels: [String: String]) -> JSON {
        .object(labels.sorted { $0.key < $1.key }.map { Entry(key: $0.key, value: .string($0.value)) })
    }

    /// An instant in the form of ISO 8601, UTC, or null.
    static func time(_ time: ServerTime?) -> JSON {
        .string(orNull: time.map { UTCTimestamp.text(microseconds: $0.microseconds) })
    }
}
