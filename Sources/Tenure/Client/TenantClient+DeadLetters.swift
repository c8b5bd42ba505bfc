internal import TenureCore

extension TenantClient {
    /// The most dead letters that one call changes unless it says otherwise.
    public static let defaultDeadLetterLimit = 1000

    /// Work that failed for good, the newest first.
    public func deadLetters(
        _ filter: DeadLetterFilter = DeadLetterFilter(),
        limit: Int = 100
    ) async throws -> [DeadLetter] {
        try await self.backend.deadLetters(filter, id: nil, limit: limit)
    }

    /// One dead letter; `nil` if there is none of this ID.
    public func deadLetter(_ id: WorkID) async throws -> DeadLetter? {
        try await self.backend.deadLetters(DeadLetterFilter(), id: id, limit: 1).first
    }

    /// Puts a dead letter back to work under its ID, with its attempts forgotten and its errors kept.
    @discardableResult
    public func retryDeadLetter(_ id: WorkID) async throws -> WorkID {
        let id = try await self.backend.retryDeadLetter(id)
        self.hint()
        return id
    }

    /// Deletes a dead letter; its history stays. False if there is none.
    @discardableResult
    public func discardDeadLetter(_ id: WorkID) async throws -> Bool {
        try await self.backend.discardDeadLetter(id)
    }

    /// Puts the oldest dead letters that fit back to work, in one transaction.
    ///
    /// Those whose unique key other work has meanwhile stay. Who did it, how many and by what filter is a row of
    /// ``changes(prefix:limit:)``.
    ///
    /// - Parameter limit: The most, 1 to 100,000: for the rest call again.
    @discardableResult
    public func retryDeadLetters(
        _ filter: DeadLetterFilter,
        limit: Int = TenantClient.defaultDeadLetterLimit
    ) async throws -> DeadLetterChange {
        let change = try await self.backend.retryDeadLetters(filter, limit: limit, isPlan: false)
        if change.changed > 0 { self.hint() }
        return change
    }

    /// Tells what ``retryDeadLetters(_:limit:)`` would do, and changes nothing.
    public func planRetryOfDeadLetters(
        _ filter: DeadLetterFilter,
        limit: Int = TenantClient.defaultDeadLetterLimit
    ) async throws -> DeadLetterChange {
        try await self.backend.retryDeadLetters(filter, limit: limit, isPlan: true)
    }

    /// Deletes the oldest dead letters that fit, in one transaction; their history stays.
    ///
    /// - Parameter limit: The most, 1 to 100,000: for the rest call again.
    @discardableResult
    public func discardDeadLetters(
        _ filter: DeadLetterFilter,
        limit: Int = TenantClient.defaultDeadLetterLimit
    ) async throws -> DeadLetterChange {
        try await self.backend.discardDeadLetters(filter, limit: limit, isPlan: false)
    }

    /// Tells what ``discardDeadLetters(_:limit:)`` would do, and changes nothing.
    public func planDiscardOfDeadLetters(
        _ filter: DeadLetterFilter,
        limit: Int = TenantClient.defaultDeadLetterLimit
    ) async throws -> DeadLetterChange {
        try await self.backend.discardDeadLetters(filter, limit: limit, isPlan: true)
    }

    /// Who changed which definition or dead letter, the newest first.
    ///
    /// - Parameter prefix: What the names of the changes begin with, such as `dead_letter` or `job.`; `nil` for all.
    public func changes(prefix: String? = nil, limit: Int = 100) async throws -> [Change] {
        try await self.backend.changes(prefix: prefix, limit: limit)
    }
}
