/// What handlers in progress use of their tenant's schema: at any time, from any task, and beside the owner's calls.
///
/// Nothing here waits in a line with other tenants' work. What entitles a handler is the claim of its run, as always.
///
/// Adapters: Postgres, and memory, which has no SQL.
package protocol HandlerStore: Sendable {
    /// Runs a body in a transaction that also completes the body's run: both happen, or neither.
    ///
    /// The completion comes last, together with the commit. A body that throws is rolled back, and its run is settled
    /// as any other. Completed it is only with ``TransactionEnd/committed``.
    ///
    /// - Parameter body: Returns what is stored with the completed run.
    func transact(
        _ run: TransactionalRun,
        _ body: @Sendable (any SQLSession) async throws -> RunReport
    ) async -> TransactionEnd

    /// What an earlier attempt, or this one, said last about how far it was; JSON text.
    func progress(of run: WorkID) async throws(StoreError) -> String?
}

/// A run that is to be completed in the transaction of its handler.
package struct TransactionalRun: Sendable, Hashable {
    package var batch: BatchID
    package var id: WorkID
    /// By the tenant's Postgres.
    package var startedAt: ServerTime
    /// How long the attempt may take from now on.
    package var timeLeft: Duration
    /// How long the transaction may wait for its handler's next statement.
    package var idleLimit: Duration

    package init(batch: BatchID, id: WorkID, startedAt: ServerTime, timeLeft: Duration, idleLimit: Duration) {
        self.batch = batch
        self.id = id
        self.startedAt = startedAt
        self.timeLeft = timeLeft
        self.idleLimit = idleLimit
    }
}

/// What an attempt leaves besides its end.
package struct RunReport: Sendable, Hashable {
    /// What it returned; JSON text.
    package var output: String?
    /// How far it said last that it was; JSON text.
    package var progress: String?

    package init(output: String? = nil, progress: String? = nil) {
        self.output = output
        self.progress = progress
    }
}

/// How the transaction of a handler ended.
package enum TransactionEnd: Sendable {
    /// The handler's writes and the completion of its run are committed.
    case committed
    /// Rolled back, since the body threw.
    case failed(any Error)
    /// Rolled back, since the completion or the commit was refused.
    case refused(StatementError)
    /// Rolled back, since the claim no longer stands.
    case gone
    /// Not begun: there was no connection in time.
    case unavailable(StoreError)
    /// The handler ended the transaction by itself; its writes may be committed, and its run is not completed.
    case escaped
    /// The answer to the commit was lost, and what became of it could not be found out. Whoever settles the run finds
    /// its claim gone if it was committed.
    case unknown(StoreError)
}

/// A transaction in progress, for one handler.
package protocol SQLSession: Sendable {
    /// The schema's name, quoted for use in statements.
    var schema: String { get }

    /// Runs one statement.
    func run(_ sql: String, _ parameters: [SQLValue]) async throws(StatementError) -> SQLResult
}

/// How far a run in progress says that it is.
package struct ProgressReport: Sendable, Hashable {
    package var id: WorkID
    /// Under which it was claimed.
    package var epoch: Epoch
    /// JSON text.
    package var progress: String

    package init(id: WorkID, epoch: Epoch, progress: String) {
        self.id = id
        self.epoch = epoch
        self.progress = progress
    }
}
