internal import PostgresClient
package import TenureCore

/// Dead letters, one or many, and who changed what.
extension PostgresTenantClient {
    /// Dead letters, the newest first.
    ///
    /// - Throws: ``RefusedRequest`` or ``StoreError``, as every method.
    package func deadLetters(
        _ filter: DeadLetterFilter = DeadLetterFilter(),
        id: WorkID? = nil,
        limit: Int = 100
    ) async throws -> [DeadLetterRecord] {
        try await self.query(
            Statements.clientDeadLetters.prepared(in: self.place.schema),
            "dead.list",
            [.int(id?.value)] + filter.parameters + [.int(limit)]
        ).map(DeadLetterRecord.init)
    }

    /// Puts a dead letter back to work under its ID.
    package func retryDeadLetter(_ id: WorkID) async throws -> WorkID {
        let statement = Statements.clientRetryDeadLetter.prepared(in: self.place.schema)
        return WorkID(Int64(try await self.query(statement, "dead.retry", [.int(id.value)]).single().int(0)))
    }

    /// Deletes a dead letter; its history stays. False if there is none.
    package func discardDeadLetter(_ id: WorkID) async throws -> Bool {
        let statement = Statements.clientDiscardDeadLetter.prepared(in: self.place.schema)
        return try await self.query(statement, "dead.discard", [.int(id.value)]).single().bool(0)
    }

    /// Puts the oldest dead letters that fit back to work.
    ///
    /// - Parameters:
    ///   - limit: The most, 1 to 100,000.
    ///   - isPlan: Nothing changes; the answer tells what would.
    package func retryDeadLetters(
        _ filter: DeadLetterFilter,
        limit: Int,
        isPlan: Bool
    ) async throws -> DeadLetterChange {
        try await self.change(Statements.clientRetryDeadLetters, "dead.retry", filter, limit, isPlan)
    }

    /// Deletes the oldest dead letters that fit; their history stays.
    ///
    /// - Parameters:
    ///   - limit: The most, 1 to 100,000.
    ///   - isPlan: Nothing changes; the answer tells what would.
    package func discardDeadLetters(
        _ filter: DeadLetterFilter,
        limit: Int,
        isPlan: Bool
    ) async throws -> DeadLetterChange {
        try await self.change(Statements.clientDiscardDeadLetters, "dead.discard", filter, limit, isPlan)
    }

    private func change(
        _ statement: Statement,
        _ operation: String,
        _ filter: DeadLetterFilter,
        _ limit: Int,
        _ isPlan: Bool
    ) async throws -> DeadLetterChange {
        let row = try await self.query(
            statement.prepared(in: self.place.schema),
            operation,
            filter.parameters + [.int(limit), .bool(isPlan)],
            timeout: .seconds(60)
        ).single()
        return DeadLetterChange(matching: try row.int(0), changed: try row.int(1), kept: try row.int(2))
    }

    /// Who changed which definition or dead letter, the newest first.
    ///
    /// - Parameter prefix: What the names of the changes begin with, such as `dead_letter`; `nil` for all.
    package func changes(prefix: String? = nil, limit: Int = 100) async throws -> [ChangeRecord] {
        try await self.query(
            Statements.clientChanges.prepared(in: self.place.schema),
            "change.list",
            [.text(prefix), .int(limit)]
        ).map(ChangeRecord.init)
    }
}

extension DeadLetterFilter {
    /// In the order in which the functions take them.
    fileprivate var parameters: [PostgresValue] {
        [
            .text(self.topic), .text(self.job), .text(self.reason),
            .timestamp(microseconds: self.failedAfter?.microseconds),
            .timestamp(microseconds: self.failedBefore?.microseconds),
        ]
    }
}
