/// Waits for states of other processes that send no signal of them.
package enum Polling {
    /// Looks again and again until a condition holds.
    ///
    /// Only for what cannot be awaited otherwise; within this process, await an event instead.
    /// - Throws: ``ChildProcess/Failure`` if it does not hold in time, and whatever the condition throws.
    package static func wait(
        for purpose: String,
        within limit: Duration = .seconds(20),
        every pause: Duration = .milliseconds(20),
        until condition: () async throws -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + limit
        while try await !condition() {
            guard ContinuousClock.now < deadline else {
                throw ChildProcess.Failure("waited \(limit) in vain for \(purpose)")
            }
            try await ContinuousClock().sleep(for: pause)
        }
    }
}
