internal import Logging
internal import PostgresClient
package import TenureCore

/// The tenant store port over Postgres: one tenant's schema as its owner uses it.
///
/// Connections come from the shared pools, one for each call. An exchange is one flush: each settlement and the pass
/// are a transaction of their own in it, in this order. Whatever was sent and not answered is reported as
/// ``StoreError/Code/outcomeUnknown``; every method may then be called again.
///
/// - Important: One call at a time, as the port says: a scan then never runs before the settlements sent ahead of it.
package actor PostgresTenantStore: TenantStore {
    /// How long calls may take.
    package struct Timeouts: Sendable, Hashable {
        /// Waiting for a connection and for the answer of an exchange. Default 5 s.
        package var exchange: Duration = .seconds(5)
        /// Taking ownership, opening, and reading the jobs. Default 10 s.
        package var opening: Duration = .seconds(10)
        /// Migrating, and the upkeep of partitions. Default 60 s.
        package var migration: Duration = .seconds(60)

        /// All defaults.
        package init() {}
    }

    let pools: PostgresPools
    let place: Result<TenantPlace, StoreError>
    private let probe: ActivityProbe
    let timeouts: Timeouts
    let statements: TenantStatements

    private var memory = ScanMemory()
    /// The snapshot of the last look at the definitions.
    var definitionsSeen: String?
    var jobsVersion: Int64 = 0
    private var hints: HintSource?
    private var isIdle = false
    var standby: StandbySession?
    var isClosed = false

    /// A store that has not connected yet.
    ///
    /// - Parameters:
    ///   - place: Where the schema is; a failure is thrown by every call.
    ///   - pools: Where connections come from.
    ///   - probe: Watches the databases of idle tenants.
    ///   - timeouts: How long calls may take.
    init(
        place: Result<TenantPlace, StoreError>,
        pools: PostgresPools,
        probe: ActivityProbe,
        timeouts: Timeouts
    ) {
        self.place = place
        self.pools = pools
        self.probe = probe
        self.timeouts = timeouts
        // A place that is no place is refused by every call, before a statement is used.
        self.statements = TenantStatements((try? place.get())?.schema ?? .tenant)
    }

    // MARK: Working

    package func exchange(_ exchange: Exchange) async -> ExchangeReply {
        var units: [PostgresUnit] = []
        /// For each settlement the index of its unit.
        var places: [Int?] = []
        for settlement in exchange.settlements {
            let unit = settlement.unit(self.statements)
            places.append(unit.map { _ in units.count })
            if let unit { units.append(unit) }
        }
        if let pass = exchange.pass { units.append(self.unit(pass)) }

        let results: PostgresReply.Results
        do {
            let deadline = ContinuousClock.now + self.timeouts.exchange
            results = try await self.pipeline(units, "exchange", .claiming, deadline: deadline)
            // The first pass of a tenure has been made: from now on connections are shared.
            self.standby?.expire()
            self.standby = nil
        } catch {
            return ExchangeReply(
                settlements: exchange.settlements.map { _ in .failed(error) },
                pass: exchange.pass.map { _ in .failure(error) }
            )
        }
        return ExchangeReply(
            settlements: places.map { $0.map { Self.settlementResult(results[$0]) } ?? .accepted },
            pass: exchange.pass.map { self.passResult($0, results[results.count - 1]) }
        )
    }

    private static func settlementResult(_ result: Result<[PostgresRows], PostgresError>) -> SettlementResult {
        switch result {
        case .success: .accepted
        case .failure(let error) where error.sqlState == .claimGone: .gone
        case .failure(let error): .failed(StoreError(error, operation: "settle"))
        }
    }

    private func passResult(
        _ pass: ClaimPass,
        _ result: Result<[PostgresRows], PostgresError>
    ) -> Result<PassResult, StoreError> {
        do throws(PostgresError) {
            return .success(try self.decode(pass, try result.get()))
        } catch {
            return .failure(StoreError(error, operation: "pass"))
        }
    }

    /// The transaction of a pass: each statement checks the epoch, the first one for good.
    func unit(_ pass: ClaimPass) -> PostgresUnit {
        let epoch = PostgresValue.int(pass.epoch.value)
        var unit = PostgresUnit()
        for job in pass.materialise {
            unit.add(
                self.statements.materialise,
                epoch,
                .text(job.job),
                .int(job.revision),
                .timestamp(microseconds: job.lastOccurrence?.microseconds),
                .timestamps(microseconds: job.occurrences.map(\.microseconds)),
                .timestamps(microseconds: job.skipped.map(\.scheduledFor.microseconds)),
                .texts(job.skipped.map(\.reason)),
                .timestamp(microseconds: job.nextDue?.microseconds),
                .bool(job.pauses)
            )
        }
        for claim in pass.claims {
            unit.add(
                self.statements.claim,
                epoch,
                .text(claim.batch.description),
                .text(pass.holder.node.description),
                .text(pass.holder.incarnation.description),
                .ints(claim.ids.map(\.value)),
                .bool(claim.isLone)
            )
        }
        if !pass.uses.isEmpty {
            unit.add(
                self.statements.noteUses,
                epoch,
                .texts(pass.uses.map(\.limit)),
                .texts(pass.uses.map(\.key)),
                .timestamps(microseconds: pass.uses.map(\.paidAt.microseconds))
            )
        }
        if let scan = pass.scan {
            let parameters = self.memory.parameters(scan, sleepUntil: pass.sleepUntil)
            unit.add(self.statements.scan, parameters: [epoch] + parameters)
        }
        unit.add(self.statements.look, epoch, .text(self.definitionsSeen))
        return unit
    }

    func decode(_ pass: ClaimPass, _ answers: [PostgresRows]) throws(PostgresError) -> PassResult {
        var rest = answers[...]
        var materialised: [PassResult.Materialised] = []
        for _ in pass.materialise {
            // The last row only says that there was no conflict.
            guard let rows = rest.popFirst(), !rows.isEmpty else {
                materialised.append(.conflict)
                continue
            }
            materialised.append(.applied(try rows.dropLast().map { row throws(PostgresError) in try WorkItem(row) }))
        }
        var claimed: [[WorkID]] = []
        for _ in pass.claims {
            claimed.append(try rest.removeFirst().single().ints(0).map { WorkID(Int64($0)) })
        }
        if !pass.uses.isEmpty { rest.removeFirst() }
        var scan: PassResult.Scan?
        var isAsleep: Bool?
        if let request = pass.scan {
            let found = try self.memory.result(rest.removeFirst(), request)
            scan = found.scan
            isAsleep = found.isAsleep
        }
        let look = try rest.removeFirst().single()
        self.definitionsSeen = try look.string(1)
        if try look.bool(2) { self.jobsVersion += 1 }

        var result = PassResult(serverTime: try look.time(0), jobsVersion: self.jobsVersion)
        result.materialised = materialised
        result.claimed = claimed
        result.scan = scan
        result.cancellations = try look.ints(3).map { WorkID(Int64($0)) }
        // Without a look under the gate there is nothing that a sleep could rest on.
        result.isSleepPublished = pass.sleepUntil.map { _ in isAsleep ?? false }
        return result
    }

    package func cancellations() async throws(StoreError) -> [WorkID] {
        let unit = PostgresUnit(self.statements.cancellations)
        let deadline = ContinuousClock.now + self.timeouts.exchange
        let answers = try await self.withConnection("cancellations.read", .claiming) { connection in
            try await connection.run(unit, deadline: deadline)
        }
        do throws(PostgresError) {
            return try answers[0].map { row throws(PostgresError) in WorkID(Int64(try row.int(0))) }
        } catch {
            throw StoreError(error, operation: "cancellations.read")
        }
    }

    package func report(_ progress: [ProgressReport]) async throws(StoreError) {
        let unit = PostgresUnit(
            self.statements.reportProgress,
            .ints(progress.map(\.id.value)),
            .ints(progress.map(\.epoch.value)),
            .jsons(progress.map(\.progress))
        )
        let deadline = ContinuousClock.now + self.timeouts.exchange
        try await self.withConnection("progress.report", .housekeeping) { connection in
            _ = try await connection.run(unit, deadline: deadline)
        }
    }

    package nonisolated var handlerStore: any HandlerStore {
        PostgresHandlerStore(place: self.place, pools: self.pools, statements: self.statements.handlers)
    }

    package func maintain(epoch: Epoch, retention: Retention) async throws(StoreError) {
        let unit = PostgresUnit(
            self.statements.maintain,
            .int(epoch.value),
            .int(retention.runs.milliseconds),
            .int(retention.others.deadLetters?.milliseconds),
            .int(retention.others.inbox.milliseconds),
            .int(retention.others.changes.milliseconds)
        )
        let deadline = ContinuousClock.now + self.timeouts.migration
        try await self.withConnection("maintain", .housekeeping) { connection in
            _ = try await connection.run(unit, deadline: deadline)
        }
    }

    // MARK: Hints

    package func signals() async -> AsyncStream<StoreSignal> {
        let (stream, continuation) = AsyncStream.makeStream(of: StoreSignal.self, bufferingPolicy: .bufferingNewest(1))
        await self.hints?.end()
        // A place that is no place has no signals; `prepare` says what is wrong with it.
        guard !self.isClosed, let place = try? self.place.get() else {
            continuation.finish()
            return stream
        }
        self.hints = HintSource(place: place, pools: self.pools, probe: self.probe, continuation: continuation)
        return stream
    }

    package func setIdle(_ isIdle: Bool) async {
        self.isIdle = isIdle
        await self.followHints()
    }

    func followHints() async {
        guard !self.isClosed else { return }
        await self.hints?.follow(self.isIdle ? .activity : .notifications)
    }

    package func close() async {
        self.isClosed = true
        self.standby?.expire()
        self.standby = nil
        await self.hints?.end()
        self.hints = nil
    }

    // MARK: Connections

    /// Sends units on the session that stands by, or on any other.
    func pipeline(
        _ units: [PostgresUnit],
        _ operation: String,
        _ purpose: PostgresPurpose,
        deadline: ContinuousClock.Instant
    ) async throws(StoreError) -> PostgresReply.Results {
        if let results = await self.standby?.use({ await $0.pipeline(units, deadline: deadline) }) { return results }
        return try await self.withConnection(operation, purpose) { connection in
            await connection.pipeline(units, deadline: deadline)
        }
    }

    func run<Value>(
        _ unit: PostgresUnit,
        _ operation: String,
        _ decode: ([PostgresRows]) throws(PostgresError) -> Value
    ) async throws(StoreError) -> Value {
        let deadline = ContinuousClock.now + self.timeouts.opening
        let answers = try await self.withConnection(operation, .opening) { connection in
            try await connection.run(unit, deadline: deadline)
        }
        do throws(PostgresError) {
            return try decode(answers)
        } catch {
            throw StoreError(error, operation: operation)
        }
    }

    func withConnection<Value>(
        _ operation: String,
        _ purpose: PostgresPurpose,
        _ body: (PostgresConnection) async throws -> Value
    ) async throws(StoreError) -> Value {
        let place = try self.place.get()
        guard !self.isClosed else {
            throw StoreError(.unavailable, operation: operation, detail: "the store is closed")
        }
        let wait = purpose == .claiming ? self.timeouts.exchange : self.timeouts.opening
        do {
            return try await self.pools.withConnection(
                to: place.target,
                purpose: purpose,
                deadline: .now + wait,
                body
            )
        } catch {
            throw StoreError(error, operation: operation)
        }
    }
}
