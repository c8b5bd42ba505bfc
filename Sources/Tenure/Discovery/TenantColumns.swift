internal import PostgresClient

/// Where in the rows of a query the parts of a tenant are.
struct TenantColumns: Sendable, Equatable {
    private(set) var id: Int
    private(set) var connection: Int
    private(set) var schema: Int?
    private(set) var weight: Int?
    private(set) var priority: Int?
    private(set) var labels: Int?
    private(set) var isActive: Int?
    private(set) var isSuspended: Int?
    private(set) var pinnedNode: Int?

    /// Finds the columns by name; the ID and the connection, where no name tells them, are the first that are left.
    ///
    /// - Throws: ``DiscoveryFailure`` when there are too few columns.
    init(_ names: [String]) throws(DiscoveryFailure) {
        var taken: Set<Int> = []
        func take(_ wanted: String...) -> Int? {
            let found = wanted.lazy.compactMap { name in names.firstIndex { $0.lowercased() == name } }.first
            if let found { taken.insert(found) }
            return found
        }
        self.schema = take("schema_name", "schema")
        self.weight = take("weight")
        self.priority = take("priority")
        self.labels = take("labels")
        self.isActive = take("is_active", "active")
        self.isSuspended = take("suspended", "is_suspended")
        self.pinnedNode = take("pinned_node")
        let namedID = take("tenant_id", "id")
        let namedConnection = take("connection_string", "connection")
        var rest = names.indices.filter { !taken.contains($0) }[...]
        guard let id = namedID ?? rest.popFirst(), let connection = namedConnection ?? rest.popFirst() else {
            throw DiscoveryFailure(
                .misconfigured,
                "the query for tenants has the columns \(names): it needs one for the ID and one for the connection"
            )
        }
        self.id = id
        self.connection = connection
    }

    /// Takes the parts of one row, in text format.
    func row(_ row: PostgresRow) throws(PostgresError) -> TenantRow {
        func text(_ column: Int?) throws(PostgresError) -> String? {
            guard let column else { return nil }
            return try row.optionalString(column)
        }
        return TenantRow(
            id: try text(self.id),
            connection: try text(self.connection),
            schema: try text(self.schema),
            weight: try text(self.weight),
            priority: try text(self.priority),
            labels: try text(self.labels),
            pinnedNode: try text(self.pinnedNode),
            isActive: try text(self.isActive),
            isSuspended: try text(self.isSuspended)
        )
    }
}
