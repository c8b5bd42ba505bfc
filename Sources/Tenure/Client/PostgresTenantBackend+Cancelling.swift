internal import PostgresStore
internal import TenureCore

extension PostgresTenantBackend {
    func cancelRun(_ id: WorkID) async throws -> CancelReply {
        try await self.translating { try await self.client.cancelRun(id) }
    }
}
