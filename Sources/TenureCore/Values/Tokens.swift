/// The fencing token of one tenure of a tenant: it grows with every new owner.
public struct Epoch: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
    /// The number; 0 stands for "nobody has owned this tenant yet".
    public let value: Int64

    /// Wraps a number read from a store.
    package init(_ value: Int64) {
        self.value = value
    }

    /// Before the first owner.
    package static let none = Epoch(0)

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

    /// Orders by age: the newer epoch is greater.
    public static func < (lhs: Epoch, rhs: Epoch) -> Bool { lhs.value < rhs.value }
}

/// The number of one leadership: it grows with every election.
public struct Term: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
    /// The number; 0 stands for "no election seen yet".
    public let value: Int64

    /// Wraps a number read from a store.
    package init(_ value: Int64) {
        self.value = value
    }

    /// Before the first election.
    package static let none = Term(0)

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

    /// Orders by age: the newer term is greater.
    public static func < (lhs: Term, rhs: Term) -> Bool { lhs.value < rhs.value }
}
