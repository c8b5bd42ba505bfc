import InMemoryStores
import TenureCore

/// A tenant store with defects: each is a few lines around a call that is right.
struct BrokenTenantStore: TenantStore {
    let base: InMemoryTenantStore
    let tenant: SimulatedTenant
    let defects: Defects

    func prepare(migrate: Bool) async throws(StoreError) { try await self.base.prepare(migrate: migrate) }

    func takeOwnership(epoch: Epoch, holder: Holder) async throws(StoreError) -> OwnershipReply {
        try await self.base.takeOwnership(epoch: epoch, holder: holder)
    }

    func assume(
        epoch: Epoch,
        holder: Holder,
        living: [Incarnation],
        lending: Duration,
        first: ClaimPass?
    ) async throws(StoreError) -> Assumption {
        let living = self.living(living, holder)
        let assumption = try await self.base.assume(
            epoch: epoch,
            holder: holder,
            living: living,
            lending: lending,
            first: first
        )
        guard self.defects.has(.fenceTakesAnyone), case .refused(let floor) = assumption else { return assumption }
        return try await self.base.assume(
            epoch: Epoch(floor.value + 1),
            holder: holder,
            living: living,
            lending: lending,
            first: nil
        )
    }

    func open(
        epoch: Epoch,
        holder: Holder,
        living: [Incarnation],
        lending: Duration
    ) async throws(StoreError) -> Opening {
        try await self.base.open(epoch: epoch, holder: holder, living: self.living(living, holder), lending: lending)
    }

    private func living(_ living: [Incarnation], _ holder: Holder) -> [Incarnation] {
        if self.defects.has(.revokesFromTheLiving) { return [holder.incarnation] }
        guard self.defects.has(.keepsClaimsOfTheDead) else { return living }
        return living + self.tenant.database.contents.claims.map(\.holder.incarnation)
    }

    func jobs() async throws(StoreError) -> JobsSnapshot { try await self.base.jobs() }

    func exchange(_ exchange: Exchange) async -> ExchangeReply {
        var exchange = exchange
        var unclaimed: [ClaimRequest] = []
        if let pass = exchange.pass {
            if self.defects.has(.epochOnOldSnapshot) { exchange.pass?.epoch = self.tenant.ledger.epoch }
            if self.defects.has(.startsBeforeClaim), !pass.claims.isEmpty, pass.epoch.value.isMultiple(of: 2) {
                unclaimed = pass.claims
                exchange.pass?.claims = []
            }
            if self.defects.has(.occurrenceForgotten) {
                for index in pass.materialise.indices { exchange.pass?.materialise[index].occurrences = [] }
            }
        }
        var reply = await self.base.exchange(exchange)
        if case .success(var result)? = reply.pass, !unclaimed.isEmpty {
            result.claimed = unclaimed.map(\.ids)
            reply.pass = .success(result)
        }
        if self.defects.has(.completionWithoutClaim) {
            for (index, settlement) in exchange.settlements.enumerated() where reply.settlements[index] == .gone {
                if await self.settleAnyhow(settlement) { reply.settlements[index] = .accepted }
            }
        }
        return reply
    }

    /// Settles runs whose claim is gone under whatever claim they are in, as a store that asks for none would.
    private func settleAnyhow(_ settlement: Settlement) async -> Bool {
        let contents = self.tenant.database.contents
        let ids = settlement.outcomes.map(\.id)
        guard let claim = contents.claims.first(where: { claim in ids.allSatisfy { claim.ids.contains($0) } }) else {
            return false
        }
        let forged = Settlement(batch: claim.batch, outcomes: settlement.outcomes)
        return await self.base.exchange(Exchange(settlements: [forged])).settlements == [.accepted]
    }

    func cancellations() async throws(StoreError) -> [WorkID] { try await self.base.cancellations() }

    func maintain(epoch: Epoch, retention: Retention) async throws(StoreError) {
        try await self.base.maintain(epoch: epoch, retention: retention)
    }

    func report(_ progress: [ProgressReport]) async throws(StoreError) { try await self.base.report(progress) }

    var handlerStore: any HandlerStore { self.base.handlerStore }

    func signals() async -> AsyncStream<StoreSignal> { await self.base.signals() }

    func setIdle(_ isIdle: Bool) async { await self.base.setIdle(isIdle) }

    func close() async { await self.base.close() }
}
