/// The fencing token of a lease, a permit or a singleton: each acquisition of the same name gives a greater one.
///
/// Whoever keeps something on behalf of holders refuses a token that is smaller than the greatest it has seen.
public struct LeaseToken: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
    /// The number, at least 1.
    public let value: Int64

    /// Wraps a number.
    public init(_ value: Int64) {
        self.value = value
    }

    /// Decodes a plain number.
    public init(from decoder: any Decoder) throws {
        self.value = try decoder.singleValueContainer().decode(Int64.self)
    }

    /// Encodes a plain number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.value)
    }

    /// The number as text.
    public var description: String { String(self.value) }

    /// Orders by age: the newer token is greater.
    public static func < (lhs: LeaseToken, rhs: LeaseToken) -> Bool { lhs.value < rhs.value }
}
