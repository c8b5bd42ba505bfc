import Tenure
import TenureCore
import TenureTesting
import Testing

@Suite("InMemoryMessageScheduler", .timeLimit(.minutes(1)))
struct InMemoryMessageSchedulerTests {
    @Test("It does what every message scheduler must do", arguments: Conformance.all.map(\.description))
    func conformance(_ description: String) async throws {
        let check = try #require(Conformance.all.first { $0.description == description })
        let clock = ManualClock()
        let origin = ServerTime(microseconds: 1_767_225_600_000_000)
        let scheduler = InMemoryMessageScheduler(clock: clock, origin: origin)
        try await check.run(
            on: Conformance.Fixture(
                scheduler: scheduler,
                deliver: { handler, body in
                    try await scheduler.delivery(.conformance(handler), logger: quiet).whileRunning(body)
                },
                now: { origin.advanced(by: MonotonicInstant.zero.duration(to: clock.now)) },
                advance: { duration in
                    clock.advance(by: duration)
                    // The others run in this process: they need a moment, not the time itself.
                    try await Task.sleep(for: .milliseconds(2))
                }
            )
        )
    }

    @Test("Occurrences that nothing delivered in time are delivered late, the newest 100 of them")
    func catchUp() async throws {
        let clock = ManualClock()
        let scheduler = InMemoryMessageScheduler(clock: clock)
        try await scheduler.scheduleRecurring("conformance.tick", [1], cron: "* * * * *")
        clock.advance(by: .seconds(3 * 3600))
        let (stream, continuation) = AsyncStream.makeStream(of: Conformance.Delivery.self)
        let delivery = scheduler.delivery(.conformance { continuation.yield($0) }, logger: quiet)

        let instants = try await delivery.whileRunning {
            var instants: [Int64] = []
            for await delivery in stream.prefix(100) { instants.append(delivery.scheduledFor?.microseconds ?? 0) }
            return instants.sorted()
        }

        let end = Int64(1_767_225_600_000_000) + 3 * 3_600_000_000
        #expect(instants == (0..<100).map { end - Int64(99 - $0) * 60_000_000 })
        #expect(try await scheduler.list(.pending).messages.map(\.dueAt?.microseconds) == [end + 60_000_000])
    }

    @Test("A recurrence keeps to the wall clock of its zone when the clock is moved forward")
    func daylight() async throws {
        // 2026-03-28 12:00 UTC; Berlin moves its clock forward at 01:00 UTC of the next day.
        let origin = ServerTime(microseconds: 1_774_699_200_000_000)
        let clock = ManualClock()
        let scheduler = InMemoryMessageScheduler(clock: clock, origin: origin)
        let token = try await scheduler.scheduleRecurring(
            "conformance.nine",
            [1],
            cron: "0 9 * * *",
            timeZone: "Europe/Berlin"
        )

        #expect(try await scheduler.get(token)?.dueAt == origin.advanced(by: .seconds(19 * 3600)))
    }

    @Test("What was interrupted is due again at once, and the delivery is not counted")
    func interrupted() async throws {
        let scheduler = InMemoryMessageScheduler(clock: ManualClock())
        let token = try await scheduler.schedule("conformance.work", [1], after: .zero)
        for _ in 0..<2 {
            let (begun, continuation) = AsyncStream.makeStream(of: Int.self)
            let handlers = MessageHandlers.conformance { delivery in
                continuation.yield(delivery.attempt)
                try await Task.sleep(for: .seconds(600))
            }
            try await scheduler.delivery(handlers, logger: quiet).whileRunning(gracefully: false) {
                var attempts = begun.makeAsyncIterator()
                let attempt = await attempts.next()
                #expect(attempt == 1)
            }
            #expect(try await scheduler.get(token)?.state == .pending)
            #expect(try await scheduler.get(token)?.attempts == 0)
        }
    }

    @Test("A delivery that takes longer than its message allows has failed")
    func timeout() async throws {
        let scheduler = InMemoryMessageScheduler(clock: ManualClock())
        var draft = MessageDraft(topic: "conformance.slow")
        draft.timeout = .milliseconds(50)
        draft.retry = RetryPolicy(maxAttempts: 1)
        let token = try await scheduler.schedule(draft, after: .zero)
        let (ended, continuation) = AsyncStream.makeStream(of: Void.self)
        let handlers = MessageHandlers.conformance { _ in
            defer { continuation.finish() }
            try await Task.sleep(for: .seconds(600))
        }

        try await scheduler.delivery(handlers, logger: quiet).whileRunning {
            for await _ in ended {}
        }

        #expect(try await scheduler.get(token)?.state == .failed)
        #expect(try await scheduler.get(token)?.error?.contains("longer than") == true)
    }

    @Test("What ended is forgotten after its retention")
    func retention() async throws {
        let clock = ManualClock()
        var retention = MessageRetention()
        retention.delivered = .seconds(60)
        let scheduler = InMemoryMessageScheduler(clock: clock, retention: retention)
        let token = try await scheduler.schedule("conformance.work", [1], after: .seconds(5))
        #expect(try await scheduler.cancel(token))

        clock.advance(by: .seconds(59))
        #expect(try await scheduler.get(token)?.state == .cancelled)
        clock.advance(by: .seconds(1))
        #expect(try await scheduler.get(token) == nil)
        #expect(try await !scheduler.cancel(token))
    }
}
