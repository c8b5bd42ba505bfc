import InMemoryStores
import Logging
import Tenure
import TenureCore

/// Everything around the simulated processes: servers, network, tenants with their users, the list of tenants.
final class World: @unchecked Sendable {
    // SAFETY: made, used and dropped on the simulation's thread.

    let scenario: Scenario
    let loop: SimulationLoop
    let pool: SimulatedPool
    let network: Network
    let redis: RedisServer
    let servers: [PostgresServer]
    let tenants: [SimulatedTenant]
    let hints: Hints
    let checker: Checker
    let defects: Defects
    let handlers: SimulatedHandlers
    private var dice: Dice

    /// What the registry answers until then.
    var discoveryFailsUntil = MonotonicInstant.zero
    var discoveryIsEmptyUntil = MonotonicInstant.zero
    /// Extra time that opening takes on a node.
    var openingDelays: [Int: (by: Duration, until: MonotonicInstant)] = [:]
    /// Whether faults have ended.
    var isQuiet = false

    init(_ scenario: Scenario) {
        let loop = SimulationLoop(seed: scenario.seed)
        self.scenario = scenario
        self.loop = loop
        self.pool = SimulatedPool(loop, number: 0)
        self.network = Network(loop, pool: self.pool, seed: scenario.seed, faults: scenario.messages)
        self.redis = RedisServer(loop, pool: self.pool)
        let servers = (0..<scenario.databases).map { PostgresServer(loop, number: $0) }
        self.servers = servers
        let checker = Checker(loop)
        self.checker = checker
        self.tenants = (0..<scenario.tenants).map { index in
            let id = Self.tenantID(index)
            let ledger = TenantLedger(
                id,
                now: { loop.now },
                isKnown: { checker.isKnown($0) },
                report: { checker.report($0, $1, $2) }
            )
            return SimulatedTenant(id, index: index, server: servers[index % servers.count], ledger: ledger)
        }
        self.hints = Hints(self.network)
        self.defects = Defects(active: scenario.defects)
        self.dice = Dice(scenario.seed, "world")
        self.handlers = SimulatedHandlers(loop, seed: scenario.seed, failureRate: scenario.workload.failureRate)
        let redis = self.redis
        checker.redis = { redis }
        self.redis.onWakeup = { [hints] wakeup, set in
            hints.publish(wakeup) { redis.dataSet(for: $0.node) === set }
        }
    }

    private static func tenantID(_ index: Int) -> TenantID {
        // The text is a valid name.
        try! TenantID(index < 10 ? "t0\(index)" : "t\(index)")
    }

    func tenant(_ id: TenantID) -> SimulatedTenant? { self.tenants.first { $0.id == id } }

    /// Where a pipeline breaks: how many of its transactions are executed. Seldom fewer than all.
    func transactionsBeforeBreak(_ count: Int) -> Int {
        guard count > 1, !self.isQuiet, self.scenario.messages.lostReply > 0, self.dice.happens(0.01) else {
            return count
        }
        self.network.count.add(.lostTransaction)
        return self.dice.index(below: count)
    }

    /// Connecting and migrating take a moment, or long.
    func openingDelay(_ process: SimulatedProcess) async throws(StoreError) {
        guard let delay = self.openingDelays[process.node], delay.until > self.loop.now, !process.isDead else { return }
        // The loop's sleep is cancelled with the task; opening then fails as every request of a dead process does.
        try? await self.loop.sleep(for: delay.by)
    }
}

/// The registry of tenants as a node sees it.
struct SimulatedDiscovery: TenantDiscovery {
    struct Failure: Error {}

    let world: World
    let process: SimulatedProcess

    func discover() async throws -> DiscoveredTenants {
        try await self.world.loop.sleep(for: .milliseconds(2))
        guard !self.process.isDead, self.world.discoveryFailsUntil <= self.world.loop.now else {
            self.world.network.count.add(.discovery)
            if self.world.defects.has(.discoveryErrorDropsTenants) {
                return DiscoveredTenants([], inactive: Set(self.world.tenants.map(\.id)))
            }
            throw Failure()
        }
        if self.world.discoveryIsEmptyUntil > self.world.loop.now {
            self.world.network.count.add(.discovery)
            return DiscoveredTenants([])
        }
        return DiscoveredTenants(
            self.world.tenants.filter { !$0.isRemoved }.map(\.tenant),
            inactive: Set(self.world.tenants.filter(\.isRemoved).map(\.id))
        )
    }
}
