internal import Foundation

/// The identity of a scheduled message, of a recurrence, or of one occurrence of it.
public struct MessageToken: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
    /// Printable ASCII without spaces.
    public let text: String

    /// Reads a token that was written down.
    ///
    /// - Throws: ``RequestRefused`` for a text that can be no token: empty, longer than 250 characters, or with others
    ///   than printable ASCII.
    public init(_ text: String) throws(RequestRefused) {
        guard (1...250).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw RequestRefused(
                message: "'\(text.prefix(40))' is no token of a message",
                hint: "Use 1 to 250 printable ASCII characters without spaces.",
                isNotFound: false
            )
        }
        self.text = text
    }

    /// A token that this module made.
    init(made text: String) {
        self.text = text
    }

    /// A token that nobody else has.
    static func new() -> MessageToken {
        MessageToken(made: UUID().uuidString.lowercased())
    }

    /// Decodes a plain string.
    public init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    /// Encodes a plain string.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.text)
    }

    /// The text.
    public var description: String { self.text }

    /// Orders by text.
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.text < rhs.text }
}
