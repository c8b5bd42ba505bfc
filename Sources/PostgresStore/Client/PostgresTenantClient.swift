package import PostgresClient
package import TenureCore

/// One tenant's schema as its users see it: enqueue, schedule, cancel, and look.
///
/// Every call is one statement and one transaction. Connections come from shared pools. A call whose outcome is unknown
/// (``StoreError/Code/outcomeUnknown``) may have been committed: with a unique key it can be repeated without harm.
package struct PostgresTenantClient: Sendable {
    let pools: PostgresPools
    let place: TenantPlace
    let statements: ClientStatements
    private let timeout: Duration

    /// A client of one schema. Connects when it is first used.
    ///
    /// - Parameters:
    ///   - pools: Where connections come from.
    ///   - connection: A libpq URI or keyword string, or `env:VARIABLE`, or `file:PATH`.
    ///   - schema: Letters, digits and underscores.
    ///   - timeout: Waiting for a connection and for the answer, each. Default 10 s.
    /// - Throws: ``StoreError`` with `.rejected` when the connection string or the name cannot be used.
    package init(
        pools: PostgresPools,
        connection: String,
        schema: String = "tenure",
        timeout: Duration = .seconds(10)
    ) throws(StoreError) {
        self.pools = pools
        self.place = try TenantPlace.read(connection: connection, schema: schema).get()
        self.statements = ClientStatements(self.place.schema)
        self.timeout = timeout
    }

    /// Brings the schema up to date.
    ///
    /// - Returns: The numbers of the migrations that were applied.
    /// - Throws: ``StoreError``.
    @discardableResult
    package func migrate(timeout: Duration = .seconds(60)) async throws -> [Int] {
        let deadline = ContinuousClock.now + timeout
        return try await self.pools.withConnection(to: self.place.target, purpose: .opening, deadline: deadline) {
            try await SchemaMigrator(tenant: self.place.schema).migrate($0, deadline: deadline)
        }
    }

    // MARK: Work

    /// Adds an outbox message.
    ///
    /// - Returns: Its ID, or that of the live work which has the unique key already.
    /// - Throws: ``RefusedRequest`` or ``StoreError``, as every method.
    package func enqueue(
        topic: String,
        payload: String = "{}",
        due: DueTime = .now,
        _ attributes: WorkAttributes = .init()
    ) async throws -> WorkID {
        try await self.addWork(.outbox, topic, payload, due, attributes)
    }

    /// Adds one-shot work at an instant.
    package func scheduleTimer(
        topic: String,
        due: DueTime,
        payload: String = "{}",
        _ attributes: WorkAttributes = .init()
    ) async throws -> WorkID {
        try await self.addWork(.timer, topic, payload, due, attributes)
    }

    private func addWork(
        _ kind: WorkKind,
        _ topic: String,
        _ payload: String,
        _ due: DueTime,
        _ attributes: WorkAttributes
    ) async throws -> WorkID {
        let parameters: [PostgresValue] = [.text(kind.rawValue), .text(topic), .json(payload)]
        let rows = try await self.query(
            self.statements.addWork,
            "work.add",
            parameters + due.parameters + attributes.parameters
        )
        return WorkID(Int64(try rows.single().int(0)))
    }

    /// Takes in a message from outside.
    ///
    /// - Parameter ifChanged: `error` or `ignore`: what happens to a known message with another payload.
    /// - Returns: Its ID, or `nil` if this source's message was seen before.
    package func receive(
        source: String,
        messageID: String,
        topic: String,
        payload: String = "{}",
        due: DueTime = .now,
        _ attributes: WorkAttributes = .init(),
        ifChanged: String = "error"
    ) async throws -> WorkID? {
        let parameters: [PostgresValue] = [.text(source), .text(messageID), .text(topic), .json(payload)]
        let rows = try await self.query(
            self.statements.receive,
            "message.receive",
            parameters + due.parameters + attributes.parameters + [.text(ifChanged)]
        )
        return try rows.single().optionalInt(0).map { WorkID(Int64($0)) }
    }

    /// Cancels work that has not started.
    ///
    /// - Parameters:
    ///   - id: The work.
    ///   - kinds: Work of other kinds is left alone. Default all.
    /// - Returns: Whether it will not run. False if it is running, has ended, or does not exist.
    package func cancel(_ id: WorkID, kinds: [WorkKind] = WorkKind.allCases) async throws -> Bool {
        try await self.query(self.statements.cancel, "work.cancel", [.int(id.value), .texts(kinds.map(\.rawValue))])
            .single().bool(0)
    }

    /// What is still to do, in the order in which it is due.
    package func work(
        kinds: [WorkKind] = [],
        job: String? = nil,
        id: WorkID? = nil,
        states: [String] = [],
        limit: Int = 100
    ) async throws -> [WorkRecord] {
        try await self.query(
            self.statements.work,
            "work.list",
            [.texts(kinds.map(\.rawValue)), .text(job), .int(id?.value), .int(limit), .texts(states)]
        ).map(WorkRecord.init)
    }

    // MARK: Jobs

    /// Creates or changes a recurring job.
    ///
    /// - Returns: Its revision. Putting the same definition again changes nothing.
    package func putJob(_ job: JobRequest) async throws -> Int64 {
        Int64(try await self.query(self.statements.scheduleJob, "job.put", job.parameters).single().int(0))
    }

    /// Stops a job from becoming due. False if it was paused already.
    package func pauseJob(_ name: String) async throws -> Bool {
        try await self.query(self.statements.pauseJob, "job.pause", [.text(name)]).single().bool(0)
    }

    /// Lets a paused job become due again; its misfire policy decides about what was missed. False if it was not
    /// paused.
    package func resumeJob(_ name: String) async throws -> Bool {
        try await self.query(self.statements.resumeJob, "job.resume", [.text(name)]).single().bool(0)
    }

    /// Runs a job once now.
    package func triggerJob(_ name: String) async throws -> WorkID {
        WorkID(Int64(try await self.query(self.statements.triggerJob, "job.trigger", [.text(name)]).single().int(0)))
    }

    /// Deletes a job and cancels what has not started of it. History stays.
    package func deleteJob(_ name: String) async throws {
        _ = try await self.query(self.statements.deleteJob, "job.delete", [.text(name)])
    }

    /// The jobs that are not deleted, by name.
    ///
    /// - Parameter tags: Only those that have all of these.
    package func jobs(tags: [String] = []) async throws -> [JobRecord] {
        try await self.query(self.statements.jobs, "job.list", [.null(.text), .texts(tags)]).map(JobRecord.init)
    }

    /// One job; `nil` if there is none of this name.
    package func job(_ name: String) async throws -> JobRecord? {
        try await self.query(self.statements.jobs, "job.show", [.text(name), .texts([String]())]).first.map(
            JobRecord.init
        )
    }

    // MARK: History

    /// Attempts that ended and occurrences that did not run, the newest first.
    ///
    /// - Parameters:
    ///   - id: All attempts of one run.
    ///   - states: Any of these; empty for all.
    ///   - before: For the next page: the end of the last one of this page.
    package func runs(
        id: WorkID? = nil,
        states: [String] = [],
        job: String? = nil,
        kinds: [WorkKind] = [],
        before: ServerTime? = nil,
        limit: Int = 100
    ) async throws -> [RunRecord] {
        try await self.query(
            self.statements.runs,
            "run.list",
            [
                .int(id?.value), .texts(states), .text(job), .texts(kinds.map(\.rawValue)),
                .timestamp(microseconds: before?.microseconds), .int(limit),
            ]
        ).map(RunRecord.init)
    }

    /// What runs now, the longest-running first.
    package func running(limit: Int = 100) async throws -> [RunningRecord] {
        try await self.query(self.statements.running, "run.running", [.int(limit)]).map(RunningRecord.init)
    }

    /// How far a run that has not ended said last that it is, as JSON text; `nil` if it never did.
    package func progress(of id: WorkID) async throws -> String? {
        try await self.query(self.statements.progress, "run.progress", [.int(id.value)]).first?.string(0)
    }

    /// Messages that were received, the newest first.
    package func inbox(source: String? = nil, limit: Int = 100) async throws -> [InboxRecord] {
        try await self.query(self.statements.inbox, "message.list", [.text(source), .int(limit)]).map(InboxRecord.init)
    }

    // MARK: State

    /// Where the tenant stands.
    ///
    /// - Parameter history: How far back history counts; `nil` for all there is.
    /// - Complexity: Reads that history.
    package func summary(history: Duration? = nil) async throws -> TenantSummary {
        try TenantSummary(
            try await self.query(self.statements.summary, "tenant.summary", [.int(history?.milliseconds)]).single()
        )
    }

    /// How late the work is that has been due the longest and does not run; `nil` when nothing waits.
    package func lag() async throws -> Duration? {
        try await self.query(self.statements.lag, "tenant.lag", []).single().optionalInt(0).map { .microseconds($0) }
    }

    func query(
        _ statement: PostgresStatement,
        _ operation: String,
        _ parameters: [PostgresValue],
        purpose: PostgresPurpose = .housekeeping,
        timeout: Duration? = nil
    ) async throws -> PostgresRows {
        let timeout = timeout ?? self.timeout
        do {
            return try await self.pools.withConnection(
                to: self.place.target,
                purpose: purpose,
                deadline: .now + timeout
            ) { connection in
                try await connection.query(statement, parameters: parameters, deadline: .now + timeout)
            }
        } catch let error as PostgresError {
            throw StoreError.refusal(error) ?? StoreError(error, operation: operation) as any Error
        }
    }
}
