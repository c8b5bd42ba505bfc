internal import Foundation
internal import Synchronization

/// Threads for C calls that block: cancelling requests.
///
/// A call that hangs holds one thread; the number of threads is bounded, further work waits. Threads end when there is
/// nothing to do.
final class BlockingThreads: Sendable {
    private struct State {
        var queue: [@Sendable () -> Void] = []
        var threads = 0
    }

    private let state = Mutex(State())
    private let limit: Int

    /// Creates the pool without any thread.
    ///
    /// - Parameter limit: How many threads may run at once.
    init(limit: Int = 16) {
        self.limit = limit
    }

    /// Runs a body on one of the threads.
    func run(_ body: @escaping @Sendable () -> Void) {
        let startsThread = self.state.withLock { state in
            state.queue.append(body)
            guard state.threads < self.limit else { return false }
            state.threads += 1
            return true
        }
        guard startsThread else { return }
        let thread = Thread { self.work() }
        thread.name = "tenure-blocking"
        thread.start()
    }

    private func work() {
        while let body = self.next() { body() }
    }

    private func next() -> (@Sendable () -> Void)? {
        self.state.withLock { state in
            guard !state.queue.isEmpty else {
                state.threads -= 1
                return nil
            }
            return state.queue.removeFirst()
        }
    }
}
