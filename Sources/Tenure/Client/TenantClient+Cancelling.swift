public import TenureCore

extension TenantClient {
    /// Cancels a run of any kind, also one in progress on any node.
    ///
    /// The task of a handler in progress is cancelled within a second. If it throws then, the run ends as `cancelled`
    /// and is not tried again; if it returns, the run has completed. It ends as `cancelled` also when its node is lost
    /// before.
    ///
    /// - Returns: What became of the request. Only ``CancelReply/cancelled`` says that the run is over.
    @discardableResult
    public func cancelRun(_ id: WorkID) async throws -> CancelReply {
        let reply = try await self.backend.cancelRun(id)
        self.hint()
        return reply
    }
}
