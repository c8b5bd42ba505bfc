/// The name of a schema that holds a tenant's tables: 1 to 48 letters, digits and underscores, always quoted in SQL.
///
/// The length leaves room for the name of the channel that wakes the owner, which is an identifier too.
package struct SchemaName: Hashable, Sendable, CustomStringConvertible {
    /// What schemas are called unless a tenant says otherwise.
    package static let tenant = SchemaName(trusted: "tenure")
    /// The schema of the registry.
    package static let registry = SchemaName(trusted: "tenure_registry")

    /// The name without quotes.
    package let description: String

    /// Accepts 1 to 48 letters, digits and underscores; `nil` for anything else.
    package init?(_ text: String) {
        let isWord = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard (1...48).contains(text.utf8.count), isWord else { return nil }
        self.description = text
    }

    private init(trusted text: String) {
        self.description = text
    }

    /// The channel on which enqueues wake the owner.
    var wakeChannel: String { "tenure:\(self.description)" }

    /// A text in which `__schema__` stands for the quoted name.
    func fill(_ template: String) -> String {
        template.replacing("__schema__", with: "\"\(self.description)\"")
    }
}
