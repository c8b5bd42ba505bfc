import InMemoryStores
import Synchronization
import TenureCore
import TenureTesting
import Testing

/// A store in memory whose clock moves when it is told to.
private func makeFixture() -> CoordinationConformance.Fixture {
    let clock = ManualTime()
    let store = InMemoryCoordinationStore { clock.now }
    return CoordinationConformance.Fixture(
        store: store,
        advance: { clock.advance(by: $0) },
        forget: { store.forget() }
    )
}

/// A clock that stands still between the steps of a test.
final class ManualTime: Sendable {
    private let instant = Mutex(MonotonicInstant.zero)

    var now: MonotonicInstant { self.instant.withLock { $0 } }

    func advance(by duration: Duration) {
        self.instant.withLock { $0 = $0.advanced(by: duration) }
    }
}

@Suite("The coordination store in memory conforms")
struct CoordinationConformanceTests {
    @Test("Conformance", .timeLimit(.minutes(1)), arguments: CoordinationConformance.all)
    func conforms(to check: CoordinationConformance) async throws {
        try await check.run(on: makeFixture())
    }

    @Test(
        "The same random sequence has the same outcome twice",
        .timeLimit(.minutes(1)),
        arguments: 1...20 as ClosedRange<UInt64>
    )
    func isDeterministic(seed: UInt64) async throws {
        try await CoordinationConformance.compare(makeFixture(), makeFixture(), seed: seed, steps: 300)
    }
}
