public import Foundation
internal import PostgresStore
internal import Synchronization
internal import TenureCore

/// Finds the database of a tenant by its key: for the parts of an application that hand work over and run no node.
///
/// ```swift
/// let router = TenantRouter(discovery: RegistryDiscovery(connection: "env:REGISTRY_URL"))
/// let client = try await router.client(for: "acme")
/// try await client.enqueue("invoice.send", payload: Invoice(number: 7))
/// ```
///
/// One router serves a whole process: its clients share connections, and a client is cheap to get for each request. The
/// list of tenants is looked at again when it is older than the refresh interval, and for a key that is not in it;
/// while the discovery fails the last good list stays.
public final class TenantRouter: Sendable {
    private struct CachedClient {
        let tenant: Tenant
        let client: TenantClient

        /// Whether it leads to where the tenant is now. What a file holds may have changed since it was read.
        func isFor(_ tenant: Tenant) -> Bool {
            self.tenant.connection == tenant.connection && self.tenant.schema == tenant.schema
                && !tenant.connection.hasPrefix("file:")
        }
    }

    private let directory: TenantDirectory
    private let makeBackend: @Sendable (Tenant) throws -> any TenantBackend
    private let hints: HintSender?
    private let closing: @Sendable () async -> Void
    private let clients = Mutex<[TenantID: CachedClient]>([:])

    /// A router over a discovery. Connects when it is first used.
    ///
    /// - Parameters:
    ///   - discovery: Finds the tenants.
    ///   - hints: A cluster whose nodes are told of new work, so that owners which hold no connection to the tenant's
    ///     database start sooner. Default none.
    ///   - refreshInterval: How old the list of tenants may be. Default 30 s.
    ///   - connectionsPerServer: The most connections to one server. Default 10.
    ///   - name: What databases see of this program after the word `tenure`, also in their record of changes. Default
    ///     `router`.
    public convenience init(
        discovery: any TenantDiscovery,
        hints: ClusterClient? = nil,
        refreshInterval: Duration = .seconds(30),
        connectionsPerServer: Int = 10,
        name: String = "router"
    ) {
        let access = PostgresAccess(name: name, perServer: connectionsPerServer)
        let clock = MonotonicClock()
        self.init(
            discovery: discovery,
            refreshInterval: refreshInterval,
            now: { clock.now },
            hint: Self.hint(to: hints),
            closing: { await access.close() },
            makeBackend: { tenant in
                PostgresTenantBackend(
                    try PostgresTenantClient(
                        pools: access.pools(),
                        connection: tenant.connection,
                        schema: tenant.schema
                    )
                )
            }
        )
    }

    /// A router over any backends, for tests.
    package init(
        discovery: any TenantDiscovery,
        refreshInterval: Duration,
        now: @escaping @Sendable () -> MonotonicInstant,
        hint: (@Sendable (TenantID) async throws -> Void)? = nil,
        closing: @escaping @Sendable () async -> Void = {},
        makeBackend: @escaping @Sendable (Tenant) throws -> any TenantBackend
    ) {
        self.directory = TenantDirectory(discovery: discovery, refreshInterval: refreshInterval, now: now)
        self.hints = hint.map(HintSender.init)
        self.closing = closing
        self.makeBackend = makeBackend
    }

    private static func hint(to cluster: ClusterClient?) -> (@Sendable (TenantID) async throws -> Void)? {
        guard let cluster else { return nil }
        return { tenant in try await cluster.hint(tenant) }
    }

    /// The client of a tenant.
    ///
    /// - Throws: ``UnknownTenant``; what the discovery throws, while there has never been an answer; ``StoreError``
    ///   with `.rejected` when the tenant's connection string cannot be used.
    public func client(for id: TenantID) async throws -> TenantClient {
        try await self.client(for: [id], key: id.description)
    }

    /// The client of a tenant by a text; one that can be no ID is an unknown tenant.
    ///
    /// - Throws: As ``client(for:)-(TenantID)``.
    public func client(for key: String) async throws -> TenantClient {
        guard let id = try? TenantID(key) else { throw UnknownTenant(key) }  // The key is what the caller knows.
        return try await self.client(for: [id], key: key)
    }

    /// The client of a tenant whose ID is a UUID, in lower or upper case.
    ///
    /// - Throws: As ``client(for:)-(TenantID)``.
    public func client(for key: UUID) async throws -> TenantClient {
        let text = key.uuidString
        // A UUID is always a valid name.
        let names = [text.lowercased(), text].compactMap { try? TenantID($0) }
        return try await self.client(for: names, key: text.lowercased())
    }

    /// The tenants that are known, by ID, suspended ones included.
    ///
    /// - Throws: What the discovery throws, while there has never been an answer.
    public func tenants() async throws -> [Tenant] {
        try await self.directory.tenants()
    }

    /// Sends the hints that are left, and closes every connection. Clients fail afterwards.
    public func close() async {
        await self.hints?.drain()
        await self.closing()
    }

    private func client(for names: [TenantID], key: String) async throws -> TenantClient {
        guard let tenant = try await self.directory.tenant(names) else { throw UnknownTenant(key) }
        if let cached = self.clients.withLock({ $0[tenant.id] }), cached.isFor(tenant) { return cached.client }
        let client = TenantClient(tenant: tenant.id, backend: try self.makeBackend(tenant), hints: self.hints)
        self.clients.withLock { $0[tenant.id] = CachedClient(tenant: tenant, client: client) }
        return client
    }
}
