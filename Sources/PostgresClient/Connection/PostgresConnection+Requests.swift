internal import CLibpq
internal import IOReactor

/// Taking requests, sending them, and ending them.
extension PostgresConnection {
    /// Runs one statement as a transaction of its own (or within the explicit transaction that is open).
    ///
    /// - Parameters:
    ///   - statement: The statement; prepared at its first use on this connection.
    ///   - parameters: Values for `$1`, `$2`, ….
    ///   - deadline: When to give up.
    /// - Throws: ``PostgresError``.
    package nonisolated func query(
        _ statement: PostgresStatement,
        _ parameters: PostgresValue...,
        deadline: ContinuousClock.Instant
    ) async throws(PostgresError) -> PostgresRows {
        try await self.query(statement, parameters: parameters, deadline: deadline)
    }

    /// Runs one statement with its parameters in an array.
    ///
    /// - Throws: ``PostgresError``.
    package nonisolated func query(
        _ statement: PostgresStatement,
        parameters: [PostgresValue],
        deadline: ContinuousClock.Instant
    ) async throws(PostgresError) -> PostgresRows {
        var unit = PostgresUnit()
        unit.add(statement, parameters: parameters)
        return try await self.run(unit, deadline: deadline)[0]
    }

    /// Runs the statements of one unit as one transaction, in one flush.
    ///
    /// - Returns: The answer to each statement.
    /// - Throws: ``PostgresError``; then none of the statements had an effect, unless it
    ///   ``PostgresError/mayHaveHappened``.
    package nonisolated func run(
        _ unit: PostgresUnit,
        deadline: ContinuousClock.Instant
    ) async throws(PostgresError) -> [PostgresRows] {
        try await self.start([unit], deadline: deadline).rows()
    }

    /// Runs several transactions in one flush, one after the other; an error in one leaves the others alone.
    ///
    /// - Returns: For each unit the answers to its statements, or why it failed.
    package nonisolated func pipeline(
        _ units: [PostgresUnit],
        deadline: ContinuousClock.Instant
    ) async -> PostgresReply.Results {
        guard !units.isEmpty else { return [] }
        return await self.start(units, deadline: deadline).results()
    }

    /// Sends transactions without waiting for the answers, so that the next can be sent ahead.
    ///
    /// - Returns: What the answers are awaited on. Units of several calls run in the order of the calls.
    package func start(_ units: [PostgresUnit], deadline: ContinuousClock.Instant) -> PostgresReply {
        let reply = self.makeReply(count: units.count)
        for (index, unit) in units.enumerated() {
            let request = PostgresRequest(.unit(unit), reply: reply, index: index, label: unit.label)
            self.submit(request, .unit, byteCount: unit.byteCount, deadline: deadline)
        }
        self.advanceSoon()
        return reply
    }

    /// Executes several commands without parameters, as one implicit transaction unless they contain explicit ones.
    ///
    /// For migrations and the like. Waits for everything that is in flight and keeps others off the connection.
    ///
    /// - Throws: ``PostgresError``.
    package nonisolated func execute(
        script: String,
        deadline: ContinuousClock.Instant
    ) async throws(PostgresError) {
        _ = try await self.startScript(script, deadline: deadline).rows()
    }

    private func startScript(_ script: String, deadline: ContinuousClock.Instant) -> PostgresReply {
        let reply = self.makeReply(count: 1)
        let request = PostgresRequest(.script(script), reply: reply, index: 0, label: "script")
        self.submit(request, .exclusive, byteCount: script.utf8.count, deadline: deadline)
        self.advanceSoon()
        return reply
    }

    /// A reply for the requests that are submitted next.
    func makeReply(count: Int) -> PostgresReply {
        let requests = (self.lastRequest + 1)..<(self.lastRequest + 1 + UInt64(count))
        return PostgresReply(count: count) { [weak self, reactor] in
            reactor.perform { [weak self] in self?.assumeIsolated { $0.callerCancelled(requests) } }
        }
    }

    func submit(
        _ request: PostgresRequest,
        _ kind: PostgresExchange.Kind,
        byteCount: Int,
        deadline: ContinuousClock.Instant
    ) {
        self.lastRequest += 1
        let id = PostgresRequestID(rawValue: self.lastRequest)
        switch self.exchange.submitted(id, kind, byteCount: byteCount) {
        case .refusedClosed:
            let reason = self.end?.message ?? "the connection is closed"
            self.finish(request, .failure(self.error(request, .unavailable, .notSent, reason)))
        case .refusedFull:
            self.finish(request, .failure(self.error(request, .rejected, .notSent, "too many requests are waiting")))
        case .accepted:
            self.requests[id] = request
            request.deadline = self.reactor.schedule(at: deadline) { [weak self] in
                self?.assumeIsolated { $0.expire(id, .timedOut) }
            }
        }
    }

    // MARK: Sending

    func sendDirectives() {
        while let directive = self.exchange.nextDirective() {
            switch directive {
            case .sendUnit(let id): self.sendUnit(id)
            case .beginExclusive(let id): self.beginExclusive(id)
            }
        }
    }

    private func sendUnit(_ id: PostgresRequestID) {
        guard let handle, let request = self.requests[id], case .unit(let unit) = request.body else { return }
        var isTaken = true
        var isPlain = true
        var evicted: [String] = []
        for step in unit.steps where isTaken {
            let statement = step.statement
            isPlain = isPlain && statement.commitsOnlyWithUnit
            let (use, victim) = self.statements.use(statement, step.parameters, by: id)
            if let victim { evicted.append(victim) }
            switch use {
            case .parseEachTime:
                isTaken = self.writer.execute(handle.pointer, nil, step)
            case .execute(let serverName):
                isTaken = self.writer.execute(handle.pointer, serverName, step)
            case .prepareAndExecute(let serverName):
                request.expected.append(.preparation(name: statement.name))
                isTaken = self.writer.prepare(handle.pointer, serverName, step)
                isTaken = isTaken && self.writer.execute(handle.pointer, serverName, step)
            }
            request.expected.append(.execution(name: statement.name, label: statement.label))
        }
        isTaken = isTaken && PQpipelineSync(handle.pointer) == 1
        self.exchange.unitSent(id, answers: request.expected.count, commitsOnlyWithUnit: isPlain)
        guard isTaken else {
            self.exchange.unitRefused(id)
            // libpq refuses only when the connection is unusable or memory is short: either way it is out of step.
            return self.lose(handle.sessionEnd ?? self.lossError(handle.errorMessage))
        }
        for serverName in evicted { self.deallocate(serverName) }
    }

    /// Frees a prepared statement in the server; nobody waits for it.
    func deallocate(_ serverName: String) {
        let quoted = "\"" + serverName.replacing("\"", with: "\"\"") + "\""
        let unit = PostgresUnit(.unnamed("DEALLOCATE \(quoted)"))
        let request = PostgresRequest(.unit(unit), reply: PostgresReply(count: 1) {}, index: 0, label: "deallocate")
        self.submit(request, .unit, byteCount: unit.byteCount, deadline: .now + .seconds(30))
    }

    private func beginExclusive(_ id: PostgresRequestID) {
        guard let handle, let request = self.requests[id] else { return }
        let sql: String
        switch request.body {
        case .script(let script): sql = script
        case .copy(let command, _): sql = command
        case .unit: return
        }
        guard PQexitPipelineMode(handle.pointer) == 1, PQsendQuery(handle.pointer, sql) == 1 else {
            return self.lose(handle.sessionEnd ?? self.lossError(handle.errorMessage))
        }
    }

    // MARK: Ending

    func finish(_ request: PostgresRequest, _ result: Result<[PostgresRows], PostgresError>) {
        if let deadline = request.deadline { self.reactor.cancel(deadline) }
        if let cancelRetry = request.cancelRetry { self.reactor.cancel(cancelRetry) }
        // A COPY that ends before it began has failed, or was no COPY.
        let noCopy = PostgresError(.malformed, .answered, operation: request.label, message: "the command is no COPY")
        request.copyStart?.fulfilIfMissing(result.flatMap { _ in .failure(noCopy) })
        request.reply.fulfil(request.index, result)
    }

    func error(
        _ request: PostgresRequest,
        _ code: PostgresError.Code,
        _ outcome: PostgresError.Outcome,
        _ message: String
    ) -> PostgresError {
        PostgresError(code, outcome, operation: request.label, message: message)
    }

    func callerCancelled(_ range: Range<UInt64>) {
        for rawValue in range { self.expire(PostgresRequestID(rawValue: rawValue), .cancelled) }
        self.advance()
    }

    private func expire(_ id: PostgresRequestID, _ code: PostgresError.Code) {
        guard let request = self.requests[id], request.expiry == nil else { return }
        switch self.exchange.expired(id) {
        case .late:
            break
        case .dropped:
            self.requests[id] = nil
            let message = code == .cancelled ? "the caller was cancelled" : "the deadline passed before it was sent"
            self.finish(request, .failure(self.error(request, code, .notSent, message)))
        case .inFlight:
            request.expiry = code
            if let deadline = request.deadline { self.reactor.cancel(deadline) }
            request.deadline = self.reactor.schedule(at: .now + Self.cancelGrace) { [weak self] in
                self?.assumeIsolated { $0.graceEnded(id) }
            }
            self.cancelHead()
        }
    }

    /// Asks the server to cancel the request that it is working on, if that request has to end.
    func cancelHead() {
        guard let id = self.exchange.headToCancel() else { return }
        guard let cancelHandle else { return self.exchange.cancelFinished() }
        self.threads.run { [weak self, reactor] in
            cancelHandle.cancel()
            reactor.perform { [weak self] in self?.assumeIsolated { $0.cancelDelivered(id) } }
        }
    }

    private func cancelDelivered(_ id: PostgresRequestID) {
        self.exchange.cancelFinished()
        if let request = self.requests[id] {
            // The server ignores a cancel request that overtakes what it is meant for.
            request.cancelRetry = self.reactor.schedule(at: .now + Self.cancelRetryPause) { [weak self] in
                self?.assumeIsolated { connection in
                    connection.exchange.cancelWasIgnored(id)
                    connection.cancelHead()
                }
            }
        }
        self.cancelHead()
        self.advance()
    }

    private func graceEnded(_ id: PostgresRequestID) {
        guard let request = self.requests[id], let code = request.expiry else { return }
        self.lose(self.error(request, code, .notSent, "the server did not cancel a request in time"))
    }
}
