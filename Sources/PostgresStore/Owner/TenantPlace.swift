internal import PostgresClient
internal import TenureCore

/// Where a tenant's schema is.
struct TenantPlace: Sendable, Hashable {
    let target: PostgresTarget
    let schema: SchemaName

    /// Reads what a discovery says.
    ///
    /// - Parameters:
    ///   - connection: A libpq URI or keyword string, or `env:VARIABLE`, or `file:PATH`.
    ///   - schema: Letters, digits and underscores.
    static func read(connection: String, schema: String) -> Result<TenantPlace, StoreError> {
        Result { () throws(StoreError) in
            guard let name = SchemaName(schema) else {
                throw StoreError(
                    .rejected,
                    operation: "connect",
                    detail: "the schema's name needs 1 to 48 letters, digits or underscores"
                )
            }
            do throws(PostgresError) {
                return TenantPlace(target: try PostgresTarget(reference: connection), schema: name)
            } catch {
                throw StoreError(error, operation: "connect")
            }
        }
    }
}
