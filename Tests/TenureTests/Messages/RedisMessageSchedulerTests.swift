import Tenure
import TenureCore
import TenureTesting
import TestSupport
import Testing

@Suite("RedisMessageScheduler", .needsRedis, .timeLimit(.minutes(1)))
struct RedisMessageSchedulerTests {
    @Test("It does what every message scheduler must do", arguments: Conformance.all.map(\.description))
    func conformance(_ description: String) async throws {
        let check = try #require(Conformance.all.first { $0.description == description })
        try await RedisMessageFixture.with { fixture in try await check.run(on: fixture.conformance) }
    }

    @Test("All keys lie under the cluster's hash tag")
    func keyNames() async throws {
        try await RedisMessageFixture.with { fixture in
            try await fixture.scheduler.schedule("a", [1], after: .seconds(3600))
            try await fixture.scheduler.scheduleRecurring("a", [1], cron: "@daily")

            let names = try await keys(of: fixture.cluster, at: fixture.url)

            #expect(names.count >= 4)
            #expect(names.allSatisfy { $0.hasPrefix("tenure:{\(fixture.cluster)}:messages:") })
        }
    }

    @Test("What ended is forgotten after its retention, and leaves nothing behind")
    func retention() async throws {
        var retention = MessageRetention()
        retention.delivered = .milliseconds(300)
        try await RedisMessageFixture.with(retention: retention) { fixture in
            let scheduler = fixture.scheduler
            let delivered = try await scheduler.schedule("conformance.a", [1], after: .zero)
            let cancelled = try await scheduler.schedule("conformance.a", [1], after: .seconds(60))
            #expect(try await scheduler.cancel(cancelled))

            try await scheduler.delivery(.conformance { _ in }, logger: quiet).whileRunning {
                try await Polling.wait(for: "both to be forgotten") {
                    let first = try await scheduler.get(delivered)
                    let second = try await scheduler.get(cancelled)
                    return first == nil && second == nil
                }
            }

            let names = try await keys(of: fixture.cluster, at: fixture.url).map { $0.split(separator: "}:")[1] }
            #expect(names == ["messages:sequence", "messages:stream"])
        }
    }

    @Test("A message that is due sooner than the next look is delivered when it is due, not at the look")
    func hint() async throws {
        try await RedisMessageFixture.with { fixture in
            let other = try fixture.another()
            let (taken, continuation) = AsyncStream.makeStream(of: Void.self)
            let delivery = fixture.scheduler.delivery(.conformance { _ in continuation.yield() }, logger: quiet)
            let lags = try await delivery.whileRunning {
                var iterator = taken.makeAsyncIterator()
                var lags: [Duration] = []
                for _ in 0..<5 {
                    let start = ContinuousClock.now
                    try await other.schedule("conformance.a", [1], after: .zero)
                    await iterator.next()
                    lags.append(.now - start)
                }
                return lags.sorted()
            }
            await other.close()

            // Looks are a second apart: half of them would be later.
            #expect(lags[2] < .milliseconds(400))
        }
    }
}
