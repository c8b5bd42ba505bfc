import Foundation
import PostgresClient
import PostgresStore
import TenureCore

/// Shorthand for the calls of an owner.
enum Owner {
    static let first = holder("node-1")
    static let second = holder("node-2")
    static let third = holder("node-3")

    /// A registration whose incarnation is told by the node's name.
    static func holder(_ node: String) -> Holder {
        Holder(node: try! NodeID(node), incarnation: Incarnation("incarnation-of-\(node)"))
    }
}

/// A name for a claim.
func newBatch() -> BatchID {
    BatchID(UUID().uuidString.lowercased())
}

extension PostgresTenantStore {
    /// Takes ownership and opens.
    @discardableResult
    func become(
        owner holder: Holder,
        _ epoch: Int64,
        living: [Holder] = [],
        lending: Duration = .seconds(30)
    ) async throws -> Opening {
        let reply = try await self.takeOwnership(epoch: Epoch(epoch), holder: holder)
        guard reply == .installed else { throw StoreError(.fenced, operation: "test", detail: "\(reply)") }
        return try await self.open(
            epoch: Epoch(epoch),
            holder: holder,
            living: ([holder] + living).map(\.incarnation),
            lending: lending
        )
    }

    /// One pass.
    func pass(
        _ holder: Holder,
        _ epoch: Int64,
        settle: [Settlement] = [],
        claims: [ClaimRequest] = [],
        materialise: [Materialisation] = [],
        scan: ScanRequest? = nil,
        sleepUntil: ServerTime? = nil
    ) async throws -> PassResult {
        var pass = ClaimPass(epoch: Epoch(epoch), holder: holder)
        pass.claims = claims
        pass.materialise = materialise
        pass.scan = scan
        pass.sleepUntil = sleepUntil
        let reply = await self.exchange(Exchange(settlements: settle, pass: pass))
        guard let result = reply.pass else { throw StoreError(.rejected, operation: "test", detail: "no pass") }
        return try result.get()
    }

    /// The IDs that a scan from a cursor returns, and the next cursor.
    func scan(
        _ holder: Holder,
        _ epoch: Int64,
        from cursor: ScanCursor? = nil,
        limit: Int = 100
    ) async throws -> PassResult.Scan {
        let result = try await self.pass(holder, epoch, scan: ScanRequest(limit: limit, cursor: cursor))
        guard let scan = result.scan else { throw StoreError(.rejected, operation: "test", detail: "no scan") }
        return scan
    }

    /// Claims IDs under a new batch and returns it with those that were claimed.
    func claim(
        _ holder: Holder,
        _ epoch: Int64,
        _ ids: [WorkID],
        isLone: Bool = false
    ) async throws -> (batch: BatchID, ids: [WorkID]) {
        let batch = newBatch()
        let result = try await self.pass(
            holder,
            epoch,
            claims: [ClaimRequest(batch: batch, ids: ids, isLone: isLone)]
        )
        return (batch, result.claimed[0])
    }

    /// Settles a claim with one verdict for all.
    func settle(
        _ batch: BatchID,
        _ ids: [WorkID],
        _ verdict: Outcome.Verdict = .completed,
        error: String? = nil
    ) async -> SettlementResult {
        let settlement = Settlement(batch: batch, outcomes: ids.map { outcome($0, verdict, error: error) })
        return await self.exchange(Exchange(settlements: [settlement])).settlements[0]
    }
}

/// An outcome of an attempt that took 10 ms.
func outcome(_ id: WorkID, _ verdict: Outcome.Verdict, error: String? = nil) -> Outcome {
    let now = ServerTime(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
    return Outcome(
        id: id,
        attempt: 1,
        verdict: verdict,
        startedAt: now.advanced(by: .milliseconds(-10)),
        finishedAt: now,
        error: error
    )
}
