internal import Foundation
internal import Logging
internal import Synchronization
internal import Tenure

/// The measured: a whole node that owns one tenant and runs its timers with a handler that does nothing.
struct NodeRun: Sendable {
    let postgresURL: String
    let redisURL: String
    let schema: BenchSchema
    let batchSize: Int
    let logger: Logger

    /// Counts completed handlers without a lock.
    private final class Counter: Sendable {
        let value = Atomic(0)
    }

    /// Runs until everything is done, and returns how long that took from when the tenant was opened.
    func run(count: Int) async throws -> Duration {
        let suffix = String(UInt32.random(in: 0 ... .max), radix: 36)
        var options = NodeOptions(nodeID: try NodeID("bench"), cluster: try ClusterName("bench-\(suffix)"))
        options.redisURL = self.redisURL
        options.runs.batchSize = self.batchSize
        // A handler that does nothing holds its slot for microseconds: the limit is there for those that work.
        options.runs.maxConcurrent = self.batchSize * 4
        options.runs.maxConcurrentPerTenant = self.batchSize * 4
        let counter = Counter()
        var handlers = Handlers()
        handlers.onRaw("*") { _, _ in counter.value.add(1, ordering: .relaxed) }
        let tenant = Tenant(id: try TenantID("bench"), connection: self.postgresURL, schema: self.schema.name)
        let node = try Node(
            options: options,
            discovery: StaticDiscovery(tenant),
            handlers: handlers,
            logger: self.logger
        )
        let events = node.events()

        return try await withThrowingTaskGroup(of: Duration?.self) { group in
            group.addTask {
                try await node.run()
                return nil
            }
            group.addTask {
                let openedAt = try await Self.opening(in: events)
                // Both instants by the local wall clock, since an event has no other.
                let finishedAt = try await self.finish(count: count, counter)
                return .microseconds(finishedAt - openedAt)
            }
            while let duration = try await group.next() {
                guard let duration else { throw Failure(.failed, "the node ended before its work did") }
                node.shutDown()
                _ = try await group.next()
                return duration
            }
            throw Failure(.failed, "the node ended before its work did")
        }
    }

    private static func opening(in events: AsyncStream<ClusterEvent>) async throws -> Int64 {
        for await event in events where event.name == EventName.tenantOpened.rawValue { return event.time }
        throw Failure(.failed, "the node never opened the tenant")
    }

    /// Waits until the last completion is committed.
    private func finish(count: Int, _ counter: Counter) async throws -> Int64 {
        let deadline = ContinuousClock.now + .seconds(600)
        // The database is asked only when the handlers are through: asking costs what is measured.
        while counter.value.load(ordering: .relaxed) < count {
            try Self.check(deadline)
            try await Task.sleep(for: .milliseconds(2))
        }
        while try await !self.schema.isEmpty() { try Self.check(deadline) }
        return Int64(Date().timeIntervalSince1970 * 1_000_000)
    }

    private static func check(_ deadline: ContinuousClock.Instant) throws {
        if ContinuousClock.now > deadline {
            throw Failure(.failed, "the node did not run the timers within 10 minutes")
        }
    }
}
