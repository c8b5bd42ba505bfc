internal import Synchronization
internal import TenureCore

/// Tells owners over Redis that work was enqueued, without delaying or failing the enqueue: it is committed already,
/// and a lost hint only costs time.
final class HintSender: Sendable {
    private struct State {
        /// In the order in which they came, each once.
        var pending: [TenantID] = []
        var known: Set<TenantID> = []
        var sending: Task<Void, Never>?
    }

    private let state = Mutex(State())
    private let deliver: @Sendable (TenantID) async throws -> Void

    /// - Parameter deliver: Sends one hint; what it throws is nobody's concern.
    init(_ deliver: @escaping @Sendable (TenantID) async throws -> Void) {
        self.deliver = deliver
    }

    /// Sends a hint soon; several for one tenant that were not sent yet are one.
    func send(_ tenant: TenantID) {
        self.state.withLock { state in
            if state.known.insert(tenant).inserted { state.pending.append(tenant) }
            guard state.sending == nil else { return }
            // SHIELD: the caller's work is committed; neither its cancellation nor a slow Redis may reach the caller.
            state.sending = Task { await self.sendAll() }
        }
    }

    /// Waits until every hint has been sent or has failed.
    func drain() async {
        await self.state.withLock { $0.sending }?.value
    }

    private func sendAll() async {
        while let tenant = self.next() {
            // A lost hint only costs time.
            try? await self.deliver(tenant)
        }
    }

    private func next() -> TenantID? {
        self.state.withLock { state in
            guard !state.pending.isEmpty else {
                state.sending = nil
                return nil
            }
            let tenant = state.pending.removeFirst()
            state.known.remove(tenant)
            return tenant
        }
    }
}
