internal import Synchronization
package import TenureCore

/// The tenant store port in memory: for tests, simulation and programs without a database.
///
/// It answers as `PostgresTenantStore` does; both pass `TenantStoreConformance`, which also compares them on random
/// sequences of operations. Made by ``InMemoryTenant/store()``: several on one tenant are several nodes.
package final class InMemoryTenantStore: TenantStore {
    private struct Protected {
        var isIdle = false
        var isClosed = false
    }

    private let tenant: InMemoryTenant
    /// Tells the cursors of this store from those of others.
    private let number: UInt32
    private let protected = Mutex(Protected())

    /// The tenant as one node uses it.
    init(tenant: InMemoryTenant, number: UInt32) {
        self.tenant = tenant
        self.number = number
    }

    // MARK: Becoming the owner

    package func prepare(migrate: Bool) async throws(StoreError) {
        try self.perform("schema.prepare") { _, _ in }
    }

    package func takeOwnership(epoch: Epoch, holder: Holder) async throws(StoreError) -> OwnershipReply {
        try self.perform("ownership.take") { state, _ in state.takeOwnership(epoch, holder) }
    }

    package func assume(
        epoch: Epoch,
        holder: Holder,
        living: [Incarnation],
        lending: Duration,
        first: ClaimPass?
    ) async throws(StoreError) -> Assumption {
        var assumption = try self.perform("ownership.take") { state, now -> Assumption in
            switch state.takeOwnership(epoch, holder) {
            case .refused(let floor):
                return .refused(floor: floor)
            case .installed:
                var opening = state.open(holder: holder, living: living, lending: lending, at: now)
                opening.jobs = state.jobsSnapshot(at: now)
                return .opened(opening)
            }
        }
        self.followHints()
        if let first, case .opened(var opening) = assumption, case .success(let result) = self.run(first) {
            opening.firstPass = result
            assumption = .opened(opening)
        }
        return assumption
    }

    package func open(
        epoch: Epoch,
        holder: Holder,
        living: [Incarnation],
        lending: Duration
    ) async throws(StoreError) -> Opening {
        let opening = try self.perform("tenant.open") { state, now throws(StoreError) -> Opening in
            try state.assertInstalled(epoch, "tenant.open")
            // One epoch may have been given twice: whoever was refused must not touch the claims either.
            guard state.fence.holder?.incarnation == holder.incarnation else {
                throw StoreError(.fenced, operation: "tenant.open", detail: "the epoch is another registration's")
            }
            return state.open(holder: holder, living: living, lending: lending, at: now)
        }
        self.followHints()
        return opening
    }

    package func jobs() async throws(StoreError) -> JobsSnapshot {
        try self.perform("jobs.read") { state, now in state.jobsSnapshot(at: now) }
    }

    // MARK: Working

    package func exchange(_ exchange: Exchange) async -> ExchangeReply {
        let settlements = exchange.settlements.map { settlement -> SettlementResult in
            do throws(StoreError) {
                return try self.perform("settle") { state, now in state.settle(settlement, at: now) }
            } catch {
                return .failed(error)
            }
        }
        return ExchangeReply(settlements: settlements, pass: exchange.pass.map(self.run))
    }

    private func run(_ pass: ClaimPass) -> Result<PassResult, StoreError> {
        var pass = pass
        // A cursor of another store reads from the front.
        let cursor = pass.scan?.cursor.flatMap(self.known)
        pass.scan?.cursor = cursor
        do throws(StoreError) {
            var result = try self.perform("pass") { [pass] state, now throws(StoreError) -> PassResult in
                try state.pass(pass, at: now)
            }
            if let cursor = result.scan?.cursor { result.scan?.cursor = self.named(cursor) }
            return .success(result)
        } catch {
            return .failure(error)
        }
    }

    package func cancellations() async throws(StoreError) -> [WorkID] {
        try self.perform("cancellations.read") { state, _ in state.cancelledIDs }
    }

    package func report(_ progress: [ProgressReport]) async throws(StoreError) {
        try self.perform("progress.report") { state, _ in state.report(progress) }
    }

    package var handlerStore: any HandlerStore { InMemoryHandlerStore(tenant: self.tenant) }

    package func maintain(epoch: Epoch, retention: Retention) async throws(StoreError) {
        try self.perform("maintain") { state, now throws(StoreError) in
            try state.assertInstalled(epoch, "maintain")
            state.maintain(retention: retention, at: now)
        }
    }

    // MARK: Cursors

    private static let versionBits: UInt64 = 40

    /// The cursor as the state knows it; `nil` if another store made it.
    private func known(_ cursor: ScanCursor) -> ScanCursor? {
        guard cursor.snapshot >> Self.versionBits == UInt64(self.number) else { return nil }
        var cursor = cursor
        cursor.snapshot &= (1 << Self.versionBits) - 1
        return cursor
    }

    /// The cursor with this store's number.
    private func named(_ cursor: ScanCursor) -> ScanCursor {
        var cursor = cursor
        cursor.snapshot |= UInt64(self.number) << Self.versionBits
        return cursor
    }

    // MARK: Hints

    package func signals() async -> AsyncStream<StoreSignal> {
        let stream = self.tenant.listen(self.number)
        if self.protected.withLock({ $0.isClosed }) { self.tenant.unlisten(self.number) }
        return stream
    }

    package func setIdle(_ isIdle: Bool) async {
        self.protected.withLock { $0.isIdle = isIdle }
        self.followHints()
    }

    private func followHints() {
        self.tenant.follow(self.number, self.protected.withLock { $0.isIdle } ? .activity : .notifications)
    }

    package func close() async {
        self.protected.withLock { $0.isClosed = true }
        self.tenant.unlisten(self.number)
    }

    private func perform<Value: Sendable>(
        _ operation: String,
        _ body: (inout InMemoryTenantState, ServerTime) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        guard !self.protected.withLock({ $0.isClosed }) else {
            throw StoreError(.unavailable, operation: operation, detail: "the store is closed")
        }
        return try self.tenant.perform(operation, body)
    }
}
