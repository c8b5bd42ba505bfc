import TenureCore
import TenureTesting
import Testing

@Suite("ManualClock", .timeLimit(.minutes(1)))
struct ManualClockTests {
    @Test("Sleepers wake when their time has come, and not before")
    func wakes() async throws {
        let clock = ManualClock()
        async let first: Void = clock.sleep(for: .seconds(1))
        async let second: Void = clock.sleep(for: .seconds(3))
        await clock.waitForSleepers(2)

        clock.advance(by: .seconds(2))
        try await first
        #expect(clock.sleeperCount == 1)
        clock.advance(by: .seconds(1))
        try await second

        #expect(clock.now == MonotonicInstant(nanoseconds: 3_000_000_000))
    }

    @Test("An instant that has passed needs no sleep")
    func past() async throws {
        let clock = ManualClock()
        clock.advance(by: .seconds(5))

        try await clock.sleep(until: MonotonicInstant(nanoseconds: 1))

        #expect(clock.sleeperCount == 0)
    }

    @Test("A cancelled sleeper wakes with an error, also when it is cancelled beforehand")
    func cancelled() async throws {
        let clock = ManualClock()
        let sleeper = Task { try await clock.sleep(for: .seconds(1)) }
        await clock.waitForSleepers()

        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
        let late = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await clock.sleep(for: .seconds(1))
        }

        await #expect(throws: CancellationError.self) { try await late.value }
        #expect(clock.sleeperCount == 0)
    }
}
