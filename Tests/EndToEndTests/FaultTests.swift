import Ordeals
import TestSupport
import Testing

/// Some of the cells of `scripts/chaos`, for a shorter time; that script runs all of them.
// One at a time: each measures the times of a whole cluster.
@Suite("Faults", .needsPrivatePostgres, .needsPrivateRedis, .serialized)
struct FaultTests {
    @Test(
        "A cluster under load survives what no other test does to it",
        .timeLimit(.minutes(3)),
        arguments: ["partition-both", "postgres-crash"]
    )
    func cell(_ name: String) async throws {
        let cell = try #require(FaultCell.named(name))

        let report = try await FaultTrial.run(cell, seed: 1, length: .seconds(8))

        #expect(report.problems == [], "\(report.row)")
        #expect(report.lateness.count > 0)
    }
}
