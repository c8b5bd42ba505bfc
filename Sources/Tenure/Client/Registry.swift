internal import PostgresClient
internal import PostgresStore
internal import TenureCore

/// The registry of tenants: the table `tenants` in the schema `tenure_registry`. Nodes hear of each change.
///
/// Calls that write create the table when it is missing. Every method throws ``StoreError`` when the database cannot be
/// used, with `.schema` when there is no registry in it, and ``RequestRefused`` for a value that is not allowed.
public final class Registry: Sendable {
    private let connection: String
    private let access = PostgresAccess(name: "registry", perServer: 2)

    /// A registry in a database. Connects when it is first used.
    ///
    /// - Parameter connection: A libpq URI or keyword string, or `env:VARIABLE`, or `file:PATH`.
    public init(connection: String) {
        self.connection = connection
    }

    /// Creates the table if it is missing.
    ///
    /// - Returns: Whether anything had to be done.
    @discardableResult
    public func setUp() async throws -> Bool {
        try await self.translating(nil) { try await $0.initialize() }
    }

    /// Adds a tenant; one that was removed comes back with what is given now.
    ///
    /// - Parameters:
    ///   - tenant: Its ID, connection, schema, weight, priority, labels, pin and suspension.
    ///   - name: For people.
    /// - Throws: ``RequestRefused`` when there is one of this ID already.
    public func add(_ tenant: Tenant, name: String? = nil) async throws {
        let entry = RegistryEntry(
            id: tenant.id,
            name: name,
            connection: tenant.connection,
            schema: tenant.schema,
            isSuspended: tenant.isSuspended,
            pinnedNode: tenant.pinnedNode,
            weight: tenant.weight,
            priority: tenant.priority,
            labels: tenant.labels
        )
        try await self.translating(tenant.id) { try await $0.add(entry) }
    }

    /// Changes everything about a tenant but its name.
    ///
    /// - Throws: ``UnknownTenant``.
    public func update(_ tenant: Tenant) async throws {
        var change = RegistryChange()
        change.connection = tenant.connection
        change.schema = tenant.schema
        change.isSuspended = tenant.isSuspended
        change.pin = tenant.pinnedNode.map { .to($0) } ?? RegistryChange.Pin.none
        change.weight = tenant.weight
        change.priority = tenant.priority
        change.labels = tenant.labels
        try await self.translating(tenant.id) { [change] in try await $0.update(tenant.id, change) }
    }

    /// All tenants by ID, with the rows that cannot be understood.
    public func tenants(includingInactive: Bool = false) async throws -> RegisteredTenants {
        let listing = try await self.translating(nil) { try await $0.list() }
        return RegisteredTenants(
            tenants: listing.tenants.filter { includingInactive || $0.isActive }.map(RegisteredTenant.init),
            unreadable: listing.unreadable.map { .init(tenant: $0.tenantID, reason: $0.reason) }
        )
    }

    /// One tenant that has not been removed.
    ///
    /// - Throws: ``UnknownTenant``.
    public func tenant(_ id: TenantID) async throws -> RegisteredTenant {
        RegisteredTenant(try await self.translating(id) { try await $0.show(id) })
    }

    /// Suspends a tenant, so that nobody owns it, or ends the suspension.
    ///
    /// - Throws: ``UnknownTenant``.
    public func setSuspended(_ id: TenantID, _ isSuspended: Bool) async throws {
        try await self.translating(id) { isSuspended ? try await $0.suspend(id) : try await $0.resume(id) }
    }

    /// Lets only one node own a tenant; with `nil` any may.
    ///
    /// - Throws: ``UnknownTenant``.
    public func pin(_ id: TenantID, to node: NodeID?) async throws {
        try await self.translating(id) { registry in
            if let node { try await registry.pin(id, to: node) } else { try await registry.unpin(id) }
        }
    }

    /// Removes a tenant: nodes let go of it at once. Its row stays, marked as inactive, and so does its schema.
    ///
    /// - Throws: ``UnknownTenant``.
    public func remove(_ id: TenantID) async throws {
        try await self.translating(id) { try await $0.remove(id) }
    }

    /// Closes the connections. Later calls fail.
    public func close() async {
        await self.access.close()
    }

    private func translating<Value>(
        _ id: TenantID?,
        _ body: (PostgresRegistry) async throws -> Value
    ) async throws -> Value {
        do {
            let registry = try PostgresRegistry(pools: self.access.pools(), connection: self.connection)
            return try await body(registry)
        } catch let error as RefusedRequest {
            if error.isNotFound, let id { throw UnknownTenant(id.description) }
            throw RequestRefused(message: error.message, hint: error.hint, isNotFound: error.isNotFound)
        } catch let error as PostgresError {
            throw StoreError(.unavailable, operation: "registry", detail: error.message)
        }
    }
}

/// The tenants that a registry holds.
public struct RegisteredTenants: Sendable, Hashable {
    /// A row that cannot be understood.
    public struct Unreadable: Sendable, Hashable {
        /// The ID as it stands there.
        public let tenant: String
        /// What is wrong.
        public let reason: String
    }

    /// By ID.
    public let tenants: [RegisteredTenant]
    /// Rows that cannot be understood; nodes keep what they knew of these tenants.
    public let unreadable: [Unreadable]
}

/// A tenant as the registry holds it.
public struct RegisteredTenant: Sendable, Hashable {
    /// As nodes see it.
    public let tenant: Tenant
    /// For people.
    public let name: String?
    /// False when it was removed.
    public let isActive: Bool
    /// When it was added.
    public let createdAt: ServerTime
    /// When it was last changed.
    public let updatedAt: ServerTime

    init(_ entry: RegistryEntry) {
        self.tenant = entry.tenant
        self.name = entry.name
        self.isActive = entry.isActive
        self.createdAt = entry.createdAt
        self.updatedAt = entry.updatedAt
    }
}
