internal import TenureCore

/// Looks for tenants at every interval, when the discovery says that something changed, and when it is asked to; keeps
/// the last good list through whatever the discovery answers.
struct DiscoveryWatch: Sendable {
    /// After a failure the next look comes sooner than the interval, but not at once.
    private static let retryInterval = Duration.seconds(2)

    let discovery: any TenantDiscovery
    let interval: Duration
    let clock: MonotonicClock
    let events: EventBus
    /// Each element asks for a look at once.
    let requests: AsyncStream<Void>

    /// Looks until the task is cancelled.
    ///
    /// - Parameter take: Gets what is new, and whether the answer was complete.
    func run(_ take: @escaping @Sendable (DiscoveryNews, Bool) async -> Void) async {
        let signal = Signal(clock: self.clock)
        await withDiscardingTaskGroup { group in
            group.addTask {
                for await _ in self.discovery.changes() { signal.notify() }
            }
            group.addTask {
                for await _ in self.requests { signal.notify() }
            }
            var guardian = DiscoveryGuard(refreshInterval: self.interval)
            while !Task.isCancelled {
                let isGood = await self.look(&guardian, take)
                let pause = isGood ? self.interval : min(self.interval, Self.retryInterval)
                await signal.wait(until: self.clock.continuous + pause)
                // Many changes in a row are read together.
                try? await self.clock.sleep(for: .milliseconds(20))
            }
            group.cancelAll()
        }
    }

    private func look(
        _ guardian: inout DiscoveryGuard,
        _ take: @Sendable (DiscoveryNews, Bool) async -> Void
    ) async -> Bool {
        do {
            let answer = try await self.discovery.discover()
            await take(guardian.answered(answer, at: self.clock.now), true)
            return true
        } catch is CancellationError {
            return true
        } catch {
            await take(guardian.failed("\(error)", at: self.clock.now), false)
            return false
        }
    }
}
