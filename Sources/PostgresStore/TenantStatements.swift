internal import PostgresClient

/// The statements of an owner, made for one schema once.
struct TenantStatements: Sendable {
    let deferCommit: PostgresStatement
    let takeOwnership: PostgresStatement
    let rehearse: PostgresStatement
    let openTenant: PostgresStatement
    let standingClaims: PostgresStatement
    let look: PostgresStatement
    let serverTime: PostgresStatement
    let jobs: PostgresStatement
    let claim: PostgresStatement
    let settleCompleted: PostgresStatement
    let settle: PostgresStatement
    let materialise: PostgresStatement
    let scan: PostgresStatement
    let maintain: PostgresStatement
    let cancellations: PostgresStatement
    let reportProgress: PostgresStatement
    let handlers: HandlerStatements
    let limits: PostgresStatement
    let limitUses: PostgresStatement
    let noteUses: PostgresStatement

    init(_ schema: SchemaName) {
        self.deferCommit = Statements.deferCommit.prepared(in: schema)
        self.takeOwnership = Statements.takeOwnership.prepared(in: schema)
        self.rehearse = Statements.rehearse.prepared(in: schema)
        self.openTenant = Statements.openTenant.prepared(in: schema)
        self.standingClaims = Statements.standingClaims.prepared(in: schema)
        self.look = Statements.look.prepared(in: schema)
        self.serverTime = Statements.serverTime.prepared(in: schema)
        self.jobs = Statements.jobs.prepared(in: schema)
        self.claim = Statements.claim.prepared(in: schema)
        self.settleCompleted = Statements.settleCompleted.prepared(in: schema)
        self.settle = Statements.settle.prepared(in: schema)
        self.materialise = Statements.materialise.prepared(in: schema)
        self.scan = Statements.scan.prepared(in: schema)
        self.maintain = Statements.maintain.prepared(in: schema)
        self.cancellations = Statements.cancellations.prepared(in: schema)
        self.limits = Statements.limits.prepared(in: schema)
        self.limitUses = Statements.limitUses.prepared(in: schema)
        self.noteUses = Statements.noteUses.prepared(in: schema)
        self.reportProgress = Statements.reportProgress.prepared(in: schema)
        self.handlers = HandlerStatements(schema)
    }
}

/// The statements of handlers in progress.
struct HandlerStatements: Sendable {
    let begin: PostgresStatement
    let complete: PostgresStatement
    let outcome: PostgresStatement
    let progress: PostgresStatement

    init(_ schema: SchemaName) {
        self.begin = Statements.beginHandling.prepared(in: schema)
        self.complete = Statements.completeHandling.prepared(in: schema)
        self.outcome = Statements.handlingOutcome.prepared(in: schema)
        self.progress = Statements.progress.prepared(in: schema)
    }
}
