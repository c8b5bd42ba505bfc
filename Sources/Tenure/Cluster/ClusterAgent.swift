internal import IOReactor
internal import Logging

/// Speaks for this node in the cluster: registers it, sends heartbeats, takes part in elections, plans when it leads,
/// and keeps one ``TenancyMachine`` for each tenant that concerns it.
///
/// It lives on the coordination reactor's thread, where its connections are too: no handler, however busy or blocking,
/// can delay a heartbeat. It decides nothing by itself: every decision is a pure machine's or planner's, and this shell
/// performs what they say.
actor ClusterAgent {
    /// What is sent to the store, each in a task of its own so that a slow answer delays nothing else.
    enum Request: Sendable {
        case tenancy(TenantID, TenancyMachine.Action)
        case election(ElectionMachine.Action)
        case heartbeat
        case assignment
        case plan
    }

    struct Hosting {
        let scheduler: TenantScheduler
        let serial: UInt64
        var isTroubled = false
        var unhandledTopics: [String] = []
    }

    nonisolated let reactor: any DeadlineExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { self.reactor.asUnownedSerialExecutor() }

    let store: any CoordinationStore
    let configuration: AgentConfiguration
    let log: Logger

    var descriptor: NodeDescriptor
    var generation: String?
    var isRegistered = false
    var lastNews: MonotonicInstant?
    var isRedisLost = false

    var catalog: [TenantID: Tenant] = [:]
    /// Looks of the discovery that gave a complete answer.
    var completeLooks = 0
    var machines: [TenantID: TenancyMachine] = [:]
    var hostings: [TenantID: Hosting] = [:]
    /// Schedulers that are still running, retired ones included.
    var running: Set<UInt64> = []
    var lastSerial: UInt64 = 0
    var trust: LeaseTrust
    /// Tenants that the discovery has confirmed to be gone.
    var removedTenants: Set<TenantID> = []
    /// The highest epoch that this node has held each tenant under.
    var lastEpochs: [TenantID: Epoch] = [:]
    /// Who held a tenant that this node waits for, and when that node was last seen alive.
    var previousOwners: [TenantID: (node: NodeID, lastSeen: MonotonicInstant)] = [:]
    /// Moves to this node whose tenants are prepared. One at a time is reported: from then on the tenant waits for the
    /// lock to be passed and the fence to be installed, and nothing should compete with that.
    var readyMoves: [(tenant: TenantID, move: String)] = []
    var reportedMove: TenantID?
    var reportTimer: DeadlineID?
    /// Before this instant no further tenant is let go of.
    var nextStopAt: MonotonicInstant = .zero
    /// Since when the next move waits for a moment in which nothing is due.
    var waitsForQuietSince: MonotonicInstant?
    /// When this node was about to say that it is ready for a tenant: a lock that is passed to it was passed later.
    var readyAt: [TenantID: MonotonicInstant] = [:]
    var timers: [TenantID: DeadlineID] = [:]

    var knownOwnersVersion: Int64 = -1
    var isReadingAssignment = false
    var mustReadAssignmentAgain = false

    var election: ElectionMachine
    var electionTimer: DeadlineID?
    var detector: LivenessDetector
    var planner: ClusterPlanner
    var memory = PlannerMemory()
    /// The last term of this node as the leader.
    var ledTerm: Term?
    var electedAt: MonotonicInstant = .zero
    var isPlanning = false
    var mustPlanAgain = false
    /// Whether another node can use its databases, as of the last plan.
    var othersAreWell = false
    var planTimer: DeadlineID?
    var lastStarted: (count: Int64, at: MonotonicInstant)?
    var watchdog: Watchdog
    /// Why nobody owns these tenants, as of the last plan of this node.
    var unowned: [TenantID: String] = [:]

    var leaveDeadline: MonotonicInstant?
    /// Whether this node leaves and nobody is there to take over.
    var isAbandoning = false
    /// Tenants that this node lets go of while it leaves, because no other one can take them over.
    var abandonedTenants: Set<TenantID> = []
    nonisolated let changed: Signal

    private let requests: AsyncStream<Request>
    let send: AsyncStream<Request>.Continuation
    private let reports: AsyncStream<(TenantID, UInt64, TenantReport)>
    private let reporter: AsyncStream<(TenantID, UInt64, TenantReport)>.Continuation

    init(store: any CoordinationStore, reactor: any DeadlineExecutor, configuration: AgentConfiguration) {
        self.store = store
        self.reactor = reactor
        self.configuration = configuration
        self.log = configuration.logger
        self.changed = Signal(clock: configuration.clock)
        self.descriptor = configuration.descriptor
        let options = configuration.options
        self.trust = LeaseTrust(lockDuration: options.lockDuration, safetyMargin: options.safetyMargin)
        self.election = ElectionMachine(
            node: configuration.descriptor.id,
            parameters: ElectionMachine.Parameters(options, node: configuration.descriptor.id)
        )
        self.detector = LivenessDetector(
            heartbeatInterval: options.heartbeatInterval,
            nodeTimeout: options.nodeTimeout
        )
        self.planner = ClusterPlanner(options: options, strategy: configuration.placement)
        self.watchdog = Watchdog(options: configuration.watchdog)
        // Bounded by what is in flight: a few requests per tenant, one report per step of a scheduler.
        (self.requests, self.send) = AsyncStream.makeStream()
        (self.reports, self.reporter) = AsyncStream.makeStream()
    }

    var now: MonotonicInstant { self.configuration.clock.now }
    var options: CoordinationOptions { self.configuration.options }
    var holder: Holder { Holder(node: self.descriptor.id, incarnation: self.descriptor.incarnation) }

    /// By tenant: who is told something first must not depend on chance.
    var orderedHostings: [Hosting] {
        self.hostings.sorted { $0.key < $1.key }.map(\.value)
    }

    func emit(_ name: EventName, _ fields: [ClusterEvent.Field] = []) {
        self.configuration.events.emit(name, fields)
    }

    // MARK: Life

    /// Registers the node. Throws when its ID is in use, or when Redis cannot be reached.
    func join() async throws {
        try await self.register()
        self.emit(.nodeJoined, [.text("incarnation", "\(self.descriptor.incarnation)")])
    }

    /// Serves until the task is cancelled.
    func run() async {
        let wakeups = await self.store.wakeups()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.beat() }
            group.addTask { await self.listen(to: wakeups) }
            group.addTask { await self.publishEvents() }
            group.addTask {
                for await (tenant, serial, report) in self.reports {
                    await self.take(report, of: tenant, serial: serial)
                }
            }
            self.perform(self.election.handle(.started, at: self.now))
            for await request in self.requests {
                group.addTask { await self.serve(request) }
            }
            group.cancelAll()
        }
    }

    private func serve(_ request: Request) async {
        switch request {
        case .tenancy(let tenant, let action): await self.serve(action, of: tenant)
        case .election(let action): await self.serve(action)
        case .heartbeat: await self.heartbeat()
        case .assignment: await self.readAssignment()
        case .plan: await self.plan()
        }
    }

    nonisolated func report(_ tenant: TenantID, _ serial: UInt64, _ report: TenantReport) {
        self.reporter.yield((tenant, serial, report))
    }

    /// Runs a body on the agent when an instant has come.
    func schedule(
        at instant: MonotonicInstant,
        _ body: @escaping @Sendable (isolated ClusterAgent) -> Void
    ) -> DeadlineID {
        self.reactor.schedule(at: self.configuration.clock.instant(instant)) {
            self.assumeIsolated { body($0) }
        }
    }

    private func publishEvents() async {
        for await event in self.configuration.events.listen(minimum: .info) {
            // An event that cannot be stored was printed all the same; Redis is away, and says so itself.
            _ = try? await self.store.append(event)
        }
    }

    // MARK: Wake-ups

    private func listen(to wakeups: AsyncStream<Wakeup>) async {
        for await wakeup in wakeups {
            switch wakeup {
            case .assignmentChanged:
                self.refreshAssignment()
                self.replan()
            case .leadershipReleased:
                self.perform(self.election.handle(.leadershipReleased, at: self.now))
            case .lockPassed(let tenant, let to, let from, let epoch, let lastClaim):
                if to == self.holder { self.lockPassed(tenant, from: from.node, epoch: epoch, lastClaim: lastClaim) }
                // A place among the moves in flight is free.
                self.replan()
            case .work(let tenant):
                self.hostings[tenant]?.scheduler.mailbox.hint()
            case .requested:
                self.replan()
            case .resubscribed:
                self.refreshAssignment()
                self.replan()
                for hosting in self.orderedHostings { hosting.scheduler.mailbox.hint() }
            }
        }
    }
}
