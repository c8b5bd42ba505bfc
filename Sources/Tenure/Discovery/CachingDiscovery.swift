internal import Synchronization

/// Keeps the answers of another discovery for a while: for a discovery that is slow or costs something, and for
/// routers, which ask at every look-up.
///
/// A failure is not kept, and a change that the other reports ends the answer's time at once for whoever listens to
/// ``changes()``. Callers that come while the other is being asked wait for the same answer.
public final class CachingDiscovery: TenantDiscovery {
    private struct State {
        var answer: DiscoveredTenants?
        var keptUntil = ContinuousClock.now
        /// Grows with each invalidation, so that an answer which was under way is not kept.
        var generation = 0
    }

    private let wrapped: any TenantDiscovery
    private let duration: Duration
    private let state = Mutex(State())
    private let gate = AsyncGate()

    /// Keeps the answers of `wrapped` for `duration`.
    public init(wrapping wrapped: any TenantDiscovery, for duration: Duration) {
        self.wrapped = wrapped
        self.duration = duration
    }

    /// The kept answer, or a new one when its time is over.
    ///
    /// - Throws: What the other discovery throws.
    public func discover() async throws -> DiscoveredTenants {
        if let answer = self.keptAnswer() { return answer }
        return try await self.gate.withTurn {
            // Who waited finds the answer of who did not.
            if let answer = self.keptAnswer() { return answer }
            let generation = self.state.withLock { $0.generation }
            let answer = try await self.wrapped.discover()
            self.state.withLock { state in
                guard state.generation == generation else { return }
                state.answer = answer
                state.keptUntil = .now + self.duration
            }
            return answer
        }
    }

    /// That of the other discovery.
    public var ownTenants: OwnTenants? { self.wrapped.ownTenants }

    /// Forgets the kept answer.
    public func invalidate() {
        self.state.withLock { state in
            state.answer = nil
            state.generation += 1
        }
    }

    /// Yields when the other does, after forgetting the kept answer.
    public func changes() -> AsyncStream<Void> {
        let changes = self.wrapped.changes()
        return AsyncStream {
            for await _ in changes {
                self.invalidate()
                return ()
            }
            return nil
        }
    }

    private func keptAnswer() -> DiscoveredTenants? {
        self.state.withLock { $0.keptUntil > .now ? $0.answer : nil }
    }
}
