internal import PostgresClient
internal import Synchronization

/// A connection that waits for its use, so that the use waits for none. Given back soon in any case.
final class StandbySession: Sendable {
    private enum State {
        case waiting, inUse, expired
    }

    private let connection: PostgresConnection
    private let lease: AsyncStream<Never>.Continuation
    private let state = Mutex(State.waiting)

    private init(connection: PostgresConnection, lease: AsyncStream<Never>.Continuation) {
        self.connection = connection
        self.lease = lease
    }

    /// Leases a connection and prepares it.
    ///
    /// - Parameters:
    ///   - patience: How long it waits for its use.
    ///   - prepare: What is run on it first.
    static func open(
        _ pools: PostgresPools,
        to target: PostgresTarget,
        deadline: ContinuousClock.Instant,
        patience: Duration,
        prepare: @escaping @Sendable (PostgresConnection) async throws -> Void
    ) async throws -> StandbySession {
        let (ended, lease) = AsyncStream.makeStream(of: Never.self)
        let connection: PostgresConnection = try await withCheckedThrowingContinuation { continuation in
            // SHIELD: the lease outlives the call that asked for it; bounded by the deadline and the patience.
            Task {
                do {
                    try await pools.withConnection(to: target, purpose: .opening, deadline: deadline) { connection in
                        try await prepare(connection)
                        continuation.resume(returning: connection)
                        for await _ in ended {}
                    }
                } catch {
                    // Nothing fails after the connection was handed out.
                    continuation.resume(throwing: error)
                }
            }
        }
        let session = StandbySession(connection: connection, lease: lease)
        // SHIELD: nobody waits for the end of the patience.
        Task { [weak session] in
            // Never cancelled, so it sleeps to the end.
            try? await Task.sleep(for: patience)
            session?.expire()
        }
        return session
    }

    /// Uses the connection; one use at a time. `nil` when it has been given back.
    func use<Value>(_ body: (PostgresConnection) async -> Value) async -> Value? {
        let isMine = self.state.withLock { state in
            guard state == .waiting else { return false }
            state = .inUse
            return true
        }
        guard isMine else { return nil }
        let value = await body(self.connection)
        let isOver = self.state.withLock { state in
            if state == .inUse { state = .waiting }
            return state == .expired
        }
        if isOver { self.lease.finish() }
        return value
    }

    /// Gives the connection back, after the use that is under way.
    func expire() {
        let isIdle = self.state.withLock { state in
            defer { state = .expired }
            return state == .waiting
        }
        if isIdle { self.lease.finish() }
    }

    deinit {
        self.lease.finish()
    }
}
