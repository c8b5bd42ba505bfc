internal import Synchronization
internal import TenureCore

/// The tenants as a router knows them: the last good list of a discovery, looked at again when it is old.
///
/// A discovery that fails takes nothing away: known tenants stay known, and an enqueue does not wait for a registry
/// that is down more than once in a while.
final class TenantDirectory: Sendable {
    private struct State {
        var known: DiscoveryGuard
        /// Why there has never been an answer.
        var failure: (any Error)?
        /// Until when the list, or the failure, is taken as it is.
        var freshUntil: MonotonicInstant = .zero
        /// Until when a key that is not in it is not looked for again.
        var unknownUntil: MonotonicInstant = .zero
    }

    private enum Answer {
        case found(Tenant?)
        /// It is worth looking again.
        case outdated
    }

    /// After a failure, how long the list is taken as it is.
    private static let retryPause = Duration.seconds(5)
    /// After a failure without any list, how long callers get the same error without another look.
    private static let failurePause = Duration.milliseconds(500)
    /// How often unknown keys may cause a look.
    private static let unknownPause = Duration.seconds(1)

    private let discovery: any TenantDiscovery
    private let refreshInterval: Duration
    private let now: @Sendable () -> MonotonicInstant
    private let state: Mutex<State>
    private let gate = AsyncGate()

    init(
        discovery: any TenantDiscovery,
        refreshInterval: Duration,
        now: @escaping @Sendable () -> MonotonicInstant
    ) {
        self.discovery = discovery
        self.refreshInterval = refreshInterval
        self.now = now
        self.state = Mutex(State(known: DiscoveryGuard(refreshInterval: refreshInterval)))
    }

    /// Finds a tenant under the first of some names that is known.
    ///
    /// - Throws: What the discovery throws, while there has never been an answer.
    func tenant(_ names: [TenantID]) async throws -> Tenant? {
        if case .found(let tenant) = try self.answer(names) { return tenant }
        return try await self.gate.withTurn {
            // Who waited finds the answer of who looked.
            if case .found(let tenant) = try self.answer(names) { return tenant }
            try await self.look()
            return self.state.withLock { Self.find(names, $0) }
        }
    }

    /// All tenants, by ID.
    ///
    /// - Throws: What the discovery throws, while there has never been an answer.
    func tenants() async throws -> [Tenant] {
        _ = try await self.tenant([])
        return self.state.withLock { state in state.known.tenants.values.sorted { $0.id < $1.id } }
    }

    /// What the list says as it is.
    private func answer(_ names: [TenantID]) throws -> Answer {
        let now = self.now()
        let (answer, failure) = self.state.withLock { state -> (Answer, (any Error)?) in
            guard now < state.freshUntil else { return (.outdated, nil) }
            if let failure = state.failure { return (.outdated, failure) }
            if let tenant = Self.find(names, state) { return (.found(tenant), nil) }
            return (names.isEmpty || now < state.unknownUntil ? .found(nil) : .outdated, nil)
        }
        if let failure { throw failure }
        return answer
    }

    private static func find(_ names: [TenantID], _ state: State) -> Tenant? {
        names.lazy.compactMap { state.known.tenants[$0] }.first
    }

    private func look() async throws {
        do {
            let answer = try await self.discovery.discover()
            let now = self.now()
            self.state.withLock { state in
                _ = state.known.answered(answer, at: now)
                state.failure = nil
                state.freshUntil = now.advanced(by: self.refreshInterval)
                state.unknownUntil = now.advanced(by: Self.unknownPause)
            }
        } catch {
            try Task.checkCancellation()
            let now = self.now()
            let isKnown = self.state.withLock { state in
                _ = state.known.failed("\(error)", at: now)
                state.failure = state.known.hasAnswered ? nil : error
                let pause = state.known.hasAnswered ? min(Self.retryPause, self.refreshInterval) : Self.failurePause
                state.freshUntil = max(state.freshUntil, now.advanced(by: pause))
                state.unknownUntil = now.advanced(by: Self.unknownPause)
                return state.known.hasAnswered
            }
            guard isKnown else { throw error }
        }
    }
}
