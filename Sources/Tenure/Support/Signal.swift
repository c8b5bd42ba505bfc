internal import Synchronization

/// A wake-up for one waiting task. Notifications that come while nobody waits are kept as one.
package final class Signal: Sendable {
    private struct State {
        var isPending = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    private let clock: MonotonicClock

    /// - Parameter clock: By which it waits.
    package init(clock: MonotonicClock = MonotonicClock()) {
        self.clock = clock
    }

    /// Wakes the waiter, or the next one to come.
    package func notify() {
        let waiter = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            defer { state.waiter = nil }
            if state.waiter == nil { state.isPending = true }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Waits for a notification, or until an instant. May also return for no reason; returns at once when cancelled.
    ///
    /// - Precondition: One task waits at a time.
    package func wait(until instant: ContinuousClock.Instant? = nil) async {
        guard let instant else { return await self.waitForNotification() }
        guard instant > self.clock.continuous else { return }
        await withDiscardingTaskGroup { group in
            group.addTask {
                // A cancelled sleep means that the notification came first.
                if (try? await self.clock.sleep(until: instant)) != nil { self.notify() }
            }
            await self.waitForNotification()
            group.cancelAll()
        }
    }

    private func waitForNotification() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let mustResume = self.state.withLock { state in
                    if state.isPending || Task.isCancelled {
                        state.isPending = false
                        return true
                    }
                    precondition(state.waiter == nil, "two tasks wait for one signal")
                    state.waiter = continuation
                    return false
                }
                if mustResume { continuation.resume() }
            }
        } onCancel: {
            self.notify()
        }
    }
}
