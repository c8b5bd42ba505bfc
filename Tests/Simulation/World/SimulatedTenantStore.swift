import InMemoryStores
import TenureCore

/// The tenant store port as one process uses it, over the simulated network.
struct SimulatedTenantStore: TenantStore {
    let process: SimulatedProcess
    let world: World
    let tenant: SimulatedTenant
    let store: InMemoryTenantStore

    private static let timeout = Duration.seconds(3)

    private var server: Server { .postgres(self.tenant.server.number) }
    private var ledger: TenantLedger { self.tenant.ledger }
    private var broken: any TenantStore { self.world.defects.tenant(self.store, self.tenant) }

    private func call<Reply: Sendable>(
        _ operation: StaticString,
        _ body: @escaping @Sendable () async throws(StoreError) -> Reply
    ) async throws(StoreError) -> Reply {
        let delivery = await self.world.network.call(
            from: self.process,
            to: self.server,
            operation,
            about: self.tenant.id,
            timeout: Self.timeout
        ) { () -> Result<Reply, StoreError> in
            do throws(StoreError) { return .success(try await body()) } catch { return .failure(error) }
        }
        switch delivery {
        case .replied(let result): return try result.get()
        case .unavailable: throw StoreError(.unavailable, operation: "\(operation)")
        case .unknown: throw StoreError(.outcomeUnknown, operation: "\(operation)")
        }
    }

    // MARK: Becoming the owner

    func prepare(migrate: Bool) async throws(StoreError) {
        try await self.world.openingDelay(self.process)
        try await self.call("schema.prepare") { () throws(StoreError) in try await self.store.prepare(migrate: migrate)
        }
    }

    func standBy() async throws(StoreError) {
        try await self.call("standby") { () throws(StoreError) in try await self.store.standBy() }
    }

    func takeOwnership(epoch: Epoch, holder: Holder) async throws(StoreError) -> OwnershipReply {
        try await self.call("ownership.take") { () throws(StoreError) in
            let reply = try await self.broken.takeOwnership(epoch: epoch, holder: holder)
            if reply == .installed { self.ledger.installed(epoch, by: holder) }
            return reply
        }
    }

    func assume(
        epoch: Epoch,
        holder: Holder,
        living: [Incarnation],
        lending: Duration,
        first: ClaimPass?
    ) async throws(StoreError) -> Assumption {
        try await self.call("ownership.assume") { () throws(StoreError) in
            let assumption = try await self.broken.assume(
                epoch: epoch,
                holder: holder,
                living: living,
                lending: lending,
                first: first
            )
            if case .opened(let opening) = assumption {
                self.ledger.installed(epoch, by: holder)
                self.ledger.opened(opening, by: holder, living: living)
            }
            return assumption
        }
    }

    func open(
        epoch: Epoch,
        holder: Holder,
        living: [Incarnation],
        lending: Duration
    ) async throws(StoreError) -> Opening {
        try await self.call("tenant.open") { () throws(StoreError) in
            let opening = try await self.broken.open(epoch: epoch, holder: holder, living: living, lending: lending)
            self.ledger.used(epoch, for: "opening")
            self.ledger.opened(opening, by: holder, living: living)
            return opening
        }
    }

    func jobs() async throws(StoreError) -> JobsSnapshot {
        try await self.call("jobs.read") { () throws(StoreError) in try await self.store.jobs() }
    }

    // MARK: Working

    /// A pipeline of transactions: the connection may break between two of them.
    func exchange(_ exchange: Exchange) async -> ExchangeReply {
        if let pass = exchange.pass { self.world.checker.claims(pass, of: self.tenant, by: self.process) }
        let survivors = self.world.transactionsBeforeBreak(exchange.settlements.count + 1)
        let delivery = await self.world.network.call(
            from: self.process,
            to: self.server,
            "exchange",
            about: self.tenant.id,
            timeout: Self.timeout
        ) {
            await self.execute(exchange, survivors: survivors)
        }
        switch delivery {
        case .replied(let reply): return reply
        case .unavailable: return self.failed(exchange, StoreError(.unavailable, operation: "exchange"))
        case .unknown: return self.failed(exchange, StoreError(.outcomeUnknown, operation: "exchange"))
        }
    }

    private func execute(_ exchange: Exchange, survivors: Int) async -> ExchangeReply {
        let lost = StoreError(.outcomeUnknown, operation: "exchange")
        var reply = ExchangeReply(settlements: [], pass: nil)
        let store = self.broken
        for (index, settlement) in exchange.settlements.enumerated() {
            guard index < survivors else {
                reply.settlements.append(.failed(lost))
                continue
            }
            let one = await store.exchange(Exchange(settlements: [settlement]))
            guard let result = one.settlements.first else { continue }
            self.ledger.settled(settlement, result, by: self.process)
            reply.settlements.append(result)
        }
        guard let pass = exchange.pass else { return reply }
        guard exchange.settlements.count < survivors else {
            reply.pass = .failure(lost)
            return reply
        }
        reply.pass = await store.exchange(Exchange(pass: pass)).pass
        if case .success(let result)? = reply.pass { self.ledger.passed(pass, result) }
        return reply
    }

    private func failed(_ exchange: Exchange, _ error: StoreError) -> ExchangeReply {
        ExchangeReply(
            settlements: exchange.settlements.map { _ in .failed(error) },
            pass: exchange.pass.map { _ in .failure(error) }
        )
    }

    func cancellations() async throws(StoreError) -> [WorkID] {
        try await self.call("cancellations.read") { () throws(StoreError) in try await self.store.cancellations() }
    }

    func maintain(epoch: Epoch, retention: Retention) async throws(StoreError) {
        try await self.call("maintain") { () throws(StoreError) in
            try await self.store.maintain(epoch: epoch, retention: retention)
        }
    }

    func report(_ progress: [ProgressReport]) async throws(StoreError) {
        try await self.call("progress.report") { () throws(StoreError) in try await self.store.report(progress) }
    }

    /// Handlers of the simulation use none.
    var handlerStore: any HandlerStore { self.store.handlerStore }

    // MARK: Hints

    func signals() async -> AsyncStream<StoreSignal> {
        self.world.hints.signals(await self.store.signals(), of: self.process, from: self.server)
    }

    func setIdle(_ isIdle: Bool) async { await self.store.setIdle(isIdle) }

    func close() async { await self.store.close() }
}
