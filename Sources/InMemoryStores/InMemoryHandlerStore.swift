internal import TenureCore

/// What handlers in progress use of a tenant in memory, where there is no SQL: a transactional handler's run is
/// completed under the same conditions, and its statements are refused.
struct InMemoryHandlerStore: HandlerStore {
    private struct Session: SQLSession {
        let schema = "\"memory\""

        func run(_ sql: String, _ parameters: [SQLValue]) async throws(StatementError) -> SQLResult {
            throw StatementError(message: "a tenant in memory runs no SQL")
        }
    }

    let tenant: InMemoryTenant

    func transact(
        _ run: TransactionalRun,
        _ body: @Sendable (any SQLSession) async throws -> RunReport
    ) async -> TransactionEnd {
        do throws(StoreError) {
            let isHeld = try self.tenant.perform("handler.begin") { state, _ in state.isHeld(run) }
            guard isHeld else { return .gone }
        } catch {
            return .unavailable(error)
        }
        let report: RunReport
        do {
            report = try await body(Session())
        } catch {
            return .failed(error)
        }
        do throws(StoreError) {
            return try self.tenant.perform("handler.commit") { state, now in state.complete(run, report, at: now) }
        } catch {
            let isUnknown = error.code == .outcomeUnknown
            return isUnknown ? .unknown(error) : .refused(StatementError(message: "\(error)"))
        }
    }

    func progress(of run: WorkID) async throws(StoreError) -> String? {
        try self.tenant.perform("progress.read") { state, _ in state.progress[run] }
    }
}
