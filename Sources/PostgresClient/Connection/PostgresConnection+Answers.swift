internal import CLibpq
internal import IOReactor

/// Handing out what arrives, and the end of the connection.
extension PostgresConnection {
    /// Takes all results and notifications that libpq has parsed.
    func drain() {
        guard let handle else { return }
        self.readCopyData()
        var emptyReads = 0
        while self.exchange.expectsResult, PQisBusy(handle.pointer) == 0 {
            if let pointer = PQgetResult(handle.pointer) {
                emptyReads = 0
                let result = PostgresResult(pointer)
                guard self.deliver(result, handle) else { return }
            } else {
                emptyReads += 1
                self.react(to: .endOfAnswer, nil, handle)
                // Past the last statement libpq returns NULL for ever.
                if emptyReads > 2 { break }
            }
            guard self.handle != nil else { return }
            self.readCopyData()
        }
        while let notify = PQnotifies(handle.pointer) {
            let notification = PostgresNotification(
                channel: String(cString: notify.pointee.relname),
                payload: String(cString: notify.pointee.extra),
                serverProcessID: Int(notify.pointee.be_pid)
            )
            PQfreemem(notify)
            self.notificationHandler?(notification)
        }
    }

    /// - Returns: Whether the connection is still there.
    private func deliver(_ result: PostgresResult, _ handle: PostgresHandle) -> Bool {
        let arrival: PostgresExchange.Arrival
        switch result.kind {
        case .success: arrival = .success
        case .aborted: arrival = .aborted
        case .sync: arrival = .sync
        case .copyIn: arrival = .copyIn
        case .copyOut: arrival = .copyOut
        case .failure:
            if result.isConnectionLoss {
                self.lose(handle.sessionEnd ?? self.lossError(handle.errorMessage))
                return false
            }
            arrival = .failure(endsSession: result.endsSession)
        }
        self.react(to: arrival, result, handle)
        return self.handle != nil
    }

    private func react(to arrival: PostgresExchange.Arrival, _ result: PostgresResult?, _ handle: PostgresHandle) {
        switch self.exchange.arrived(arrival) {
        case .ignore:
            break
        case .keepAnswer(let id):
            guard let request = self.requests[id], let result else { return }
            switch request.current {
            case .preparation: break
            case .execution, nil:
                result.operation = request.currentLabel
                request.rows.append(PostgresRows(result))
            }
        case .keepFailure(let id):
            guard let request = self.requests[id], let result else { return }
            let error = result.error(operation: request.currentLabel)
            request.failure = error
            self.reconsiderPreparation(request, error)
        case .endAnswer(let id):
            guard let request = self.requests[id] else { return }
            if case .preparation(let name) = request.current, request.failure == nil { self.statements.prepared(name) }
            request.answersEnded += 1
        case .beginCopy(let id):
            self.beginCopy(id, arrival)
        case .finish(let id):
            self.finished(id, handle)
        case .violation:
            self.lose(self.lossError("an answer arrived that nothing asked for"))
        }
    }

    /// A plan that no longer fits its tables, or a name that the server forgot, is prepared anew at the next use.
    private func reconsiderPreparation(_ request: PostgresRequest, _ error: PostgresError) {
        guard error.sqlState == .featureNotSupported || error.sqlState == .invalidStatementName,
            case .execution(let name, _) = request.current, let serverName = self.statements.forget(name)
        else { return }
        if error.sqlState == .featureNotSupported { self.deallocate(serverName) }
    }

    private func finished(_ id: PostgresRequestID, _ handle: PostgresHandle) {
        guard let request = self.requests.removeValue(forKey: id) else { return }
        self.statements.ended(id, names: request.preparedNames)
        switch request.body {
        case .unit: break
        case .script, .copy:
            if let copy { self.endCopy(copy) }
            if PQenterPipelineMode(handle.pointer) != 1 {
                self.lose(self.lossError(handle.errorMessage))
            }
        }
        if let failure = request.failure {
            let isCancelled = request.expiry != nil && failure.sqlState == .queryCanceled
            let error = isCancelled ? failure.with(code: request.expiry ?? .timedOut, outcome: .answered) : failure
            self.finish(request, .failure(error))
        } else {
            self.finish(request, .success(request.rows))
        }
        self.cancelHead()
    }

    // MARK: The end

    /// Gives the connection up: every request ends now, with what is known about it.
    func lose(_ reason: PostgresError) {
        switch self.phase {
        case .opening, .open: break
        case .closing, .closed: return
        }
        self.phase = .closed
        if self.handle?.sessionEnd != nil { self.exchange.sessionEnded() }
        self.endRequests(reason)
        self.release(reason)
    }

    /// Ends all requests with what is known about them, oldest first.
    func endRequests(_ reason: PostgresError) {
        for (id, fate) in self.exchange.connectionLost() {
            guard let request = self.requests.removeValue(forKey: id) else { continue }
            self.finish(request, .failure(self.error(request, fate, reason)))
        }
        if let copy { self.endCopy(copy) }
    }

    private func error(
        _ request: PostgresRequest,
        _ fate: PostgresExchange.Fate,
        _ reason: PostgresError
    ) -> PostgresError {
        switch fate {
        case .notSent:
            return PostgresError(
                .unavailable,
                .notSent,
                operation: request.label,
                message: reason.message,
                sqlState: reason.sqlState
            )
        case .failed:
            let failure = request.failure ?? reason
            let isCancelled = request.expiry != nil && failure.sqlState == .queryCanceled
            return isCancelled ? failure.with(code: request.expiry ?? .timedOut, outcome: .answered) : failure
        case .unknown:
            if let failure = request.failure { return failure.with(code: .outcomeUnknown, outcome: .unknown) }
            return PostgresError(
                request.expiry ?? .outcomeUnknown,
                .unknown,
                operation: request.label,
                message: reason.message,
                sqlState: reason.sqlState
            )
        }
    }

    /// Frees the connection and tells those who wait for its end.
    func release(_ reason: PostgresError) {
        self.phase = .closed
        if self.end == nil { self.end = reason }
        if let source { self.reactor.unregister(source) }
        self.source = nil
        if let closeDeadline { self.reactor.cancel(closeDeadline) }
        self.closeDeadline = nil
        self.handle = nil
        self.cancelHandle = nil
        let waiters = self.closeWaiters + self.settleWaiters
        self.closeWaiters = []
        self.settleWaiters = []
        for waiter in waiters { waiter.resume() }
        let closeHandler = self.closeHandler
        self.closeHandler = nil
        closeHandler?(reason)
    }
}
