internal import PostgresClient
package import TenureCore

/// How much of a tenant's work may run at once, or start in how much time.
extension PostgresTenantClient {
    /// Creates or changes a limit.
    ///
    /// - Returns: Whether that changed anything.
    /// - Throws: ``RefusedRequest`` or ``StoreError``.
    package func putLimit(_ limit: LimitDefinition) async throws -> Bool {
        try await self.query(
            Statements.clientPutLimit.prepared(in: self.place.schema),
            "limit.put",
            [
                .text(limit.name), .text(limit.topic), .text(limit.key), .int(limit.maxRunning),
                .text(limit.rate?.description), .int(limit.burst),
            ]
        ).single().bool(0)
    }

    /// Deletes a limit. False if there is none.
    package func deleteLimit(_ name: String) async throws -> Bool {
        try await self.query(
            Statements.clientDeleteLimit.prepared(in: self.place.schema),
            "limit.delete",
            [.text(name)]
        ).single().bool(0)
    }

    /// The limits, by name.
    package func limits() async throws -> [LimitDefinition] {
        try await self.query(Statements.limits.prepared(in: self.place.schema), "limit.list", [])
            .map(LimitDefinition.init)
    }
}
