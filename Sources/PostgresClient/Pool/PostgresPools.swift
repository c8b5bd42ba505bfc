package import IOReactor

/// All Postgres connections of a process: leases by database, one budget per server.
///
/// A database that is not used has no connection. A server that hangs holds its own callers only: its connections open
/// in the background, each within the session's connect timeout, and every caller waits no longer than its deadline. A
/// connection that cannot be opened is reported at once to the caller it was opened for; backing off is up to callers.
///
/// - Important: ``close()`` it before the reactor ends.
package actor PostgresPools {
    struct Waiter {
        let place: PoolMachine.Place
        let continuation: CheckedContinuation<Result<Lease, PostgresError>, Never>
        let deadline: DeadlineID
    }

    /// A connection in a caller's hands.
    struct Lease: Sendable {
        let id: PoolMachine.ConnectionID
        let connection: PostgresConnection
    }

    /// How long a returned connection may take to finish what its last caller left in flight.
    private static let settleGrace = Duration.seconds(1)

    package nonisolated let reactor: IOReactor
    package nonisolated let session: PostgresSession
    package nonisolated let limits: PoolLimits
    private nonisolated let helpers: ConnectionHelpers

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        self.reactor.asUnownedSerialExecutor()
    }

    private var machine: PoolMachine
    private var connections: [PoolMachine.ConnectionID: PostgresConnection] = [:]
    private var waiters: [PoolMachine.WaiterID: Waiter] = [:]
    private var targets: [PoolMachine.Place: PostgresTarget] = [:]
    private var lastWaiter: UInt64 = 0
    private var lastFailure: PostgresError?
    private var tick: (id: DeadlineID, instant: ContinuousClock.Instant)?
    private var drainWaiters: [CheckedContinuation<Void, Never>] = []
    var subscriptions: [PoolMachine.Place: ListenerTable] = [:]
    var lastListener: UInt64 = 0

    /// Creates pools without any connection.
    ///
    /// - Parameters:
    ///   - reactor: The thread that all connections live on.
    ///   - session: What all connections have in common.
    ///   - limits: The budgets.
    package init(reactor: IOReactor, session: PostgresSession = PostgresSession(), limits: PoolLimits = PoolLimits()) {
        self.reactor = reactor
        self.session = session
        self.limits = limits
        self.helpers = ConnectionHelpers(reactor: reactor)
        self.machine = PoolMachine(limits: limits)
    }

    /// Lends a connection to a body, which has it to itself.
    ///
    /// - Parameters:
    ///   - target: The database.
    ///   - purpose: What for; decides about the share of the budget.
    ///   - deadline: How long to wait for a connection; the body bounds itself.
    ///   - body: Uses the connection. It must not keep it, nor leave a transaction open (the connection is closed
    ///     then).
    /// - Throws: ``PostgresError`` with outcome `.notSent` if there is no connection in time: `.timedOut`,
    ///   `.cancelled`, `.rejected` (too many wait, or the pools are closed), or why connecting failed; and what the
    ///   body throws.
    package nonisolated func withConnection<Value>(
        to target: PostgresTarget,
        purpose: PostgresPurpose,
        deadline: ContinuousClock.Instant,
        _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        let lease = try await self.lease(target, purpose, deadline: deadline)
        do {
            let value = try await body(lease.connection)
            await self.giveBack(lease)
            return value
        } catch {
            await self.giveBack(lease)
            throw error
        }
    }

    /// Replaces the connections to a database: idle ones are closed now, leased ones when they are returned.
    package func invalidate(_ target: PostgresTarget) {
        self.perform(self.machine.invalidated(target.place, at: .now))
    }

    /// The numbers of each server.
    package var statistics: [PoolStatistics] { self.machine.statistics }

    /// Refuses new callers, closes all connections, and waits until they are gone.
    ///
    /// Leased connections are waited for; bound their bodies.
    package func close() async {
        self.lastFailure = PostgresError(.rejected, .notSent, operation: "lease", message: "the pools are closed")
        self.endListening()
        self.perform(self.machine.shutDown(at: .now))
        if let tick { self.reactor.cancel(tick.id) }
        self.tick = nil
        guard !self.connections.isEmpty || self.machine.statistics.contains(where: { $0.total > 0 }) else { return }
        await withCheckedContinuation { self.drainWaiters.append($0) }
    }

    // MARK: Leases

    private nonisolated func lease(
        _ target: PostgresTarget,
        _ purpose: PostgresPurpose,
        deadline: ContinuousClock.Instant
    ) async throws(PostgresError) -> Lease {
        let id = await self.nextWaiter()
        let result = await withTaskCancellationHandler {
            await self.wait(id, target, purpose, deadline: deadline)
        } onCancel: {
            self.reactor.perform {
                self.assumeIsolated { $0.withdraw(id, .cancelled, "the caller was cancelled") }
            }
        }
        return try result.get()
    }

    private func nextWaiter() -> PoolMachine.WaiterID {
        self.lastWaiter += 1
        return PoolMachine.WaiterID(rawValue: self.lastWaiter)
    }

    private func wait(
        _ id: PoolMachine.WaiterID,
        _ target: PostgresTarget,
        _ purpose: PostgresPurpose,
        deadline: ContinuousClock.Instant
    ) async -> Result<Lease, PostgresError> {
        // The cancellation handler may have run before there was anything to withdraw.
        guard !Task.isCancelled else {
            return .failure(Self.refusal(.cancelled, "the caller was cancelled"))
        }
        return await withCheckedContinuation { continuation in
            let place = target.place
            self.targets[place] = target
            guard let actions = self.machine.requested(id, place, purpose, at: .now) else {
                return continuation.resume(returning: .failure(Self.refusal(.rejected, "no caller is admitted")))
            }
            let timer = self.reactor.schedule(at: deadline) { [weak self] in
                self?.assumeIsolated { $0.withdraw(id, .timedOut, "no connection was free in time") }
            }
            self.waiters[id] = Waiter(place: place, continuation: continuation, deadline: timer)
            self.perform(actions)
        }
    }

    private func withdraw(_ id: PoolMachine.WaiterID, _ code: PostgresError.Code, _ message: String) {
        guard let waiter = self.take(id) else { return }
        waiter.continuation.resume(returning: .failure(Self.refusal(code, message)))
        self.perform(self.machine.withdrawn(id, from: waiter.place, at: .now))
    }

    private func take(_ id: PoolMachine.WaiterID) -> Waiter? {
        guard let waiter = self.waiters.removeValue(forKey: id) else { return nil }
        self.reactor.cancel(waiter.deadline)
        return waiter
    }

    private func giveBack(_ lease: Lease) async {
        let isReusable = await lease.connection.settle(deadline: .now + Self.settleGrace)
        self.perform(self.machine.returned(lease.id, isReusable: isReusable, at: .now))
    }

    private static func refusal(_ code: PostgresError.Code, _ message: String) -> PostgresError {
        PostgresError(code, .notSent, operation: "lease", message: message)
    }

    // MARK: Performing

    func perform(_ actions: [PoolMachine.Action]) {
        for action in actions {
            switch action {
            case .open(let id, let place):
                // SHIELD: opening outlives the caller it is for: another may get the connection. Bounded by the
                // session's connect timeout; `close()` waits for it.
                Task { await self.open(id, place) }
            case .lease(let waiter, let id):
                self.lease(id, to: waiter)
            case .close(let id):
                // SHIELD: nobody waits for the end of an idle connection. Bounded by the connection's grace period.
                if let connection = self.connections[id] { Task { await connection.close() } }
            case .subscribe(let id):
                self.subscribe(id)
            case .fail(let waiter):
                let error = self.lastFailure ?? Self.refusal(.unavailable, "no connection")
                self.take(waiter)?.continuation.resume(returning: .failure(error))
            }
        }
        self.armTick()
        if self.connections.isEmpty, !self.drainWaiters.isEmpty, self.machine.statistics.allSatisfy({ $0.total == 0 }) {
            let waiters = self.drainWaiters
            self.drainWaiters = []
            for waiter in waiters { waiter.resume() }
        }
    }

    private func lease(_ id: PoolMachine.ConnectionID, to waiter: PoolMachine.WaiterID) {
        guard let connection = self.connections[id] else { return }
        guard let waiter = self.take(waiter) else {
            return self.perform(self.machine.returned(id, isReusable: true, at: .now))
        }
        waiter.continuation.resume(returning: .success(Lease(id: id, connection: connection)))
    }

    private func open(_ id: PoolMachine.ConnectionID, _ place: PoolMachine.Place) async {
        guard let target = self.targets[place] else { return }
        do throws(PostgresError) {
            let connection = try await PostgresConnection.open(
                target,
                session: self.session,
                helpers: self.helpers,
                deadline: .now + self.session.connectTimeout
            )
            self.connections[id] = connection
            await connection.onNotification { [weak self] notification in
                self?.assumeIsolated { $0.notified(notification, at: place) }
            }
            await connection.onClose { [weak self] _ in
                self?.assumeIsolated { $0.ended(id, place) }
            }
            if self.connections[id] != nil { self.perform(self.machine.opened(id, at: .now)) }
        } catch {
            self.lastFailure = error
            self.perform(self.machine.openFailed(id, at: .now))
        }
    }

    private func ended(_ id: PoolMachine.ConnectionID, _ place: PoolMachine.Place) {
        self.connections[id] = nil
        self.listeningEnded(id, at: place)
        self.perform(self.machine.ended(id, at: .now))
    }

    func connection(_ id: PoolMachine.ConnectionID) -> PostgresConnection? { self.connections[id] }

    func listening(_ place: PoolMachine.Place, isWanted: Bool) {
        self.perform(self.machine.listening(place, isWanted: isWanted, at: .now))
    }

    func subscriptionFailed(_ id: PoolMachine.ConnectionID) {
        self.machine.subscriptionFailed(id, at: .now)
        self.armTick()
    }

    func remember(_ target: PostgresTarget) {
        self.targets[target.place] = target
    }

    private func armTick() {
        let next = self.machine.nextTick()
        guard next != self.tick?.instant else { return }
        if let tick { self.reactor.cancel(tick.id) }
        self.tick = nil
        guard let next else { return }
        let id = self.reactor.schedule(at: next) { [weak self] in
            self?.assumeIsolated { pools in
                pools.tick = nil
                pools.perform(pools.machine.ticked(at: .now))
            }
        }
        self.tick = (id, next)
    }
}

extension PostgresTarget {
    var place: PoolMachine.Place {
        PoolMachine.Place(server: self.serverKey, database: self.databaseKey)
    }
}
