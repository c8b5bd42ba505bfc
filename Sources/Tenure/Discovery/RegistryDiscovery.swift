public import Logging
internal import PostgresClient
internal import PostgresStore
internal import Synchronization

/// Reads the tenants from the registry: the table `tenants` in the schema `tenure_registry` of some database.
///
/// ``changes()`` yields at each change of the table, so that a new tenant need not wait for the next look. A row that
/// cannot be used harms its own tenant only, which keeps its last good description; the problem is logged, and is
/// an event. A removed tenant (`is_active = false`) is reported as inactive.
public final class RegistryDiscovery: TenantDiscovery {
    private let connection: String
    private let timeout: Duration
    private let access = PostgresAccess(name: "registry", perServer: 2)
    private let reader: TenantReader
    private let logger: Logger

    /// How long after a connection string that could not be used another try to listen is made.
    private static let listenPause = Duration.seconds(5)

    /// Reads a registry. Connects at the first look.
    ///
    /// - Parameters:
    ///   - connection: Where it is: a libpq URI or keyword string, or `env:VARIABLE`, or `file:PATH`.
    ///   - timeout: How long a look may wait for a connection and for the answer, each. Default 10 s.
    ///   - logger: Told of rows that cannot be used.
    public init(
        connection: String,
        timeout: Duration = .seconds(10),
        logger: Logger = Logger(label: "tenure.discovery")
    ) {
        self.connection = connection
        self.timeout = timeout
        self.logger = logger
        self.reader = TenantReader(logger: logger)
    }

    /// Reads the table.
    ///
    /// - Throws: ``DiscoveryFailure``; `CancellationError` when the task was cancelled.
    public func discover() async throws -> DiscoveredTenants {
        let listing: RegistryListing
        do {
            listing = try await self.registry().list()
        } catch {
            try Task.checkCancellation()
            throw Self.failure(error)
        }
        let unreadable = listing.unreadable.map { row in
            TenantRow.Reading.unreadable(row.tenantID, TenantProblem(tenant: row.tenantID, reason: row.reason))
        }
        return self.reader.answer(from: listing.tenants.map(TenantRow.Reading.init) + unreadable)
    }

    /// Yields when the table may have changed.
    public func changes() -> AsyncStream<Void> {
        let subscription = Subscription()
        return AsyncStream {
            while !Task.isCancelled {
                do {
                    for await _ in try await self.listening(subscription) { return () }
                    // The stream ends when the connections are closed.
                    return nil
                } catch {
                    self.logger.warning("The registry cannot be listened to", metadata: ["reason": "\(error)"])
                    do { try await Task.sleep(for: Self.listenPause) } catch { return nil }
                }
            }
            return nil
        }
    }

    /// Closes the connections. Later looks fail.
    public func close() async {
        await self.access.close()
    }

    /// The reference is followed anew each time: what it names may have changed.
    private func registry() throws -> PostgresRegistry {
        try PostgresRegistry(pools: self.access.pools(), connection: self.connection, timeout: self.timeout)
    }

    /// What one stream of changes reads from, once there is something.
    private final class Subscription: Sendable {
        let stream = Mutex<AsyncStream<Void>?>(nil)
    }

    private func listening(_ subscription: Subscription) async throws -> AsyncStream<Void> {
        if let stream = subscription.stream.withLock({ $0 }) { return stream }
        let stream = try await self.registry().changes()
        subscription.stream.withLock { $0 = stream }
        return stream
    }

    private static func failure(_ error: any Error) -> DiscoveryFailure {
        guard let error = error as? StoreError else { return DiscoveryFailure(error, in: "the registry") }
        let detail = error.detail ?? "\(error.code)"
        switch error.code {
        case .schema:
            return DiscoveryFailure(
                .misconfigured,
                "there is no registry in that database, or an outdated one: 'tenure registry init' makes it (\(detail))"
            )
        case .rejected: return DiscoveryFailure(.misconfigured, "the registry: \(detail)")
        default: return DiscoveryFailure(.unavailable, "the registry: \(detail)")
        }
    }
}

extension TenantRow.Reading {
    /// What a row of the registry says; its columns have types, the schema's name still has to be checked.
    fileprivate init(_ entry: RegistryEntry) {
        guard entry.isActive else {
            self = .inactive(entry.id)
            return
        }
        let name = entry.id.description
        guard SchemaName(entry.schema) != nil else {
            self = .unreadable(name, TenantProblem(tenant: name, reason: "'\(entry.schema)' is no schema name"))
            return
        }
        guard !entry.connection.isEmpty, entry.weight > 0, entry.weight.isFinite else {
            self = .unreadable(
                name,
                TenantProblem(tenant: name, reason: "the connection is empty, or the weight not positive")
            )
            return
        }
        self = .tenant(entry.tenant)
    }
}

extension RegistryEntry {
    /// The tenant as nodes see it.
    var tenant: Tenant {
        Tenant(
            id: self.id,
            connection: self.connection,
            schema: self.schema,
            weight: self.weight,
            priority: self.priority,
            labels: self.labels,
            pinnedNode: self.pinnedNode,
            isSuspended: self.isSuspended
        )
    }
}
