import ClusterHarness
import Testing

extension Audit {
    /// Fails unless nothing is missing and nothing was completed twice.
    func expectSound(sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(
            self.missing.isEmpty,
            "\(self.missing.count) missing: \(self.missing.prefix(10))",
            sourceLocation: sourceLocation
        )
        #expect(
            self.doubled.isEmpty,
            "\(self.doubled.count) twice: \(self.doubled.prefix(10))",
            sourceLocation: sourceLocation
        )
        #expect(
            self.skipped.isEmpty,
            "\(self.skipped.count) skipped: \(self.skipped.prefix(10))",
            sourceLocation: sourceLocation
        )
        #expect(self.completed > 0, sourceLocation: sourceLocation)
    }
}

extension TestCluster {
    /// Waits until no timer is left to run, and fails unless each of them has completed exactly once.
    func expectTimersDone(
        within limit: Duration = .seconds(30),
        tenants: [Tenant]? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let problems = try await self.unsoundTimers(within: limit, tenants: tenants)
        #expect(problems == [], sourceLocation: sourceLocation)
    }
}
