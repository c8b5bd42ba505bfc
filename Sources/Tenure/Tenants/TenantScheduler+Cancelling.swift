internal import Logging

extension TenantScheduler {
    /// How often a node that runs something of the tenant looks for users' cancellations, whether it was notified or
    /// not.
    static let cancellationInterval = Duration.milliseconds(500)

    /// When to look for cancellations next; `nil` while nothing runs.
    var cancellationLookAt: MonotonicInstant? {
        guard self.runs.runningCount > 0 else { return nil }
        return self.lastCancellationLook.advanced(by: Self.cancellationInterval)
    }

    /// Cancels what users asked for. What is not in progress here is another node's, or has just ended.
    func cancel(_ ids: [WorkID]) {
        self.lastCancellationLook = self.now
        for id in ids { self.runs.cancel(run: id) }
    }

    /// Looks for cancellations without a pass: this node is not the owner, or not sure of it, and still runs something.
    func lookForCancellations() async {
        guard let lookAt = self.cancellationLookAt, lookAt <= self.now else { return }
        self.lastCancellationLook = self.now
        do {
            self.cancel(try await self.store.cancellations())
        } catch {
            // It looks again soon; whether the database can be used is told by what has to be written.
            self.log.debug("cancellations could not be read", metadata: ["error": "\(error)"])
        }
    }
}
