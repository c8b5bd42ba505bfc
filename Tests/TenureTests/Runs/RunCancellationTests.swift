import Foundation
import PostgresClient
import Tenure
import TenureCore
import TestSupport
import Testing

@Suite("Cancelling a run in progress", .needsPostgres, .needsRedis, .timeLimit(.minutes(1)))
struct RunCancellationTests {
    @Test("Its handler is told within a second of the SQL function's commit, and it is not tried again")
    func fromOutside() async throws {
        try await withNodeScene { scene in
            let handling = Handling()
            try await scene.withNode("node-1", handling.handlers) { _ in
                let id = try await scene.client.enqueue("endless")
                await handling.nextStart()

                #expect(try await scene.text("SELECT tenure.cancel_run(\(id))") == "requested")
                let cancelledAt = ContinuousClock.now

                let seenAt = await handling.nextCancellation()
                #expect(seenAt - cancelledAt < .seconds(1))
                try await scene.waitUntilEnded(id)
                #expect(try await scene.history(id) == ["cancelled"])
                #expect(try await scene.client.cancelRun(id) == .ended)
                #expect(try await scene.text("SELECT count(*) FROM tenure.cancellations") == "0")
            }
        }
    }

    @Test("A notification that is lost costs less than a second")
    func lostNotification() async throws {
        try await withNodeScene { scene in
            let handling = Handling()
            try await scene.withNode("node-1", handling.handlers) { _ in
                let id = try await scene.client.enqueue("endless")
                await handling.nextStart()

                try await scene.database.execute("INSERT INTO tenure.cancellations (id) VALUES (\(id))")
                let cancelledAt = ContinuousClock.now

                let seenAt = await handling.nextCancellation()
                #expect(seenAt - cancelledAt < .seconds(1))
                try await scene.waitUntilEnded(id)
                #expect(try await scene.history(id) == ["cancelled"])
            }
        }
    }

    @Test("A handler that returns all the same has completed; one that fails for good is a dead letter")
    func reactions() async throws {
        try await withNodeScene { scene in
            let handling = Handling()
            try await scene.withNode("node-1", handling.handlers) { _ in
                let expected = ["stubborn": "completed", "failing": "cancelled", "giving-up": "discarded"]
                for (topic, state) in expected.sorted(by: { $0.key < $1.key }) {
                    let id = try await scene.client.enqueue(topic)
                    await handling.nextStart()

                    #expect(try await scene.client.cancelRun(id) == .requested)

                    _ = await handling.nextCancellation()
                    try await scene.waitUntilEnded(id)
                    #expect(try await scene.history(id) == [state], "\(topic)")
                }
            }
        }
    }

    @Test("A node that handed its tenant over, and still runs it, learns of it within a second")
    func lent() async throws {
        try await withNodeScene { scene in
            let handling = Handling()
            let handlers = handling.handlers
            try await scene.withNode("node-1", handlers) { first in
                let id = try await scene.client.enqueue("endless")
                await handling.nextStart()
                try await scene.withNode("node-2", handlers) { _ in
                    try await scene.waitUntilJoined("node-2")
                    first.shutDown()
                    try await Polling.wait(for: "the hand-over") {
                        try await scene.text("SELECT node FROM tenure.fence") == "node-2"
                    }

                    #expect(try await scene.text("SELECT tenure.cancel_run(\(id))") == "requested")
                    let cancelledAt = ContinuousClock.now

                    let seenAt = await handling.nextCancellation()
                    #expect(seenAt - cancelledAt < .seconds(1))
                    try await scene.waitUntilEnded(id)
                    #expect(try await scene.history(id) == ["cancelled"])
                    #expect(try await scene.text("SELECT node FROM tenure.runs") == "node-1")
                }
            }
        }
    }

    @Test("What was cancelled before its node was lost is not run again by the next one")
    func lostNode() async throws {
        try await withNodeScene { scene in
            let lost = Handling()
            let id = try await scene.client.enqueue("endless")
            try await scene.withLostNode("node-1", lost.handlers) { await lost.nextStart() }
            #expect(try await scene.client.cancelRun(id) == .requested)
            let next = Handling()
            try await scene.withNode("node-2", next.handlers) { _ in
                let other = try await scene.client.enqueue("endless")

                #expect(await next.nextStart() == other)

                try await scene.waitUntilEnded(id)
                #expect(try await scene.history(id) == ["cancelled"])
                #expect(try await scene.client.cancelRun(other) == .requested)
                try await scene.waitUntilEnded(other)
            }
        }
    }

    @Test("A43: the next occurrence of a job cancels the one that runs, and starts after its end")
    func overlap() async throws {
        try await withNodeScene { scene in
            let handling = Handling()
            try await scene.withNode("node-1", handling.handlers) { _ in
                var draft = JobDraft(name: "job", topic: "endless", schedule: .every(.seconds(2)))
                draft.overlap = .cancelRunning
                try await scene.client.putJob(draft)

                let first = try #require(await handling.nextStart())
                _ = await handling.nextCancellation()
                let second = try #require(await handling.nextStart())
                try await scene.client.pauseJob("job")

                #expect(second > first)
                let sql = "SELECT state || ' ' || reason FROM tenure.runs WHERE run_id = "
                #expect(try await scene.text(sql + "\(first)") == "cancelled overlap")
                // The handler was told within a second of the instant at which the second one became due.
                let told = "SELECT (r.finished_at - w.scheduled_for < interval '1 second')::text "
                let rows = "FROM tenure.runs AS r, tenure.work AS w WHERE r.run_id = \(first) AND w.id = \(second)"
                #expect(try await scene.text(told + rows) == "true")
                #expect(try await scene.client.cancelRun(second) == .requested)
                try await scene.waitUntilEnded(second)
            }
        }
    }

    @Test("A43: a run on a node that handed the tenant over is told within a second, and its successor waits for it")
    func overlapElsewhere() async throws {
        try await withNodeScene { scene in
            let (first, second) = (Handling(), Handling())
            try await scene.withNode("node-1", first.handlers) { node in
                var draft = JobDraft(name: "job", topic: "endless", schedule: .cron("@yearly"))
                draft.overlap = .cancelRunning
                try await scene.client.putJob(draft)
                let old = try await scene.client.triggerJob("job")
                await first.nextStart()
                try await scene.withNode("node-2", second.handlers) { _ in
                    try await scene.waitUntilJoined("node-2")
                    node.shutDown()
                    try await Polling.wait(for: "the hand-over") {
                        try await scene.text("SELECT node FROM tenure.fence") == "node-2"
                    }

                    let new = try await scene.client.triggerJob("job")
                    let triggeredAt = ContinuousClock.now

                    #expect(await first.nextCancellation() - triggeredAt < .seconds(1))
                    #expect(await second.nextStart() == new)
                    #expect(try await scene.history(old) == ["cancelled"])
                    #expect(try await scene.client.cancelRun(new) == .requested)
                    try await scene.waitUntilEnded(new)
                }
            }
        }
    }
}

/// Handlers that wait for their cancellation, and tell of it.
private struct Handling {
    private struct Failure: Error {}

    let handlers: Handlers
    private let starts: AsyncStream<WorkID>
    private let cancellations: AsyncStream<ContinuousClock.Instant>

    init() {
        let (starts, started) = AsyncStream.makeStream(of: WorkID.self)
        let (cancellations, cancelled) = AsyncStream.makeStream(of: ContinuousClock.Instant.self)
        func handler(_ reaction: @escaping @Sendable (any Error) throws -> Void) -> Handlers.Raw {
            { _, context in
                started.yield(context.runID)
                do {
                    try await Task.sleep(for: .seconds(3600))
                } catch {
                    cancelled.yield(.now)
                    try reaction(error)
                }
            }
        }
        var handlers = Handlers()
        handlers.onRaw("endless", perform: handler { throw $0 })
        handlers.onRaw("stubborn", perform: handler { _ in })
        handlers.onRaw("failing", perform: handler { _ in throw Failure() })
        handlers.onRaw("giving-up", perform: handler { _ in throw PermanentFailure("no") })
        self.handlers = handlers
        self.starts = starts
        self.cancellations = cancellations
    }

    /// Waits for the next start of a handler.
    @discardableResult
    func nextStart() async -> WorkID? { await self.starts.first { _ in true } }

    /// When the next handler saw its cancellation.
    func nextCancellation() async -> ContinuousClock.Instant {
        await self.cancellations.first { _ in true } ?? .now + .seconds(3600)
    }
}
