import InMemoryStores
import Logging
import Tenure
import TenureCore

/// Starts the nodes' processes, and starts them again when they have ended, as a supervisor does.
final class Processes: @unchecked Sendable {
    // SAFETY: touched on the simulation's thread only.

    private static let logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }

    private let world: World
    private var dice: Dice
    private var lastSerial = 0
    /// Those that have not ended, in order of their start.
    private(set) var all: [SimulatedProcess] = []
    /// The process that belongs to each node; others under its ID are duplicates.
    private(set) var present: [SimulatedProcess?]

    init(_ world: World) {
        self.world = world
        self.dice = Dice(world.scenario.seed, "processes")
        self.present = Array(repeating: nil, count: world.scenario.nodes)
    }

    private var loop: SimulationLoop { self.world.loop }

    private static func nodeID(_ node: Int) -> NodeID {
        // The text is a valid name.
        try! NodeID("n\(node)")
    }

    // MARK: Starting

    func start(_ node: Int) {
        guard self.present[node] == nil else { return }
        self.present[node] = self.launch(node)
    }

    func startDuplicate(_ node: Int) { _ = self.launch(node) }

    private func launch(_ node: Int) -> SimulatedProcess {
        self.lastSerial += 1
        let serial = self.lastSerial
        let id = Self.nodeID(node)
        let world = self.world
        let process = SimulatedProcess(
            node: node,
            id: id,
            serial: serial,
            loop: self.loop,
            rate: 0.999 + self.dice.fraction() * 0.002
        )
        var options = NodeOptions(nodeID: id)
        options.coordination = world.scenario.options
        options.runs.maxConcurrent = 20
        options.runs.maxConcurrentPerTenant = 8
        options.runs.defaultTimeout = .seconds(5)
        let chance = ChanceOfProcess(Dice(world.scenario.seed, "process \(serial)"))
        let runtime = NodeRuntime(
            options: options,
            backends: NodeBackends(
                coordinationReactor: process.thread,
                coordination: SimulatedCoordination(process: process, world: world),
                makeStore: { tenant in
                    guard let simulated = world.tenant(tenant.id) else {
                        preconditionFailure("a tenant that does not exist")
                    }
                    return SimulatedTenantStore(
                        process: process,
                        world: world,
                        tenant: simulated,
                        store: simulated.database.store()
                    )
                },
                closing: {}
            ),
            handlers: world.handlers.handlers(process, world),
            events: EventBus(cluster: options.cluster, node: id),
            logger: Self.logger,
            surroundings: Surroundings(
                clock: MonotonicClock(process.time),
                chance: Chance { chance.next() },
                executor: process.pool
            )
        )
        self.all.append(process)
        self.loop.note("start", node, "\(process)")
        process.start(runtime, discovery: SimulatedDiscovery(world: world, process: process)) {
            self.ended(process)
        }
        return process
    }

    /// A process has ended: by a crash, gracefully, or since it could not join.
    private func ended(_ process: SimulatedProcess) {
        self.all.removeAll { $0 === process }
        self.world.hints.forget(process)
        guard self.present[process.node] === process else { return }
        self.present[process.node] = nil
        // A crashed one is started by whoever let it crash.
        guard !process.isDead else { return }
        self.loop.after(self.dice.milliseconds(200...2500)) { self.start(process.node) }
    }

    // MARK: Stopping

    func crash(_ process: SimulatedProcess, restartAfter pause: Duration) {
        guard process.isAlive else { return }
        self.loop.note("crash", process.node, "\(process)")
        process.crash()
        self.world.hints.forget(process)
        guard self.present[process.node] === process else { return }
        self.present[process.node] = nil
        self.loop.after(pause) { self.start(process.node) }
    }

    func pause(_ process: SimulatedProcess, for duration: Duration) {
        guard process.isAlive, !process.isPaused else { return }
        self.loop.note("pause", process.node, "\(process) for \(duration)")
        process.pause(true)
        self.loop.after(duration) {
            guard process.isPaused else { return }
            self.loop.note("continue", process.node, "\(process)")
            process.pause(false)
        }
    }

    /// A graceful end; it comes back.
    func leave(_ process: SimulatedProcess) {
        guard process.isAlive, !process.isLeaving else { return }
        process.isLeaving = true
        self.loop.note("leave", process.node, "\(process)")
        process.leaving.notify()
    }

    /// Who trusts that it leads.
    var leader: SimulatedProcess? {
        self.all.first { $0.isAlive && $0.runtime?.trustedTerm != nil }
    }

    /// The faults have ended: nothing stands still, and one process of each node is there or comes back.
    func heal() {
        for process in self.all {
            process.event = nil
            if process.isPaused { process.pause(false) }
            if self.present[process.node] !== process { self.crash(process, restartAfter: .zero) }
        }
    }

    /// The simulation is over: everything ends.
    func endAll() {
        for process in self.all { process.crash() }
    }
}

/// The chance of one process.
private final class ChanceOfProcess: @unchecked Sendable {
    // SAFETY: touched on the simulation's thread only.
    private var dice: Dice
    init(_ dice: Dice) { self.dice = dice }
    func next() -> UInt64 { self.dice.next() }
}
