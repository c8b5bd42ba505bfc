internal import Synchronization

/// Lets a few tasks at a time do something costly, in the order in which they came; nobody waits longer than a bound.
///
/// It smooths load and guarantees nothing: one that holds its place for too long, because its server hangs, delays each
/// of the others by the bound at most.
final class SoftGate: Sendable {
    private struct State {
        var inside = 0
        var isHeld = false
        var waiting: [(id: UInt64, signal: Signal)] = []
        var lastID: UInt64 = 0
    }

    private let width: Int
    private let patience: Duration
    private let clock: MonotonicClock
    private let state = Mutex(State())

    /// - Parameters:
    ///   - width: Tasks inside at a time.
    ///   - patience: The longest wait.
    ///   - clock: By which it is counted.
    init(width: Int, patience: Duration, clock: MonotonicClock = MonotonicClock()) {
        self.width = width
        self.patience = patience
        self.clock = clock
    }

    /// Runs a body when it is its turn, or when the patience is over.
    func pass<Value, Failure: Error>(
        _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        await self.enter()
        defer { self.leave() }
        return try await body()
    }

    /// Lets nobody in until it is opened again, or their patience is over.
    func hold() {
        self.state.withLock { $0.isHeld = true }
    }

    /// Ends the hold.
    func reopen() {
        self.state.withLock { state in
            state.isHeld = false
            while state.inside < self.width, !state.waiting.isEmpty {
                state.inside += 1
                state.waiting.removeFirst().signal.notify()
            }
        }
    }

    private func enter() async {
        let place = self.state.withLock { state -> (id: UInt64, signal: Signal)? in
            guard state.inside >= self.width || state.isHeld else {
                state.inside += 1
                return nil
            }
            state.lastID += 1
            state.waiting.append((state.lastID, Signal(clock: self.clock)))
            return state.waiting[state.waiting.count - 1]
        }
        guard let place else { return }
        await place.signal.wait(until: self.clock.continuous + self.patience)
        self.state.withLock { state in
            // Still waiting: it goes in beside the others.
            guard let index = state.waiting.firstIndex(where: { $0.id == place.id }) else { return }
            state.waiting.remove(at: index)
            state.inside += 1
        }
    }

    private func leave() {
        self.state.withLock { state in
            if state.waiting.isEmpty || state.inside > self.width || state.isHeld {
                state.inside -= 1
            } else {
                state.waiting.removeFirst().signal.notify()
            }
        }
    }
}
