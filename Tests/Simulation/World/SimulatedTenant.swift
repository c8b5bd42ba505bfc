import InMemoryStores
import Tenure
import TenureCore

/// A tenant of the simulation: its database, its users, and the account that is kept of it.
final class SimulatedTenant: @unchecked Sendable {
    // SAFETY: touched on the simulation's thread only.

    let id: TenantID
    let index: Int
    let server: PostgresServer
    let database: InMemoryTenant
    let ledger: TenantLedger
    var isRemoved = false

    init(_ id: TenantID, index: Int, server: PostgresServer, ledger: TenantLedger) {
        self.id = id
        self.index = index
        self.server = server
        self.ledger = ledger
        self.database = InMemoryTenant { server.now }
    }

    var tenant: Tenant { Tenant(id: self.id, connection: "simulated") }

    /// A user's transaction that adds work; `nil` if it was refused.
    func add(_ work: NewWork) -> WorkID? {
        guard let id = try? self.database.add(work) else { return nil }
        self.ledger.added(id)
        return id
    }
}
