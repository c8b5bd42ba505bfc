internal import Synchronization
public import Tenure

/// A list of tenants that a test changes: a discovery that finds, loses and fails on command.
///
/// Each change is announced to whoever listens to ``changes()``.
public final class AdjustableDiscovery: TenantDiscovery {
    private struct State {
        var answer: DiscoveredTenants
        var failure: (any Error)?
        var looks = 0
        var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
        var lastListener = 0
    }

    private let state: Mutex<State>

    /// Knows these tenants.
    public init(_ tenants: [Tenant] = []) {
        self.state = Mutex(State(answer: DiscoveredTenants(tenants)))
    }

    /// The present answer.
    ///
    /// - Throws: What ``fail(with:)`` set.
    public func discover() async throws -> DiscoveredTenants {
        let (answer, failure) = self.state.withLock { state in
            state.looks += 1
            return (state.answer, state.failure)
        }
        if let failure { throw failure }
        return answer
    }

    /// Yields at each change; changes that come before the last one was taken are one.
    public func changes() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = self.state.withLock { state in
            state.lastListener += 1
            state.listeners[state.lastListener] = continuation
            return state.lastListener
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.listeners.removeValue(forKey: number) }
        }
        return stream
    }

    /// How often it has been asked.
    public var looks: Int { self.state.withLock { $0.looks } }

    /// Adds a tenant, or replaces the one of its ID; it is active.
    public func put(_ tenant: Tenant) {
        self.change { answer in
            answer.inactive.remove(tenant.id)
            if let index = answer.tenants.firstIndex(where: { $0.id == tenant.id }) {
                answer.tenants[index] = tenant
            } else {
                answer.tenants.append(tenant)
            }
        }
    }

    /// Reports a tenant as inactive: it is removed without confirmation.
    public func deactivate(_ id: TenantID) {
        self.change { answer in
            answer.tenants.removeAll { $0.id == id }
            answer.inactive.insert(id)
        }
    }

    /// Leaves a tenant out without a word, as a table does whose row was deleted.
    public func omit(_ id: TenantID) {
        self.change { $0.tenants.removeAll { $0.id == id } }
    }

    /// Suspends a tenant, or ends its suspension.
    public func setSuspended(_ id: TenantID, _ isSuspended: Bool) {
        self.change { answer in
            guard let index = answer.tenants.firstIndex(where: { $0.id == id }) else { return }
            answer.tenants[index].isSuspended = isSuspended
        }
    }

    /// Replaces the whole answer.
    public func set(_ answer: DiscoveredTenants) {
        self.change { $0 = answer }
    }

    /// Fails from now on; with `nil` answers again.
    public func fail(with error: (any Error)?) {
        self.state.withLock { $0.failure = error }
    }

    private func change(_ body: (inout DiscoveredTenants) -> Void) {
        let listeners = self.state.withLock { state in
            body(&state.answer)
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.yield() }
    }
}
