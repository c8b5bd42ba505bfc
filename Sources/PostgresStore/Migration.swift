/// A numbered change of a schema as its file holds it, with `__schema__` for the name of the schema.
package struct Migration: Sendable {
    /// The number in the name of the file; what identifies the migration.
    package let number: Int
    /// The rest of the name.
    package let name: String
    /// The SHA-256 of the text with its placeholders, in lower-case hexadecimal digits.
    package let sha256: String
    /// Whether programs that do not know it cannot work with the schema any more.
    package let isBreaking: Bool
    /// The text: commands without parameters, executed in one transaction.
    package let source: String
}
