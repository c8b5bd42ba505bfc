internal import DequeModule
package import IOReactor
internal import OrderedCollections

/// One connection to Redis that is made again whenever it is lost.
///
/// It connects at the first request, or by ``connect(deadline:)``, and follows the master that Sentinels name and the
/// redirections of a Redis Cluster (all keys of the callers must be in one slot). Requests that are made while there is
/// no connection wait for one until their deadline; requests that were certainly not sent are sent again on the next
/// connection; all others end with an error that says that their outcome is unknown.
///
/// Requests of one caller are executed in the order in which they were made, as long as the connection lasts. The
/// connection is shared: no blocking commands, no `MULTI`, no `SUBSCRIBE` (see ``RedisSubscriber``).
///
/// - Important: Lives on a reactor: calls from actors on the same reactor change no thread. Call ``close()`` before the
///   reactor is shut down.
package actor RedisClient {
    typealias Waiter = CheckedContinuation<Result<RedisConnection, RedisError>, Never>

    /// The thread that this client lives on.
    package nonisolated let reactor: IOReactor

    /// The reactor's thread.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { self.reactor.asUnownedSerialExecutor() }

    let configuration: RedisClientConfiguration
    let connector: RedisConnector
    /// Digests by name of script, as servers returned them.
    var digests: [String: String] = [:]
    /// What the Sentinels tell, in an installation with some.
    var sentinelWatch: (subscriber: RedisSubscriber, task: Task<Void, Never>)?
    /// The connection to a node to which a slot is moving.
    var asking: (endpoint: RedisEndpoint, connection: RedisConnection)?

    private(set) var current: (endpoint: RedisEndpoint, connection: RedisConnection)?
    private var isClosed = false
    private var loop: Task<Void, Never>?
    /// What the loop waits for: the loss of the connection, or the end of a pause.
    private var loopWaiter: CheckedContinuation<Void, Never>?
    private var waiters: OrderedDictionary<UInt64, Waiter> = [:]
    private var nextWaiter: UInt64 = 0
    /// Whether the connection was given up for a better server, which needs no pause.
    private var isRelocating = false
    private var lastFailure: RedisError?
    private var lastState: RedisConnectionState?
    private var stateObservers: OrderedDictionary<UInt64, AsyncStream<RedisConnectionState>.Continuation> = [:]

    /// Creates a client; does no I/O.
    package init(reactor: IOReactor, configuration: RedisClientConfiguration) {
        self.reactor = reactor
        self.configuration = configuration
        self.connector = RedisConnector(reactor: reactor, configuration: configuration)
    }

    // MARK: Connection

    /// Whether there is a connection now.
    package var isConnected: Bool { self.current != nil }

    /// The server that is connected now.
    package var endpoint: RedisEndpoint? { self.current?.endpoint }

    /// Waits until there is a connection.
    ///
    /// - Throws: ``RedisError`` with `.unavailable` if there is none at the deadline, `.authenticationFailed` if the
    ///   server refuses to serve this user, `.closed`.
    package func connect(deadline: ContinuousClock.Instant) async throws(RedisError) {
        _ = try await self.connection(for: "connect", deadline: deadline)
    }

    /// The connection's losses and returns from now on, beginning with the present state if it is known.
    ///
    /// A slow reader misses older states, never the newest 16. The stream ends when the client is closed.
    package func states() -> AsyncStream<RedisConnectionState> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: RedisConnectionState.self,
            bufferingPolicy: .bufferingNewest(16)
        )
        guard !self.isClosed else {
            continuation.finish()
            return stream
        }
        if let lastState = self.lastState { continuation.yield(lastState) }
        self.nextWaiter += 1
        let id = self.nextWaiter
        self.stateObservers[id] = continuation
        continuation.onTermination = { [reactor, weak self] _ in
            reactor.perform { [weak self] in self?.assumeIsolated { _ = $0.stateObservers.removeValue(forKey: id) } }
        }
        return stream
    }

    /// Closes the connection and ends all requests. Returns once nothing is left running. Safe to call again.
    package func close() async {
        self.isClosed = true
        await self.connector.cancel()
        let connections = [self.current?.connection, self.asking?.connection]
        self.current = nil
        self.asking = nil
        for connection in connections { await connection?.close() }
        self.failWaiters(RedisError(.closed, operation: "close"))
        let observers = self.stateObservers.values
        self.stateObservers = [:]
        for observer in observers { observer.finish() }
        self.loopWaiter.take()?.resume()
        await self.sentinelWatch?.subscriber.close()
        await self.sentinelWatch?.task.value
        await self.loop?.value
    }

    /// The connection, waiting for one if there is none.
    func connection(
        for operation: String,
        deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> RedisConnection {
        if let current = self.current { return current.connection }
        guard !self.isClosed else { throw RedisError(.closed, operation: operation) }
        guard self.waiters.count < self.configuration.limits.requests else {
            throw RedisError(.unavailable, operation: operation, detail: "too many requests wait for a connection")
        }
        self.startLoop()
        self.nextWaiter += 1
        let id = self.nextWaiter
        let timeout = self.reactor.schedule(at: deadline) {
            self.assumeIsolated { $0.waiterLeft(id, "no connection before the deadline") }
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { self.waiters[id] = $0 }
        } onCancel: {
            self.reactor.perform { self.assumeIsolated { $0.waiterLeft(id, "the caller was cancelled") } }
        }
        self.reactor.cancel(timeout)
        switch result {
        case .success(let connection):
            return connection
        case .failure(let error):
            throw RedisError(error.code, operation: operation, detail: error.detail, serverError: error.serverError)
        }
    }

    private func waiterLeft(_ id: UInt64, _ reason: String) {
        guard let waiter = self.waiters.removeValue(forKey: id) else { return }
        let detail = [reason, self.lastFailure?.description].compactMap { $0 }.joined(separator: "; last: ")
        waiter.resume(returning: .failure(RedisError(.unavailable, operation: "connect", detail: detail)))
    }

    private func failWaiters(_ error: RedisError) {
        let waiters = self.waiters.values
        self.waiters = [:]
        for waiter in waiters { waiter.resume(returning: .failure(error)) }
    }

    // MARK: Keeping the connection

    private func startLoop() {
        guard self.loop == nil else { return }
        // SHIELD: the connection belongs to all callers, not to the first one, whose cancellation must not end it.
        // `close()` ends the loop and waits for it.
        self.loop = Task { await self.keepConnected() }
        self.startSentinelWatch()
    }

    private func keepConnected() async {
        var failures = 0
        var generator = SystemRandomNumberGenerator()
        while !self.isClosed {
            do {
                let opened = try await self.connector.open()
                await self.becameReady(opened.connection, opened.endpoint)
                failures = 0
                await self.waitUntilDisconnected()
            } catch {
                self.attemptFailed(error)
                failures += 1
            }
            guard !self.isClosed else { break }
            if self.isRelocating {
                self.isRelocating = false
                continue
            }
            await self.pauseLoop(self.configuration.backoff.delay(attempt: failures, using: &generator))
        }
    }

    private func becameReady(_ connection: RedisConnection, _ endpoint: RedisEndpoint) async {
        guard !self.isClosed else { return await connection.close() }
        self.current = (endpoint, connection)
        await connection.onClose { [weak self] reason in
            self?.assumeIsolated { $0.lost(connection, reason) }
        }
        // It may have been lost since it was opened.
        guard self.current?.connection === connection else { return }
        self.lastFailure = nil
        self.publish(.connected(endpoint))
        let waiters = self.waiters.values
        self.waiters = [:]
        for waiter in waiters { waiter.resume(returning: .success(connection)) }
    }

    private func lost(_ connection: RedisConnection, _ reason: RedisError?) {
        guard self.current?.connection === connection else { return }
        self.current = nil
        self.lastFailure = reason
        self.publish(.disconnected(reason: reason?.description ?? "closed"))
        self.loopWaiter.take()?.resume()
    }

    private func attemptFailed(_ error: RedisError) {
        self.lastFailure = error
        self.publish(.disconnected(reason: error.description))
        if error.isPermanent { self.failWaiters(error) }
    }

    /// Uses the connection for no further request, so that the loop looks for the right server.
    func retire(_ connection: RedisConnection, reason: String) async {
        guard self.current?.connection === connection else { return }
        self.current = nil
        self.isRelocating = true
        self.publish(.disconnected(reason: reason))
        self.loopWaiter.take()?.resume()
        await connection.closeWhenIdle()
    }

    private func publish(_ state: RedisConnectionState) {
        // Attempts that fail one after the other are one loss.
        if case .disconnected = state, case .disconnected = self.lastState { return }
        self.lastState = state
        for observer in self.stateObservers.values { observer.yield(state) }
    }

    private func waitUntilDisconnected() async {
        guard self.current != nil, !self.isClosed else { return }
        await withCheckedContinuation { self.loopWaiter = $0 }
    }

    private func pauseLoop(_ duration: Duration) async {
        let timer = self.reactor.schedule(at: .now + duration) {
            self.assumeIsolated { $0.loopWaiter.take()?.resume() }
        }
        await withCheckedContinuation { self.loopWaiter = $0 }
        self.reactor.cancel(timer)
    }
}

extension RedisError {
    /// Whether further attempts to connect will hardly help: callers should not wait for them.
    fileprivate var isPermanent: Bool {
        switch self.code {
        case .authenticationFailed, .malformed: true
        case .server: !["LOADING", "MASTERDOWN", "CLUSTERDOWN", "BUSY"].contains(self.serverError?.kind)
        default: false
        }
    }
}
