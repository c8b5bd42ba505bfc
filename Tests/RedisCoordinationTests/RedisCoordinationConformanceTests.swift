import InMemoryStores
import Synchronization
import TenureCore
import TenureTesting
import TestSupport
import Testing

@Suite("The coordination store over Redis conforms", .needsRedis)
struct RedisCoordinationConformanceTests {
    @Test("Conformance", .timeLimit(.minutes(1)), arguments: CoordinationConformance.all)
    func conforms(to check: CoordinationConformance) async throws {
        try await CoordinationFixture.withStore { fixture in
            try await check.run(on: fixture.conformance)
        }
    }

    @Test(
        "Redis and memory agree on random sequences",
        .timeLimit(.minutes(1)),
        arguments: 1...8 as ClosedRange<UInt64>
    )
    func agreesWithMemory(seed: UInt64) async throws {
        let memory = InMemoryCoordinationStore { .zero }
        let model = CoordinationConformance.Fixture(store: memory, advance: { _ in }, forget: { memory.forget() })

        try await CoordinationFixture.withStore { fixture in
            try await CoordinationConformance.compare(model, fixture.conformance, seed: seed, steps: 400)
        }
    }
}
