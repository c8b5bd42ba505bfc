import Foundation
import InMemoryStores
import TenureCore

/// What came of one simulation.
package struct SimulationResult: Sendable {
    package let seed: UInt64
    /// The first promise that was broken, if one was.
    package let violation: Violation?
    /// The same for every run of the same scenario.
    package let hash: TraceHash
    package let steps: Int
    package let faults: FaultCount
    /// How long it took in the simulation.
    package let duration: Duration
    /// Runs that ended for good.
    package let completions: Int
    /// Terms that were given.
    package let elections: Int
    /// Locks that nobody passed on to their new holder.
    package let takeovers: Int
    /// Locks that were passed on.
    package let moves: Int
    /// What happened, if it was asked for.
    package let trace: [String]
}

/// Runs a scenario: trouble for a while, then peace, in which everything must become as it should be.
package final class Simulation {
    private let scenario: Scenario
    private let world: World
    private let processes: Processes
    private let injector: FaultInjector
    private let users: Users

    /// - Parameter trace: Whether to keep what happens.
    package init(_ scenario: Scenario, trace: Bool = false) {
        self.scenario = scenario
        self.world = World(scenario)
        self.processes = Processes(self.world)
        self.injector = FaultInjector(self.world, self.processes)
        self.users = Users(self.world)
        if trace { self.world.loop.lines = [] }
    }

    /// Runs it on a thread of its own.
    package static func result(of scenario: Scenario, trace: Bool = false) async -> SimulationResult {
        await withCheckedContinuation { continuation in
            let thread = Thread { continuation.resume(returning: Simulation(scenario, trace: trace).run()) }
            thread.stackSize = 16 << 20
            thread.start()
        }
    }

    /// Runs it on this thread.
    package func run() -> SimulationResult {
        let loop = self.world.loop
        loop.afterJob = { [world, processes] lane in
            guard lane.number > 1 else { return }
            if lane.order == .serial { world.checker.checkLeaders(processes.all) }
            processes.all.first { $0.serial == lane.number / 2 }?.stepped()
        }
        self.world.redis.start()
        self.users.start()
        self.injector.start()
        for node in 0..<self.scenario.nodes {
            loop.after(.milliseconds(node * 37)) { self.processes.start(node) }
        }
        let end = MonotonicInstant.zero.advanced(by: self.scenario.duration)
        loop.run(until: end) { self.world.checker.violation != nil }
        if self.world.checker.violation == nil { self.settle() }
        self.processes.endAll()
        let limit = loop.now.advanced(by: .seconds(60))
        loop.run(until: limit) { self.processes.all.isEmpty }
        return SimulationResult(
            seed: self.scenario.seed,
            violation: self.world.checker.violation,
            hash: loop.hash,
            steps: loop.steps,
            faults: self.world.network.count,
            duration: MonotonicInstant.zero.duration(to: loop.now),
            completions: self.world.tenants.reduce(0) { $0 + $1.ledger.completions },
            elections: self.world.checker.elections,
            takeovers: self.world.checker.takeovers,
            moves: self.world.checker.moves,
            trace: loop.lines ?? []
        )
    }

    // MARK: Peace

    private func settle() {
        let loop = self.world.loop
        loop.note("PEACE", 0, "")
        self.world.isQuiet = true
        self.world.network.mendAll()
        self.world.redis.heal()
        self.world.hints.resubscribe()
        self.world.openingDelays = [:]
        self.world.discoveryFailsUntil = .zero
        self.world.discoveryIsEmptyUntil = .zero
        self.processes.heal()
        let limit = loop.now.advanced(by: self.scenario.patience)
        var problem: String? = "nobody looked"
        while problem != nil, self.world.checker.violation == nil, loop.now < limit {
            loop.run(until: loop.now.advanced(by: .seconds(1))) { self.world.checker.violation != nil }
            problem = self.problem()
        }
        if let problem { self.world.checker.report(.notSettled, nil, problem) }
        for tenant in self.world.tenants { tenant.ledger.close(tenant.database.contents, at: tenant.server.now) }
    }

    /// What is not yet as it should be; `nil` when everything is.
    private func problem() -> String? {
        guard let state = self.state() else { return "Redis did not answer" }
        let live = self.processes.present.compactMap { $0 }.filter { $0.isAlive && !$0.isLeaving }
        guard live.count == self.scenario.nodes else { return "\(live.count) nodes run" }
        guard state.nodes.count == self.scenario.nodes else { return "\(state.nodes.count) nodes are registered" }
        guard state.leader != nil else { return "nobody leads" }
        if let move = state.moves.values.min(by: { $0.tenant < $1.tenant }) { return "tenant \(move.tenant) is moving" }
        var load: [NodeID: Int] = [:]
        for tenant in self.world.tenants where !tenant.isRemoved {
            if let problem = self.problem(of: tenant, state) { return problem }
            if let owner = state.owners[tenant.id] { load[owner, default: 0] += 1 }
        }
        let counts = state.nodes.keys.map { load[$0] ?? 0 }
        let spread = (counts.max() ?? 0) - (counts.min() ?? 0)
        let mean = Double(counts.reduce(0, +)) / Double(max(1, counts.count))
        if spread > 1, Double(spread) > self.scenario.options.rebalancingThreshold * mean {
            return "the load is uneven: \(counts.sorted())"
        }
        return nil
    }

    private func problem(of tenant: SimulatedTenant, _ state: ClusterState) -> String? {
        guard let lock = state.locks[tenant.id] else { return "nobody holds tenant \(tenant.id)" }
        guard state.nodes[lock.holder.node]?.incarnation == lock.holder.incarnation else {
            return "tenant \(tenant.id) is held by \(lock.holder), which is not registered"
        }
        guard state.owners[tenant.id] == lock.holder.node else {
            return "tenant \(tenant.id) is assigned to \(state.owners[tenant.id] as Any), and \(lock.holder) holds it"
        }
        guard tenant.ledger.owner == lock.holder, tenant.ledger.epoch == lock.epoch else {
            return "the fence of tenant \(tenant.id) has epoch \(tenant.ledger.epoch), its lock \(lock.epoch)"
        }
        let contents = tenant.database.contents
        let now = tenant.server.now
        if let late = contents.work.first(where: { $0.item.dueAt.advanced(by: .seconds(5)) < now }) {
            return "run \(late.item.id) of tenant \(tenant.id) has been due since \(late.item.dueAt), it is \(now)"
        }
        for job in contents.jobs where !job.definition.isPaused {
            if let due = job.definition.nextDue, due.advanced(by: .seconds(5)) < now {
                return "job \(job.definition.name) of tenant \(tenant.id) has been due since \(due), it is \(now)"
            }
        }
        return nil
    }

    /// The present state, read at this moment.
    private func state() -> ClusterState? {
        let box = Box<ClusterState>()
        let store = self.world.redis.primary.store
        Task(executorPreference: self.world.pool) {
            // It is there: nothing else was simulated.
            box.value = try? await store.state()
        }
        self.world.loop.run(until: self.world.loop.now) { box.value != nil }
        return box.value
    }

    private final class Box<Value>: @unchecked Sendable {
        // SAFETY: touched on the simulation's thread only.
        var value: Value?
    }

}
