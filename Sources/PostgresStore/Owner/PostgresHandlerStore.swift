internal import PostgresClient
internal import TenureCore

/// What handlers in progress use of a tenant's schema in Postgres. Each call has a connection to itself.
struct PostgresHandlerStore: HandlerStore {
    /// How long a handler waits for a connection.
    private static let patience = Duration.seconds(20)
    /// How long a look waits for a connection.
    private static let leaseLimit = Duration.seconds(5)
    /// How long the completion with its commit may take.
    private static let commitLimit = Duration.seconds(10)
    /// How often what became of a commit is looked for.
    private static let looksMax = 3
    /// READ COMMITTED, whatever the database's default: the claim has to be read as it is at the end.
    private static let begin = PostgresStatement("begin_handling", "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")

    let place: Result<TenantPlace, StoreError>
    let pools: PostgresPools
    let statements: HandlerStatements

    func transact(
        _ run: TransactionalRun,
        _ body: @Sendable (any SQLSession) async throws -> RunReport
    ) async -> TransactionEnd {
        let deadline = ContinuousClock.now + run.timeLeft
        let end: TransactionEnd
        do {
            let place = try self.place.get()
            end = try await self.pools.withConnection(
                to: place.target,
                purpose: .handlers,
                deadline: min(deadline, .now + Self.patience)
            ) { connection in
                await self.transact(run, on: connection, place.schema, deadline: deadline, body)
            }
        } catch {
            return .unavailable(StoreError(error, operation: "handler.begin"))
        }
        guard case .unknown(let error) = end else { return end }
        return await self.reconcile(run, after: error)
    }

    private func transact(
        _ run: TransactionalRun,
        on connection: PostgresConnection,
        _ schema: SchemaName,
        deadline: ContinuousClock.Instant,
        _ body: @Sendable (any SQLSession) async throws -> RunReport
    ) async -> TransactionEnd {
        if let end = await self.begin(run, on: connection, deadline: deadline) { return end }
        let session = PostgresHandlerSession(connection: connection, schema: schema, deadline: deadline)
        let report: RunReport
        do {
            report = try await body(session)
        } catch {
            session.end()
            await Self.rollBack(connection)
            return .failed(error)
        }
        session.end()
        return await self.commit(run, report, on: connection)
    }

    /// Begins, and checks the claim early. Returns how it ended if it did not begin.
    private func begin(
        _ run: TransactionalRun,
        on connection: PostgresConnection,
        deadline: ContinuousClock.Instant
    ) async -> TransactionEnd? {
        let check = PostgresUnit(
            self.statements.begin,
            .text(run.batch.description),
            .int(run.id.value),
            .int(max(1, run.idleLimit.milliseconds)),
            .int(max(1, run.timeLeft.milliseconds))
        )
        let results = await connection.pipeline([PostgresUnit(Self.begin), check], deadline: deadline)
        do throws(PostgresError) {
            for result in results { _ = try result.get() }
            return nil
        } catch {
            await Self.rollBack(connection)
            return error.sqlState == .claimGone ? .gone : .unavailable(StoreError(error, operation: "handler.begin"))
        }
    }

    /// Completes and commits in one flush. The commit is a transaction of its own to the pipeline: after a completion
    /// that failed it rolls back.
    ///
    /// A cancellation that comes now is too late: half of a commit cannot be taken back.
    private func commit(
        _ run: TransactionalRun,
        _ report: RunReport,
        on connection: PostgresConnection
    ) async -> TransactionEnd {
        let completion = PostgresUnit(
            self.statements.complete,
            .text(run.batch.description),
            .int(run.id.value),
            .timestamp(microseconds: run.startedAt.microseconds),
            .json(report.output),
            .json(report.progress)
        )
        let units = [completion, PostgresUnit(.commit)]
        let reply = await connection.start(units, deadline: .now + Self.commitLimit)
        let results = await reply.resultsDespiteCancellation()
        do throws(PostgresError) {
            for result in results { _ = try result.get() }
            return .committed
        } catch {
            if error.mayHaveHappened { return .unknown(StoreError(error, operation: "handler.commit")) }
            switch error.sqlState {
            case .claimGone, .rowGone: return .gone
            case .transactionEscaped: return .escaped
            default: return .refused(StatementError(error))
            }
        }
    }

    /// Finds out what became of a commit whose answer was lost: by looking, not by running again.
    ///
    /// While the claim still names the run, the lost commit may yet arrive; but from then on either it or the run's
    /// settlement finds the claim gone, whichever comes second.
    private func reconcile(_ run: TransactionalRun, after error: StoreError) async -> TransactionEnd {
        let look = PostgresUnit(self.statements.outcome, .text(run.batch.description), .int(run.id.value))
        for attempt in 1...Self.looksMax {
            do {
                let place = try self.place.get()
                let outcome = try await self.pools.withConnection(
                    to: place.target,
                    purpose: .claiming,
                    deadline: .now + Self.leaseLimit
                ) { connection in
                    let reply = await connection.start([look], deadline: .now + Self.commitLimit)
                    return try await reply.resultsDespiteCancellation()[0].get()[0].single().string(0)
                }
                switch outcome {
                case "completed": return .committed
                case "gone": return .gone
                default: return .refused(StatementError(message: "the connection was lost at the commit"))
                }
            } catch {
                guard attempt < Self.looksMax else { break }
                // Only an end of the task interrupts the pause, and then the next look comes sooner.
                try? await Task.sleep(for: .milliseconds(500 * attempt))
            }
        }
        return .unknown(error)
    }

    /// A rollback that fails leaves the connection in the transaction; the pool does not hand it out again.
    private static func rollBack(_ connection: PostgresConnection) async {
        let reply = await connection.start([PostgresUnit(.rollback)], deadline: .now + .seconds(1))
        _ = await reply.resultsDespiteCancellation()
    }

    func progress(of run: WorkID) async throws(StoreError) -> String? {
        let place = try self.place.get()
        do {
            return try await self.pools.withConnection(
                to: place.target,
                purpose: .handlers,
                deadline: .now + Self.leaseLimit
            ) { connection in
                try await connection.query(
                    self.statements.progress,
                    .int(run.value),
                    deadline: .now + Self.leaseLimit
                ).first?.string(0)
            }
        } catch {
            throw StoreError(error, operation: "progress.read")
        }
    }
}
