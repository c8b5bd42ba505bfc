internal import PostgresClient
package import TenureCore

/// What a role finds on the server of a database, and in one schema of it.
package struct ServerExamination: Sendable, Hashable {
    /// What the role may do in the schema.
    package struct Schema: Sendable, Hashable {
        package var exists = false
        /// Whether the role may create schemas in the database.
        package var mayCreate = false
        /// Whether the schema belongs to the role, or to one that it is a member of.
        package var isOwn = false
        package var isUsable = false
        /// Tables that the role may not read and write.
        package var closedTables: [String] = []
        /// Functions that it may not call.
        package var closedFunctions: [String] = []
        /// Tables of others: their partitions can be neither created nor dropped.
        package var foreignTables: [String] = []

        /// Describes a schema that is not there.
        package init() {}
    }

    /// `host:port`.
    package var server = ""
    package var database = ""
    package var version = ""
    package var versionNumber = 0
    package var isInRecovery = false
    package var isReadOnly = false
    package var maxConnections = 0
    package var reservedConnections = 0
    package var usedConnections = 0
    package var now = ServerTime(microseconds: 0)
    package var role = ""
    package var isSuperuser = false
    /// The most connections of the role; −1 for no limit.
    package var roleConnectionLimit = -1
    /// Round trips of a trivial query, in ascending order.
    package var roundTrips: [Duration] = []
    package var schema = Schema()
    /// `nil` for a schema that is no tenant's.
    package var drift: SchemaComparison?

    /// Describes nothing yet.
    package init() {}
}

extension PostgresTenantClient {
    /// Looks at a tenant's server and schema from here. Changes nothing.
    ///
    /// - Throws: ``StoreError``.
    package func examine(pings: Int = 5, timeout: Duration = .seconds(10)) async throws -> ServerExamination {
        let deadline = ContinuousClock.now + timeout
        do {
            return try await self.pools.withConnection(
                to: self.place.target,
                purpose: .housekeeping,
                deadline: deadline
            ) { connection in
                var examination = try await ServerExamination.read(
                    connection,
                    target: self.place.target,
                    schema: self.place.schema,
                    pings: pings,
                    deadline: deadline
                )
                // A role that may not read the list of migrations is told that, and no more.
                if examination.schema.exists, examination.schema.isUsable, examination.schema.closedTables.isEmpty {
                    examination.drift = try await SchemaMigrator(tenant: self.place.schema)
                        .compare(connection, deadline: deadline)
                } else if !examination.schema.exists {
                    examination.drift = SchemaComparison(exists: false)
                }
                return examination
            }
        } catch let error as PostgresError {
            throw StoreError(error, operation: "server.examine")
        }
    }
}

extension ServerExamination {
    fileprivate static func read(
        _ connection: PostgresConnection,
        target: PostgresTarget,
        schema: SchemaName,
        pings: Int,
        deadline: ContinuousClock.Instant
    ) async throws(PostgresError) -> ServerExamination {
        var examination = ServerExamination()
        examination.server = target.serverKey
        examination.database = target.database
        for _ in 0..<pings {
            let start = ContinuousClock.now
            _ = try await connection.query(Statements.serverTime.prepared(in: schema), deadline: deadline)
            examination.roundTrips.append(start.duration(to: .now))
        }
        examination.roundTrips.sort()
        let server = try await connection.query(Statements.doctorServer.prepared(in: schema), deadline: deadline)
            .single()
        examination.version = try server.string(0)
        examination.versionNumber = try server.int(1)
        examination.isInRecovery = try server.bool(2)
        examination.isReadOnly = try server.bool(3)
        examination.maxConnections = try server.int(4)
        examination.reservedConnections = try server.int(5)
        examination.usedConnections = try server.int(6)
        examination.now = try server.time(7)
        examination.role = try server.string(8)
        examination.isSuperuser = try server.bool(9)
        examination.roleConnectionLimit = try server.int(10)
        let row = try await connection.query(
            Statements.doctorSchema.prepared(in: schema),
            .text(schema.description),
            deadline: deadline
        ).single()
        examination.schema.exists = try row.bool(0)
        examination.schema.mayCreate = try row.bool(1)
        examination.schema.isOwn = try row.bool(2)
        examination.schema.isUsable = try row.bool(3)
        examination.schema.closedTables = try row.strings(4)
        examination.schema.closedFunctions = try row.strings(5)
        examination.schema.foreignTables = try row.strings(6)
        return examination
    }
}
