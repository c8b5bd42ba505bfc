import InMemoryStores
import PostgresStore
import TenureCore
import TenureTesting
import TestSupport
import Testing

@Suite("The tenant store over Postgres conforms", .needsPostgres)
struct TenantStoreConformanceTests {
    @Test("Conformance", .timeLimit(.minutes(1)), arguments: TenantStoreConformance.all)
    func conforms(to check: TenantStoreConformance) async throws {
        try await PostgresTenantHarness.withTenant { harness in
            try await check.run(on: harness)
        }
    }

    @Test(
        "A49: Postgres and memory agree on random sequences",
        .timeLimit(.minutes(1)),
        arguments: 1...8 as ClosedRange<UInt64>
    )
    func agreesWithMemory(seed: UInt64) async throws {
        try await PostgresTenantHarness.withTenant { harness in
            try await TenantStoreConformance.compare(InMemoryTenantHarness(), harness, seed: seed, steps: 300)
        }
    }
}
