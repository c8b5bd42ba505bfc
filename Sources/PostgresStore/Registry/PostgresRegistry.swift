internal import Foundation
package import PostgresClient
package import TenureCore

/// The registry of tenants: the table `tenants` in the schema `tenure_registry`.
///
/// Every change of the table, also one made by hand, notifies ``changes()``. A missing table is created by the calls
/// that write, never by those that read.
package struct PostgresRegistry: Sendable {
    private let pools: PostgresPools
    private let target: PostgresTarget
    private let timeout: Duration
    private let statements = RegistryStatements()

    /// A registry in a database. Connects when it is first used.
    ///
    /// - Parameters:
    ///   - pools: Where connections come from.
    ///   - connection: A libpq URI or keyword string, or `env:VARIABLE`, or `file:PATH`.
    ///   - timeout: Waiting for a connection and for the answer, each. Default 10 s.
    /// - Throws: ``StoreError`` with `.rejected` when the connection string cannot be used.
    package init(
        pools: PostgresPools,
        connection: String,
        timeout: Duration = .seconds(10)
    ) throws(StoreError) {
        self.pools = pools
        self.timeout = timeout
        do throws(PostgresError) {
            self.target = try PostgresTarget(reference: connection)
        } catch {
            throw StoreError(error, operation: "registry")
        }
    }

    /// Creates the table if it is missing.
    ///
    /// - Returns: Whether anything had to be done.
    /// - Throws: ``StoreError``.
    @discardableResult
    package func initialize() async throws -> Bool {
        try await self.perform("registry.init") { connection, deadline in
            let migrator = SchemaMigrator(.registry, RegistryMigrations.all)
            return try await !migrator.migrate(connection, deadline: deadline).isEmpty
        }
    }

    /// Adds a tenant; one that was removed comes back with what is given now.
    ///
    /// - Throws: ``RefusedRequest`` if there is one of this ID, or a value is not allowed; ``StoreError``.
    package func add(_ entry: RegistryEntry) async throws {
        let rows = try await self.write(
            self.statements.add,
            "registry.add",
            [
                .text(entry.id.description), .text(entry.name), .text(entry.connection), .text(entry.schema),
                .bool(entry.isSuspended), .text(entry.pinnedNode?.description), .double(entry.weight),
                .int(entry.priority), .json(try Self.json(entry.labels)),
            ]
        )
        guard !rows.isEmpty else {
            throw RefusedRequest(
                message: "there is a tenant \(entry.id) already",
                hint: "Change it, or remove it first.",
                isNotFound: false
            )
        }
    }

    /// Changes a tenant.
    ///
    /// - Throws: ``RefusedRequest`` if there is none of this ID, or a value is not allowed; ``StoreError``.
    package func update(_ id: TenantID, _ change: RegistryChange) async throws {
        let pin: String? =
            switch change.pin {
            case .to(let node)?: node.description
            case RegistryChange.Pin.none?: ""
            case nil: nil
            }
        let rows = try await self.write(
            self.statements.update,
            "registry.update",
            [
                .text(id.description), .text(change.name), .text(change.connection), .text(change.schema),
                .bool(change.isSuspended), .text(pin), .double(change.weight), .int(change.priority),
                .json(try change.labels.map(Self.json)),
            ]
        )
        guard !rows.isEmpty else { throw Self.unknown(id) }
    }

    /// Suspends a tenant: it stays known, and nobody owns it.
    package func suspend(_ id: TenantID) async throws {
        var change = RegistryChange()
        change.isSuspended = true
        try await self.update(id, change)
    }

    /// Ends a suspension.
    package func resume(_ id: TenantID) async throws {
        var change = RegistryChange()
        change.isSuspended = false
        try await self.update(id, change)
    }

    /// Lets only one node own a tenant.
    package func pin(_ id: TenantID, to node: NodeID) async throws {
        var change = RegistryChange()
        change.pin = .to(node)
        try await self.update(id, change)
    }

    /// Lets any node own a tenant.
    package func unpin(_ id: TenantID) async throws {
        var change = RegistryChange()
        change.pin = RegistryChange.Pin.none
        try await self.update(id, change)
    }

    /// Removes a tenant: its row stays, marked as inactive, so that nodes let go at once. Its schema stays.
    package func remove(_ id: TenantID) async throws {
        let rows = try await self.write(self.statements.remove, "registry.remove", [.text(id.description)])
        guard !rows.isEmpty else { throw Self.unknown(id) }
    }

    /// All tenants, the removed ones included.
    ///
    /// - Throws: ``StoreError``; `.schema` if the table does not exist.
    package func list() async throws -> RegistryListing {
        try await self.read(nil, includingInactive: true)
    }

    /// One tenant that has not been removed.
    ///
    /// - Throws: ``RefusedRequest`` if there is none of this ID; ``StoreError``.
    package func show(_ id: TenantID) async throws -> RegistryEntry {
        guard let entry = try await self.read(id, includingInactive: false).tenants.first else {
            throw Self.unknown(id)
        }
        return entry
    }

    /// Yields when the table may have changed: at each notification, and whenever some may have been missed.
    package func changes() async -> AsyncStream<Void> {
        let events = await self.pools.listen(to: self.target, channel: SchemaName.registry.description)
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        // SHIELD: forwards until nobody iterates any more, or the pools are closed.
        let forwarding = Task {
            for await event in events where event != .lost { continuation.yield() }
            continuation.finish()
        }
        continuation.onTermination = { _ in forwarding.cancel() }
        return stream
    }

    // MARK: Statements

    private func read(_ id: TenantID?, includingInactive: Bool) async throws -> RegistryListing {
        let rows = try await self.perform("registry.list") { connection, deadline in
            try await connection.query(
                self.statements.list,
                .text(id?.description),
                .bool(includingInactive),
                deadline: deadline
            )
        }
        var listing = RegistryListing(tenants: [], unreadable: [])
        for row in rows {
            do {
                listing.tenants.append(try Self.removed(row) ?? RegistryEntry(row))
            } catch {
                listing.unreadable.append(
                    // An ID that cannot be read either is shown as empty.
                    .init(tenantID: (try? row.string(0)) ?? "", reason: String(describing: error))
                )
            }
        }
        return listing
    }

    /// A tenant that was removed, whatever state the rest of its row is in: nothing of it matters any more. `nil` if it
    /// was not removed, or its row can be read.
    private static func removed(_ row: PostgresRow) throws -> RegistryEntry? {
        guard try !row.bool(4) else { return nil }
        // What is wrong with the row is of no interest.
        if let entry = try? RegistryEntry(row) { return entry }
        return RegistryEntry(id: try TenantID(try row.string(0)), connection: "", isActive: false)
    }

    /// Runs a statement, creating the table if it is missing.
    private func write(
        _ statement: PostgresStatement,
        _ operation: String,
        _ parameters: [PostgresValue]
    ) async throws -> PostgresRows {
        try await self.initialize()
        return try await self.perform(operation) { connection, deadline in
            try await connection.query(statement, parameters: parameters, deadline: deadline)
        }
    }

    private func perform<Value>(
        _ operation: String,
        _ body: (PostgresConnection, ContinuousClock.Instant) async throws -> Value
    ) async throws -> Value {
        do {
            return try await self.pools.withConnection(
                to: self.target,
                purpose: .housekeeping,
                deadline: .now + self.timeout
            ) { connection in
                try await body(connection, .now + self.timeout)
            }
        } catch let error as PostgresError {
            throw StoreError.refusal(error) ?? StoreError(error, operation: operation) as any Error
        }
    }

    private static func unknown(_ id: TenantID) -> RefusedRequest {
        RefusedRequest(
            message: "there is no tenant \(id)",
            hint: "List the tenants to see their IDs.",
            isNotFound: true
        )
    }

    private static func json(_ labels: [String: String]) throws -> String {
        String(decoding: try JSONEncoder().encode(labels), as: UTF8.self)
    }
}

private struct RegistryStatements: Sendable {
    let list = Statements.registryList.prepared(in: .registry)
    let add = Statements.registryAdd.prepared(in: .registry)
    let update = Statements.registryUpdate.prepared(in: .registry)
    let remove = Statements.registryRemove.prepared(in: .registry)
}

extension RegistryEntry {
    /// Decodes a row of `registry_list.sql`.
    ///
    /// - Throws: ``PostgresError``, `InvalidName` or an error of the JSON decoder.
    fileprivate init(_ row: PostgresRow) throws {
        self.init(
            id: try TenantID(try row.string(0)),
            name: try row.optionalString(1),
            connection: try row.string(2),
            schema: try row.string(3),
            isActive: try row.bool(4),
            isSuspended: try row.bool(5),
            pinnedNode: try row.optionalString(6).map { try NodeID($0) },
            weight: try row.double(7),
            priority: try row.int(8),
            labels: try JSONDecoder().decode([String: String].self, from: Data(try row.string(9).utf8)),
            createdAt: try row.time(10),
            updatedAt: try row.time(11)
        )
    }
}
