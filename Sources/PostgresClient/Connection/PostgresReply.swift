internal import Synchronization

/// The answers to units that were sent, to be awaited later.
///
/// Lets a caller send the next request before it has read the answer to the last one. An answer that nobody awaits is
/// dropped.
package final class PostgresReply: Sendable {
    /// The answer to each unit: the rows of its statements, or why it failed.
    package typealias Results = [Result<[PostgresRows], PostgresError>]

    private struct State {
        var results: [Result<[PostgresRows], PostgresError>?]
        var missing: Int
        var waiter: CheckedContinuation<Results, Never>?
    }

    private let state: Mutex<State>
    private let onCancel: @Sendable () -> Void

    init(count: Int, onCancel: @escaping @Sendable () -> Void) {
        self.state = Mutex(State(results: Array(repeating: nil, count: count), missing: count))
        self.onCancel = onCancel
    }

    /// Waits for all units. May be called once.
    ///
    /// A cancelled caller still gets the answers: units that were not sent fail with `.cancelled`, the server is asked
    /// to cancel what it is doing.
    package func results() async -> Results {
        await withTaskCancellationHandler {
            await self.resultsDespiteCancellation()
        } onCancel: {
            self.onCancel()
        }
    }

    /// Waits for all units, whether the caller is cancelled or not. May be called once.
    ///
    /// For what has to be said to the server even at the end of a cancelled task, such as `ROLLBACK`.
    package func resultsDespiteCancellation() async -> Results {
        await withCheckedContinuation { continuation in
            let results = self.state.withLock { state -> Results? in
                precondition(state.waiter == nil, "a reply can be awaited once")
                guard state.missing > 0 else { return state.results.map { $0! } }
                state.waiter = continuation
                return nil
            }
            if let results { continuation.resume(returning: results) }
        }
    }

    /// Waits for the only unit.
    package func rows() async throws(PostgresError) -> [PostgresRows] {
        try await self.results()[0].get()
    }

    /// Stores the answer of one unit; the caller is resumed with the last of them.
    func fulfil(_ index: Int, _ result: Result<[PostgresRows], PostgresError>) {
        let (waiter, results) = self.state.withLock { state -> (CheckedContinuation<Results, Never>?, Results) in
            precondition(state.results[index] == nil, "a request ended twice")
            state.results[index] = result
            state.missing -= 1
            guard state.missing == 0, let waiter = state.waiter else { return (nil, []) }
            state.waiter = nil
            return (waiter, state.results.map { $0! })
        }
        waiter?.resume(returning: results)
    }
}

extension PostgresReply {
    /// Stores the answer of the only unit unless it has one.
    func fulfilIfMissing(_ result: Result<[PostgresRows], PostgresError>) {
        let isMissing = self.state.withLock { $0.missing > 0 }
        // Only the reactor fulfils, so nothing comes between the look and the act.
        if isMissing { self.fulfil(0, result) }
    }
}
