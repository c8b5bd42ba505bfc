internal import Synchronization

/// A handler in progress, which can be stopped from outside.
final class RunningDelivery: Sendable {
    /// Why a handler was stopped.
    enum Cause: Sendable, Equatable {
        /// Its time is over.
        case timedOut
        /// Somebody else delivers the message now.
        case lost
    }

    private let causeFound = Mutex<Cause?>(nil)
    private let signal = Signal()

    /// Why it was stopped, if it was.
    var cause: Cause? { self.causeFound.withLock { $0 } }

    /// Cancels the handler; the first cause counts.
    func stop(_ cause: Cause) {
        self.causeFound.withLock { $0 = $0 ?? cause }
        self.signal.notify()
    }

    /// Runs a handler until it ends; it is cancelled when it is stopped, when its time is over, or with this task.
    func perform(
        within timeout: Duration,
        _ handler: @escaping @Sendable () async throws -> Void
    ) async -> Result<Void, any Error> {
        let deadline = ContinuousClock.now + timeout
        return await withTaskGroup(of: Result<Void, any Error>?.self) { group in
            group.addTask {
                do {
                    return .success(try await handler())
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                while !Task.isCancelled, self.cause == nil {
                    await self.signal.wait(until: deadline)
                    if ContinuousClock.now >= deadline { self.stop(.timedOut) }
                }
                return nil
            }
            var result: Result<Void, any Error>?
            for await ended in group {
                group.cancelAll()
                result = result ?? ended
            }
            return result ?? .failure(CancellationError())
        }
    }
}
