internal import PostgresClient

/// The statements of leases and semaphores, made for one schema once.
struct LeaseStatements: Sendable {
    let acquireLease: PostgresStatement
    let renewLease: PostgresStatement
    let releaseLease: PostgresStatement
    let withdrawLease: PostgresStatement
    let acquirePermit: PostgresStatement
    let renewPermit: PostgresStatement
    let releasePermit: PostgresStatement
    let withdrawPermit: PostgresStatement
    let leases: PostgresStatement

    init(_ schema: SchemaName) {
        self.acquireLease = Statements.clientAcquireLease.prepared(in: schema)
        self.renewLease = Statements.clientRenewLease.prepared(in: schema)
        self.releaseLease = Statements.clientReleaseLease.prepared(in: schema)
        self.withdrawLease = Statements.clientWithdrawLease.prepared(in: schema)
        self.acquirePermit = Statements.clientAcquirePermit.prepared(in: schema)
        self.renewPermit = Statements.clientRenewPermit.prepared(in: schema)
        self.releasePermit = Statements.clientReleasePermit.prepared(in: schema)
        self.withdrawPermit = Statements.clientWithdrawPermit.prepared(in: schema)
        self.leases = Statements.clientLeases.prepared(in: schema)
    }
}
