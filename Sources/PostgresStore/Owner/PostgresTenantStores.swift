package import PostgresClient
internal import TenureCore

/// Makes the stores of a node's tenants, which share connections and one look a second at each server.
package final class PostgresTenantStores: Sendable {
    private let pools: PostgresPools
    private let probe: ActivityProbe
    private let timeouts: PostgresTenantStore.Timeouts

    /// Stores over these pools. Connects to nothing.
    package init(pools: PostgresPools, timeouts: PostgresTenantStore.Timeouts = .init()) {
        self.pools = pools
        self.probe = ActivityProbe(pools: pools)
        self.timeouts = timeouts
    }

    /// The store of one tenant.
    ///
    /// A connection string or a schema's name that cannot be used is reported by the store's calls.
    ///
    /// - Parameters:
    ///   - connection: A libpq URI or keyword string, or `env:VARIABLE`, or `file:PATH`.
    ///   - schema: Letters, digits and underscores.
    package func store(connection: String, schema: String) -> PostgresTenantStore {
        PostgresTenantStore(
            place: TenantPlace.read(connection: connection, schema: schema),
            pools: self.pools,
            probe: self.probe,
            timeouts: self.timeouts
        )
    }

    /// Ends the looks at the servers. Stores are closed by their users, the pools by their owner.
    package func close() async {
        await self.probe.close()
    }
}
