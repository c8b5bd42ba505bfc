internal import TenureCore

/// How much of a tenant's work may run at once, or start in how much time.
extension TenantClient {
    /// Creates or changes a limit. It is in force within moments; runs in progress go on.
    ///
    /// - Returns: Whether that changed anything.
    /// - Throws: ``RequestRefused`` for one that limits nothing or is not valid.
    @discardableResult
    public func putLimit(_ limit: LimitDefinition) async throws -> Bool {
        let hasChanged = try await self.backend.putLimit(limit)
        if hasChanged { self.hint() }
        return hasChanged
    }

    /// Deletes a limit.
    ///
    /// - Returns: Whether there was one.
    @discardableResult
    public func deleteLimit(_ name: String) async throws -> Bool {
        let wasThere = try await self.backend.deleteLimit(name)
        if wasThere { self.hint() }
        return wasThere
    }

    /// The tenant's limits, by name.
    public func limits() async throws -> [LimitDefinition] {
        try await self.backend.limits()
    }
}
