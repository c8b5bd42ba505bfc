internal import PostgresStore
internal import TenureCore

extension PostgresTenantBackend {
    func putLimit(_ limit: LimitDefinition) async throws -> Bool {
        try await self.translating { try await self.client.putLimit(limit) }
    }

    func deleteLimit(_ name: String) async throws -> Bool {
        try await self.translating { try await self.client.deleteLimit(name) }
    }

    func limits() async throws -> [LimitDefinition] {
        try await self.translating { try await self.client.limits() }
    }
}
