/// An error in a name that a user chose.
public struct InvalidName: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the name was for, e.g. "node ID".
    public let role: String
    /// The text that was refused.
    public let text: String

    /// A sentence for a terminal: what is wrong, and what is allowed.
    public var description: String {
        "'\(self.text)' is not a valid \(self.role): use 1 to 64 letters, digits, dots, underscores or hyphens"
    }
}

/// Whether a text may name a node, a tenant or a cluster: `[A-Za-z0-9._-]`, 1 to 64 characters.
private func isName(_ text: String) -> Bool {
    let utf8 = text.utf8
    guard (1...64).contains(utf8.count) else { return false }
    return utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

/// The name of a node, chosen by the operator and stable over restarts.
public struct NodeID: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
    /// The name itself.
    public let description: String

    /// Accepts `[A-Za-z0-9._-]`, 1 to 64 characters.
    public init(_ text: String) throws(InvalidName) {
        guard isName(text) else { throw InvalidName(role: "node ID", text: text) }
        self.description = text
    }

    /// Decodes a name and refuses one with other characters.
    public init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    /// Encodes the name as a plain string.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }

    /// Orders by the name's text.
    public static func < (lhs: NodeID, rhs: NodeID) -> Bool { lhs.description < rhs.description }
}

/// The name of a tenant: one customer, with a Postgres database or schema of its own.
public struct TenantID: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
    /// The name itself.
    public let description: String

    /// Accepts `[A-Za-z0-9._-]`, 1 to 64 characters.
    public init(_ text: String) throws(InvalidName) {
        guard isName(text) else { throw InvalidName(role: "tenant ID", text: text) }
        self.description = text
    }

    /// Decodes a name and refuses one with other characters.
    public init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    /// Encodes the name as a plain string.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }

    /// Orders by the name's text.
    public static func < (lhs: TenantID, rhs: TenantID) -> Bool { lhs.description < rhs.description }
}

/// The name of a cluster: all nodes that share one Redis key prefix.
public struct ClusterName: Hashable, Sendable, CustomStringConvertible {
    /// The name itself.
    public let description: String

    /// Accepts `[A-Za-z0-9._-]`, 1 to 64 characters.
    public init(_ text: String) throws(InvalidName) {
        guard isName(text) else { throw InvalidName(role: "cluster name", text: text) }
        self.description = text
    }
}

/// One registration of a node: a UUID in lower case, made anew at each start and at each return to the cluster.
///
/// A claim names it, so that what a node began before it was declared lost can be told from what it does afterwards.
public struct Incarnation: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
    /// The UUID in lower case.
    public let description: String

    /// Takes over an incarnation read from a store.
    package init(_ text: String) {
        self.description = text
    }

    /// Decodes a plain string.
    public init(from decoder: any Decoder) throws {
        self.description = try decoder.singleValueContainer().decode(String.self)
    }

    /// Encodes a plain string.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }

    /// Orders by the text, for stable output only.
    public static func < (lhs: Incarnation, rhs: Incarnation) -> Bool { lhs.description < rhs.description }
}
