internal import Tenure
internal import TenureCore

/// Nothing is migrated and nothing runs: what depends on that is refused.
extension InMemoryTenantBackend {
    func schemaDrift() async throws -> SchemaDrift { SchemaDrift() }

    func pauseJobs(topic: String?) async throws -> JobSwitch {
        try await self.switchJobs(topic) { try await self.pauseJob($0) }
    }

    func resumeJobs(topic: String?) async throws -> JobSwitch {
        try await self.switchJobs(topic) { try await self.resumeJob($0) }
    }

    func backfillJob(_ name: String, _ instants: [ServerTime], isPlan: Bool) async throws -> [Backfill.Occurrence] {
        throw Self.onlyPostgres("a backfill")
    }

    func transferableWork() async throws -> [TenantExport.Work] {
        throw Self.onlyPostgres("an export of work")
    }

    func importing(_ export: TenantExport, commits: Bool) async throws -> TenantImport {
        throw Self.onlyPostgres("an import")
    }

    private func switchJobs(_ topic: String?, _ body: (String) async throws -> Bool) async throws -> JobSwitch {
        let names = self.allJobs.map(\.definition).filter { topic == nil || $0.topic == topic }.map(\.name)
        var changed = 0
        for name in names where try await body(name) { changed += 1 }
        return JobSwitch(matching: names.count, changed: changed)
    }

    private static func onlyPostgres(_ what: String) -> RequestRefused {
        RequestRefused(
            message: "\(what) is beyond a tenant in memory, in which nothing runs",
            hint: "Test it with a tenant in Postgres.",
            isNotFound: false
        )
    }
}
