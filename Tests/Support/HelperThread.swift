internal import Foundation
internal import Synchronization

/// Runs blocking work off the cooperative pool.
package enum HelperThread {
    /// Runs a body on a new thread and waits for it without blocking the caller's.
    package static func run<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread { continuation.resume(with: Result { try body() }) }
            thread.name = "test-helper"
            thread.start()
        }
    }

    /// Runs a body on the one thread that starts child processes, and blocks until it is done.
    ///
    /// The kernel sends a child its parent-death signal when the *thread* that started it ends, and threads of the pool
    /// come and go. This one stays until the process ends.
    static func runOnSpawner<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
        let result = Mutex<Result<Value, any Error>?>(nil)
        let done = DispatchSemaphore(value: 0)
        self.spawner.submit {
            let value = Result { try body() }
            result.withLock { $0 = value }
            done.signal()
        }
        done.wait()
        guard let value = result.withLock({ $0 }) else { preconditionFailure("the body has run") }
        return try value.get()
    }

    private static let spawner = Spawner()

    private final class Spawner: Sendable {
        private let work = Mutex<[@Sendable () -> Void]>([])
        private let available = DispatchSemaphore(value: 0)

        init() {
            let thread = Thread {
                while true {
                    self.available.wait()
                    self.work.withLock { $0.removeFirst() }()
                }
            }
            thread.name = "test-spawner"
            thread.start()
        }

        func submit(_ body: @escaping @Sendable () -> Void) {
            self.work.withLock { $0.append(body) }
            self.available.signal()
        }
    }
}
