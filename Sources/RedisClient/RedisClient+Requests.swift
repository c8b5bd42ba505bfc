internal import IOReactor

extension RedisClient {
    /// Pause before a request is repeated that a server in transition has refused.
    private static let transitionPause = Duration.milliseconds(50)

    /// Redirections that one request follows without a pause.
    private static let redirectionLimit = 5

    /// Sends a command and waits for its reply.
    ///
    /// Repeats what was certainly not executed (the connection was lost before it was sent, the server is loading,
    /// the key is elsewhere) until the deadline, and nothing else.
    ///
    /// - Returns: The reply, which is never an error as a whole.
    /// - Throws: ``RedisError``: `.server` for an error reply, `.unavailable` or `.closed` if the command was not sent,
    ///   `.timedOut`, `.outcomeUnknown` if it was sent and no reply will come, `.authenticationFailed`. A cancelled
    ///   task gets `.unavailable` or `.outcomeUnknown`.
    package func send(
        _ command: RedisCommand,
        deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> RedisValue {
        var redirections = 0
        while true {
            let connection = try await self.connection(for: command.name, deadline: deadline)
            let failure: RedisError
            do {
                return try await connection.execute(command, deadline: deadline)
            } catch {
                failure = error
            }
            switch self.cure(for: failure, on: connection) {
            case .none:
                throw failure
            case .repeatRequest:
                break
            case .relocate(let reason):
                await self.retire(connection, reason: reason)
                redirections += 1
            case .ask(let endpoint):
                return try await self.ask(endpoint, command, deadline: deadline)
            case .pause:
                redirections = Self.redirectionLimit + 1
            }
            if redirections > Self.redirectionLimit {
                guard .now + Self.transitionPause < deadline, !Task.isCancelled else { throw failure }
                await self.pause(Self.transitionPause)
            }
        }
    }

    /// Sends a command given as words and waits for its reply; see ``send(_:deadline:)-(RedisCommand,_)``.
    package func send(
        _ name: String,
        _ arguments: any RedisArgument...,
        deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> RedisValue {
        try await self.send(RedisCommand(name, arguments: arguments), deadline: deadline)
    }

    // MARK: Repetition

    private enum Cure {
        case none
        case repeatRequest
        case relocate(reason: String)
        case ask(RedisEndpoint)
        case pause
    }

    /// What to do about a failed request. Everything but ``Cure/none`` rests on its not having been executed.
    private func cure(for failure: RedisError, on connection: RedisConnection) -> Cure {
        guard !failure.mayHaveHappened, !Task.isCancelled else { return .none }
        guard let serverError = failure.serverError else {
            // Refused by a connection that is no longer in use, before it was sent.
            let isElsewhere = self.current?.connection !== connection
            return failure.code == .unavailable && isElsewhere ? .repeatRequest : .none
        }
        switch (self.configuration.url.topology, serverError.kind) {
        case (.cluster, "MOVED"), (.cluster, "ASK"):
            return self.redirection(serverError, on: connection)
        case (.cluster, "TRYAGAIN"), (.cluster, "CLUSTERDOWN"), (_, "LOADING"), (_, "MASTERDOWN"):
            return .pause
        case (.sentinel, "READONLY"):
            return .relocate(reason: "the server is no longer the master")
        default:
            return .none
        }
    }

    private func redirection(_ error: RedisServerError, on connection: RedisConnection) -> Cure {
        // Another request may have followed the slot already.
        guard let current = self.current, current.connection === connection else { return .repeatRequest }
        guard let redirection = RedisRedirection(error, from: current.endpoint) else { return .none }
        switch redirection.kind {
        case .ask:
            return .ask(redirection.endpoint)
        case .moved:
            self.connector.prefer(redirection.endpoint)
            return .relocate(reason: "the keys are on another node")
        }
    }

    /// Sends one command to the node that a slot is moving to.
    private func ask(
        _ endpoint: RedisEndpoint,
        _ command: RedisCommand,
        deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> RedisValue {
        let connection: RedisConnection
        if let asking = self.asking, asking.endpoint == endpoint, await asking.connection.isOpen {
            connection = asking.connection
        } else {
            await self.asking?.connection.closeWhenIdle()
            self.asking = nil
            connection = try await self.connector.openServer(endpoint, deadline: deadline)
            // While it was opened, another request may have done the same, or the client may have been closed.
            if let asking = self.asking { await asking.connection.closeWhenIdle() }
            self.asking = (endpoint, connection)
        }
        return try await connection.execute(command, after: RedisCommand("ASKING"), deadline: deadline)
    }

    private func pause(_ duration: Duration) async {
        await withCheckedContinuation { continuation in
            _ = self.reactor.schedule(at: .now + duration) { continuation.resume() }
        }
    }
}
