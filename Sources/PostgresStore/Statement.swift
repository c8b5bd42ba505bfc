package import PostgresClient

/// A statement as its file holds it, with `__schema__` for the name of the schema.
package struct Statement: Sendable {
    /// The name of the file without its extension.
    package let name: String
    /// The SHA-256 of the text, in lower-case hexadecimal digits.
    package let sha256: String
    /// The highest number of a parameter.
    package let parameterCount: Int
    /// The text.
    package let source: String

    /// The statement for one schema, prepared under a name that tells schemas apart.
    package func prepared(in schema: SchemaName) -> PostgresStatement {
        PostgresStatement("\(self.name)@\(schema)", schema.fill(self.source))
    }
}
