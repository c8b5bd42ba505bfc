import InMemoryStores
import TenureCore
import TenureTesting
import Testing

@Suite("The tenant store in memory conforms")
struct TenantStoreConformanceTests {
    @Test("Conformance", .timeLimit(.minutes(1)), arguments: TenantStoreConformance.all)
    func conforms(to check: TenantStoreConformance) async throws {
        try await check.run(on: InMemoryTenantHarness())
    }

    @Test(
        "The same random sequence has the same outcome twice, and keeps what always holds",
        .timeLimit(.minutes(1)),
        arguments: 1...12 as ClosedRange<UInt64>
    )
    func isDeterministic(seed: UInt64) async throws {
        let (left, right) = (InMemoryTenantHarness(), InMemoryTenantHarness())

        try await TenantStoreConformance.compare(left, right, seed: seed, steps: 250)

        #expect(left.tenant.contents == right.tenant.contents)
    }
}
