internal import PostgresClient
package import TenureCore

extension PostgresTenantClient {
    /// Cancels a run of any kind, also one in progress.
    ///
    /// - Throws: ``RefusedRequest`` or ``StoreError``, as every method.
    package func cancelRun(_ id: WorkID) async throws -> CancelReply {
        let reply = try await self.query(self.statements.cancelRun, "run.cancel", [.int(id.value)]).single().string(0)
        guard let reply = CancelReply(rawValue: reply) else {
            throw StoreError(.rejected, operation: "run.cancel", detail: "an unknown reply: \(reply)")
        }
        return reply
    }
}
