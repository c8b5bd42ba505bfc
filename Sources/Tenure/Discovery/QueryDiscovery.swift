public import Logging
internal import PostgresClient

/// Reads the tenants from a query of the company's own table.
///
/// ```swift
/// QueryDiscovery(
///     connection: "env:CRM_URL",
///     query: "SELECT customer_id, connection_string FROM active_customers"
/// )
/// ```
///
/// Columns are known by their names: `id` or `tenant_id`, `connection_string` or `connection`, and, where they exist,
/// `schema_name` or `schema`, `weight`, `priority`, `labels` (a JSON object), `is_active` or `active`, `suspended`,
/// `pinned_node`. Without a column of such a name, the first column left is the ID and the next the connection. NULL
/// stands for the default; other columns do not matter.
///
/// A row that cannot be used harms its own tenant only, which keeps its last good description; the problem is logged,
/// and is an event.
public final class QueryDiscovery: TenantDiscovery {
    private let connection: String
    private let statement: PostgresStatement
    private let timeout: Duration
    private let access = PostgresAccess(name: "discovery", perServer: 1)
    private let reader: TenantReader

    /// Reads by a query. Connects at the first look.
    ///
    /// - Parameters:
    ///   - connection: Where the table is: a libpq URI or keyword string, or `env:VARIABLE`, or `file:PATH`.
    ///   - query: One `SELECT`.
    ///   - timeout: How long a look may take. Default 10 s.
    ///   - logger: Told of rows that cannot be used.
    public init(
        connection: String,
        query: String,
        timeout: Duration = .seconds(10),
        logger: Logger = Logger(label: "tenure.discovery")
    ) {
        self.connection = connection
        self.statement = .unnamed(query, resultFormat: .text)
        self.timeout = timeout
        self.reader = TenantReader(logger: logger)
    }

    /// Runs the query.
    ///
    /// - Throws: ``DiscoveryFailure``; `CancellationError` when the task was cancelled.
    public func discover() async throws -> DiscoveredTenants {
        do {
            let deadline = ContinuousClock.now + self.timeout
            let rows = try await self.access.pools().withConnection(
                to: PostgresTarget(reference: self.connection),
                purpose: .housekeeping,
                deadline: deadline
            ) { connection in
                let rows = try await connection.query(self.statement, deadline: deadline)
                let columns = try TenantColumns(rows.columnNames)
                return try rows.map { try columns.row($0).read() }
            }
            return self.reader.answer(from: rows)
        } catch {
            try Task.checkCancellation()
            throw DiscoveryFailure(error, in: "the query for tenants")
        }
    }

    /// Closes the connection. Later looks fail.
    public func close() async {
        await self.access.close()
    }
}
