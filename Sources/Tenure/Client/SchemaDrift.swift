/// How a tenant's schema differs from what this version of Tenure would make of it.
public struct SchemaDrift: Sendable, Hashable {
    /// What is to be done about it.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// Nothing.
        case current
        /// Migrations are missing: ``TenantClient/migrate()`` applies them.
        case behind
        /// There is no schema yet: ``TenantClient/migrate()`` creates it.
        case missing
        /// An applied migration is not the one that this version knows. Nothing is applied on top of it.
        case edited
        /// A newer version of Tenure changed it so that this one cannot work with it.
        case ahead
    }

    /// Whether the schema exists and has a list of migrations.
    public var exists: Bool
    /// Numbers of migrations that were applied as this version knows them.
    public var applied: [Int]
    /// Numbers of those that are missing.
    public var missing: [Int]
    /// Numbers of those whose text is not the one that was applied.
    public var edited: [Int]
    /// Numbers of those that this version does not know: a newer one applied them.
    public var unknown: [Int]
    /// Those among the unknown ones with which this version cannot work.
    public var breaking: [Int]

    /// Describes a schema.
    package init(
        exists: Bool = true,
        applied: [Int] = [],
        missing: [Int] = [],
        edited: [Int] = [],
        unknown: [Int] = [],
        breaking: [Int] = []
    ) {
        self.exists = exists
        self.applied = applied
        self.missing = missing
        self.edited = edited
        self.unknown = unknown
        self.breaking = breaking
    }

    /// What is to be done about it; the gravest comes first.
    public var state: State {
        if !self.edited.isEmpty { return .edited }
        if !self.breaking.isEmpty { return .ahead }
        guard self.exists else { return .missing }
        return self.missing.isEmpty ? .current : .behind
    }
}

extension TenantClient {
    /// Compares the schema with what this version would make of it. Changes nothing.
    public func schemaDrift() async throws -> SchemaDrift {
        try await self.backend.schemaDrift()
    }
}
