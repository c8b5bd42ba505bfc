internal import CLibpq
internal import Foundation
package import IOReactor

/// An attempt to open a connection. Touched on the reactor only.
final class ConnectAttempt {
    var waiter: CheckedContinuation<PostgresError?, Never>?
    var deadline: DeadlineID?
}

/// Opening.
extension PostgresConnection {
    /// Opens a connection and applies the session's settings.
    ///
    /// - Parameters:
    ///   - target: The database.
    ///   - session: Name, limits and settings of the session.
    ///   - reactor: The thread that the connection lives on.
    ///   - deadline: When to give up; shortened by the target's `connect_timeout` or the session's.
    /// - Throws: ``PostgresError`` with outcome `.notSent`: `.unavailable`, `.timedOut`, or `.server` with what the
    ///   server said.
    package static func open(
        _ target: PostgresTarget,
        session: PostgresSession = PostgresSession(),
        reactor: IOReactor,
        deadline: ContinuousClock.Instant
    ) async throws(PostgresError) -> PostgresConnection {
        try await Self.open(target, session: session, helpers: ConnectionHelpers(reactor: reactor), deadline: deadline)
    }

    static func open(
        _ target: PostgresTarget,
        session: PostgresSession,
        helpers: ConnectionHelpers,
        deadline: ContinuousClock.Instant
    ) async throws(PostgresError) -> PostgresConnection {
        let limit = target.connectTimeoutSeconds.map { Duration.seconds($0) } ?? session.connectTimeout
        let deadline = min(deadline, .now + limit)
        let endpoints = try await AddressResolver.resolve(target.endpoints, with: helpers.resolver, deadline: deadline)
        let connection = PostgresConnection(target: target, session: session, helpers: helpers)
        if let error = await connection.openSession(endpoints, deadline: deadline) { throw error }
        do throws(PostgresError) {
            try await connection.applySettings(deadline: deadline)
        } catch {
            await connection.close()
            throw error.asConnectError
        }
        return connection
    }

    private func openSession(
        _ endpoints: [PostgresTarget.Endpoint],
        deadline: ContinuousClock.Instant
    ) async -> PostgresError? {
        guard case .opening(let attempt) = self.phase else { return self.end }
        attempt.deadline = self.reactor.schedule(at: deadline) { [weak self] in
            let message = "the server did not answer in time"
            let error = PostgresError(.timedOut, .notSent, operation: "connect", message: message)
            self?.assumeIsolated { $0.openingFailed(error) }
        }
        return await withCheckedContinuation { continuation in
            attempt.waiter = continuation
            self.startOpening(endpoints)
        }
    }

    private func startOpening(_ endpoints: [PostgresTarget.Endpoint]) {
        let places = [
            ConnectionParameter(keyword: "host", value: endpoints.map(\.host).joined(separator: ",")),
            ConnectionParameter(keyword: "hostaddr", value: endpoints.map(\.address).joined(separator: ",")),
            ConnectionParameter(keyword: "port", value: endpoints.map(\.port).joined(separator: ",")),
        ]
        let isGiven = { (parameter: ConnectionParameter) in !parameter.value.allSatisfy { $0 == "," } }
        let parameters = self.session.parameters(completing: self.target.parameters) + places.filter(isGiven)
        guard let pointer = CStrings.with(parameters, { PQconnectStartParams($0, $1, 0) }) else {
            return self.openingFailed(self.lossError("out of memory"))
        }
        let handle = PostgresHandle(pointer)
        self.handle = handle
        guard PQstatus(pointer) != CONNECTION_BAD else {
            return self.openingFailed(Self.connectError(handle.errorMessage))
        }
        // Errors of the login come as text only; the verbose form has the SQLSTATE in it.
        PQsetErrorVerbosity(pointer, PQERRORS_VERBOSE)
        self.watch(.write)
    }

    func continueOpening() {
        guard let handle else { return }
        // libpq closes its socket and opens another (next address, next attempt) within this call.
        if let source { self.reactor.unregister(source) }
        self.source = nil
        switch PQconnectPoll(handle.pointer) {
        case PGRES_POLLING_READING: self.watch(.read)
        case PGRES_POLLING_WRITING: self.watch(.write)
        case PGRES_POLLING_OK: self.opened(handle)
        default: self.openingFailed(Self.connectError(handle.errorMessage))
        }
    }

    private func opened(_ handle: PostgresHandle) {
        guard case .opening(let attempt) = self.phase else { return }
        guard PQsetnonblocking(handle.pointer, 1) == 0, PQenterPipelineMode(handle.pointer) == 1 else {
            return self.openingFailed(Self.connectError(handle.errorMessage))
        }
        if let deadline = attempt.deadline { self.reactor.cancel(deadline) }
        self.cancelHandle = handle.makeCancelHandle()
        self.phase = .open
        self.exchange.connected()
        self.watch(.read)
        attempt.waiter?.resume(returning: nil)
    }

    func openingFailed(_ error: PostgresError) {
        guard case .opening(let attempt) = self.phase else { return }
        if let deadline = attempt.deadline { self.reactor.cancel(deadline) }
        self.endRequests(error)
        self.release(error)
        attempt.waiter?.resume(returning: error)
    }

    /// Applies all settings in one round trip.
    private nonisolated func applySettings(deadline: ContinuousClock.Instant) async throws(PostgresError) {
        let settings = self.session.settings
        guard !settings.isEmpty else { return }
        let calls = settings.indices.map { "set_config($\(2 * $0 + 1), $\(2 * $0 + 2), false)" }
        let statement = PostgresStatement.unnamed("SELECT " + calls.joined(separator: ", "))
        let parameters = settings.flatMap { [PostgresValue.text($0.name), .text($0.value)] }
        _ = try await self.query(statement, parameters: parameters, deadline: deadline)
    }

    /// Reads the SQLSTATE out of libpq's text: `… FATAL:  3D000: database "x" does not exist; LOCATION: …`.
    static func connectError(_ message: String) -> PostgresError {
        let text = message.split(separator: "; LOCATION:").first.map(String.init) ?? message
        var state: SQLState?
        if let start = text.range(of: ":  ")?.upperBound, let end = text[start...].firstIndex(of: ":") {
            let word = text[start..<end]
            if word.utf8.count == 5, word.allSatisfy({ $0.isASCII && ($0.isNumber || $0.isUppercase) }) {
                state = SQLState(rawValue: String(word))
            }
        }
        return PostgresError(
            state == nil ? .unavailable : .server,
            .notSent,
            operation: "connect",
            message: text,
            sqlState: state
        )
    }
}

extension PostgresError {
    /// The same failure as one of connecting: nothing of the caller's was sent.
    fileprivate var asConnectError: PostgresError {
        PostgresError(
            self.code,
            .notSent,
            operation: "connect",
            message: self.message,
            sqlState: self.sqlState,
            detail: self.detail,
            hint: self.hint
        )
    }
}

/// Arrays of C strings as libpq wants them: parallel, ended by NULL.
private enum CStrings {
    static func with<Value>(
        _ parameters: [ConnectionParameter],
        _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> Value
    ) -> Value {
        let keywords = parameters.map { UnsafePointer(strdup($0.keyword)) } + [nil]
        let values = parameters.map { UnsafePointer(strdup($0.value)) } + [nil]
        defer { for string in keywords + values { free(UnsafeMutablePointer(mutating: string)) } }
        return keywords.withUnsafeBufferPointer { keywords in
            values.withUnsafeBufferPointer { values in body(keywords.baseAddress!, values.baseAddress!) }
        }
    }
}
