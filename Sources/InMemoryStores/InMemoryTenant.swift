internal import Synchronization
package import TenureCore

/// One tenant's schema in memory, with its users' side: for tests, simulation and programs without a database.
///
/// Nodes use it through ``store()``, each through one of its own. Instants come from the clock that is passed in.
package final class InMemoryTenant: Sendable {
    /// What owners meet.
    package enum Condition: Sendable, Hashable {
        /// Calls are answered.
        case healthy
        /// Calls fail with `.unavailable`: nothing happens.
        case unreachable
        /// Calls are executed, and fail with `.outcomeUnknown`.
        case losingReplies
    }

    /// Where a store's hints come from.
    enum Origin: Sendable {
        /// Whatever is due before the owner wakes.
        case notifications
        /// Whatever is written.
        case activity
    }

    private struct Listener {
        var origin: Origin?
        var continuation: AsyncStream<StoreSignal>.Continuation
    }

    private struct Protected {
        var state = InMemoryTenantState()
        var condition = Condition.healthy
        var lastStore: UInt32 = 0
        /// By store.
        var listeners: [UInt32: Listener] = [:]
    }

    private let protected = Mutex(Protected())
    private let now: @Sendable () -> ServerTime

    /// A tenant without work.
    ///
    /// - Parameter now: The clock of the database. It is called under a lock: it must not call back.
    package init(now: @escaping @Sendable () -> ServerTime) {
        self.now = now
    }

    /// The tenant as one node uses it.
    package func store() -> InMemoryTenantStore {
        let number = self.protected.withLock { protected in
            protected.lastStore += 1
            return protected.lastStore
        }
        return InMemoryTenantStore(tenant: self, number: number)
    }

    /// Sets what owners meet from now on. A return to healthy tells them that hints may have been lost.
    package func simulate(_ condition: Condition) {
        self.protected.withLock { protected in
            let wasHealthy = protected.condition == .healthy
            protected.condition = condition
            guard condition == .healthy, !wasHealthy else { return }
            for listener in Self.ordered(protected.listeners) where listener.origin == .notifications {
                listener.continuation.yield(.interrupted)
            }
        }
    }

    /// Everything that the tenant holds.
    package var contents: TenantContents { self.protected.withLock { $0.state.contents } }

    // MARK: Users: work

    /// Adds work.
    ///
    /// - Returns: Its ID, or that of the work which has the unique key already.
    /// - Throws: ``StoreError`` with `.rejected` when the unique key is taken, and that is to be an error.
    package func add(_ work: NewWork) throws(StoreError) -> WorkID {
        try self.commit { state, now in Self.result { () throws(StoreError) in try state.add(work, at: now) } }.get()
    }

    /// Takes in a message from outside.
    ///
    /// - Returns: Its ID, or `nil` if this source's message was seen before.
    /// - Throws: ``StoreError`` with `.rejected` if it was seen with another payload, or its unique key is taken, and
    ///   that is to be an error.
    package func receive(_ work: NewWork, source: String, messageID: String) throws(StoreError) -> WorkID? {
        try self.commit { state, now in
            Self.result { () throws(StoreError) in
                try state.receive(work, source: source, messageID: messageID, at: now)
            }
        }.get()
    }

    private static func result<Value>(
        _ body: () throws(StoreError) -> Value
    ) -> Result<Value, StoreError> {
        do throws(StoreError) { return .success(try body()) } catch { return .failure(error) }
    }

    /// Cancels work that has not started.
    ///
    /// - Returns: Whether it will not run. False if it is running, has ended, or does not exist.
    package func cancel(_ id: WorkID, kinds: [WorkKind] = WorkKind.allCases) -> Bool {
        self.commit { state, now in state.cancel(id, kinds, at: now) }
    }

    /// Cancels a run of any kind, also one in progress.
    package func cancelRun(_ id: WorkID) -> CancelReply {
        self.commit { state, now in state.cancelRun(id, at: now) }
    }

    /// Adds work without a unique key in a transaction that lasts for a body, and then commits.
    package func whileAdding(_ work: NewWork, _ body: (WorkID) async throws -> Void) async rethrows {
        let addition = self.commit { state, now in state.beginAddition(work, at: now) }
        defer { self.commit { state, _ in state.commit(addition) } }
        try await body(addition.work.item.id)
    }

    /// Cancels work in a transaction that lasts for a body, and then commits or is rolled back.
    ///
    /// - Returns: Whether there was something to cancel.
    package func whileCancelling(
        _ id: WorkID,
        commits: Bool,
        _ body: () async throws -> Void
    ) async rethrows -> Bool {
        let isCancelled = self.commit { state, _ in state.beginCancellation(id) }
        defer {
            if isCancelled { self.commit { state, now in state.endCancellation(id, commits: commits, at: now) } }
        }
        try await body()
        return isCancelled
    }

    /// Puts a dead letter back to work under its ID. False if there is none, or if work with its unique key is under
    /// way.
    package func retryDeadLetter(_ id: WorkID) -> Bool {
        self.commit { state, now in state.retryDeadLetter(id, at: now) }
    }

    /// Deletes a dead letter; its history stays. False if there is none.
    package func discardDeadLetter(_ id: WorkID) -> Bool {
        self.commit { state, _ in state.discardDeadLetter(id) }
    }

    // MARK: Users: jobs

    /// Creates or changes a recurring job.
    ///
    /// - Returns: Its revision. Putting the same definition again changes nothing.
    package func putJob(_ job: NewJob) -> Int64 {
        self.commit { state, now in state.put(job, at: now) }
    }

    /// Stops a job from becoming due. False if it was paused already, `nil` if there is none.
    package func pauseJob(_ name: String) -> Bool? {
        self.commit { state, now in state.pause(name, at: now) }
    }

    /// Lets a paused job become due again. False if it was not paused, `nil` if there is none.
    package func resumeJob(_ name: String) -> Bool? {
        self.commit { state, now in state.resume(name, at: now) }
    }

    /// Runs a job once now. `nil` if there is none.
    package func triggerJob(_ name: String) -> WorkID? {
        self.commit { state, now in state.trigger(name, at: now) }
    }

    /// Deletes a job and cancels what has not started of it. False if there is none.
    package func deleteJob(_ name: String) -> Bool {
        self.commit { state, now in state.deleteJob(name, at: now) }
    }

    // MARK: Users: limits

    /// Creates or changes a limit.
    ///
    /// - Returns: Whether that changed anything.
    package func putLimit(_ limit: LimitDefinition) -> Bool {
        self.commit { state, _ in state.put(limit) }
    }

    /// Deletes a limit. False if there is none.
    package func deleteLimit(_ name: String) -> Bool {
        self.commit { state, _ in state.deleteLimit(name) }
    }

    // MARK: Users: calendars

    /// Creates or changes a calendar.
    ///
    /// - Returns: Its revision. Putting the same again changes nothing.
    package func putCalendar(_ calendar: JobCalendar) -> Int64 {
        self.commit { state, _ in state.put(calendar) }
    }

    /// Deletes a calendar. False if a job uses it, `nil` if there is none.
    package func deleteCalendar(_ name: String) -> Bool? {
        self.commit { state, _ in state.deleteCalendar(name) }
    }

    // MARK: Transactions

    /// Runs one transaction of a user.
    @discardableResult
    private func commit<Value: Sendable>(_ body: (inout InMemoryTenantState, ServerTime) -> Value) -> Value {
        self.protected.withLock { protected in
            let value = Self.commit(&protected) { state in body(&state, self.now()) }
            return value
        }
    }

    /// Runs one call of an owner: the condition decides whether it happens and whether its reply arrives.
    func perform<Value: Sendable>(
        _ operation: String,
        _ body: (inout InMemoryTenantState, ServerTime) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        let outcome = self.protected.withLock { protected -> Result<Value, StoreError> in
            guard protected.condition != .unreachable else {
                return .failure(StoreError(.unavailable, operation: operation))
            }
            let value = Self.commit(&protected) { state -> Result<Value, StoreError> in
                do throws(StoreError) {
                    return .success(try body(&state, self.now()))
                } catch {
                    return .failure(error)
                }
            }
            guard protected.condition == .healthy else {
                return .failure(StoreError(.outcomeUnknown, operation: operation))
            }
            return value
        }
        return try outcome.get()
    }

    /// Runs a transaction and tells the listeners. Yielding runs no code of theirs, so it may happen under the lock.
    private static func commit<Value>(
        _ protected: inout Protected,
        _ body: (inout InMemoryTenantState) -> Value
    ) -> Value {
        protected.state.version += 1
        protected.state.wakeups = .init()
        let value = body(&protected.state)
        let wakeups = protected.state.wakeups
        for listener in Self.ordered(protected.listeners) {
            switch listener.origin {
            case .notifications where wakeups.isUrgent: listener.continuation.yield(.work)
            case .activity where wakeups.hasWritten: listener.continuation.yield(.work)
            case .notifications, .activity, nil: break
            }
        }
        return value
    }

    // MARK: Hints

    /// In the order in which the stores were made: a simulation repeats itself exactly.
    private static func ordered(_ listeners: [UInt32: Listener]) -> [Listener] {
        listeners.count < 2 ? Array(listeners.values) : listeners.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Makes the stream of a store's hints; an earlier one ends.
    func listen(_ store: UInt32) -> AsyncStream<StoreSignal> {
        let (stream, continuation) = AsyncStream.makeStream(of: StoreSignal.self, bufferingPolicy: .bufferingNewest(1))
        self.protected.withLock { protected in
            protected.listeners.updateValue(Listener(continuation: continuation), forKey: store)?.continuation.finish()
        }
        return stream
    }

    /// Says where a store's hints come from; after a change the first one asks to look again.
    func follow(_ store: UInt32, _ origin: Origin) {
        self.protected.withLock { protected in
            guard let listener = protected.listeners[store], listener.origin != origin else { return }
            protected.listeners[store]?.origin = origin
            switch origin {
            case .notifications: listener.continuation.yield(.interrupted)
            case .activity: listener.continuation.yield(.work)
            }
        }
    }

    /// Ends a store's hints.
    func unlisten(_ store: UInt32) {
        self.protected.withLock { $0.listeners.removeValue(forKey: store)?.continuation.finish() }
    }
}
