/// Explicit transactions, for callers that decide between statements.
extension PostgresConnection {
    /// Runs a body between `BEGIN` and `COMMIT`; an error of the body rolls back and is thrown on.
    ///
    /// Whatever ends before the `COMMIT` was sent has certainly not happened, also if the connection was lost: an error
    /// of this client that the body throws then no longer claims that it may have.
    ///
    /// - Parameters:
    ///   - deadline: Bounds `BEGIN` and `COMMIT`; the body bounds itself.
    ///   - body: The statements. Nothing else may use the connection meanwhile.
    /// - Throws: What the body throws, or ``PostgresError`` of `BEGIN` and `COMMIT`.
    package nonisolated func transaction<Value>(
        deadline: ContinuousClock.Instant,
        _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        do throws(PostgresError) {
            _ = try await self.query(.begin, deadline: deadline)
        } catch {
            throw error.withOutcomeDecided
        }
        let value: Value
        do {
            value = try await body(self)
        } catch {
            // A rollback that fails leaves the connection in the transaction; the pool does not hand it out again.
            let reply = await self.start([PostgresUnit(.rollback)], deadline: .now + .seconds(1))
            _ = await reply.resultsDespiteCancellation()
            throw (error as? PostgresError)?.withOutcomeDecided ?? error
        }
        _ = try await self.query(.commit, deadline: deadline)
        return value
    }
}

extension PostgresError {
    /// The error of something that was never committed.
    fileprivate var withOutcomeDecided: PostgresError {
        guard self.outcome == .unknown else { return self }
        return self.with(code: self.code == .outcomeUnknown ? .unavailable : self.code, outcome: .notSent)
    }
}
