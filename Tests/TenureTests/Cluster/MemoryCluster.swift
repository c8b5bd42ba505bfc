import IOReactor
import InMemoryStores
import TenureCore

@testable import Tenure

/// A cluster in memory: the coordination store, and one tenant, `acme`.
struct MemoryCluster: Sendable {
    let clock = MonotonicClock()
    let store: InMemoryCoordinationStore
    let acme: InMemoryTenant
    let reactor = IOReactor(name: "test")
    let options: NodeOptions

    /// - Parameter options: Of all nodes; each has a name of its own.
    init(options: NodeOptions) {
        let clock = self.clock
        self.options = options
        self.store = InMemoryCoordinationStore { clock.now }
        self.acme = InMemoryTenant {
            ServerTime(microseconds: 1_767_225_600_000_000).advanced(by: MonotonicInstant.zero.duration(to: clock.now))
        }
    }

    /// Makes a node's agent, with the handlers that do nothing and with gauges that a test sets.
    func member(_ name: String) throws -> Member {
        try Member(name, of: self)
    }

    /// Who holds the tenant, and under which epoch.
    func holder() async throws -> (node: NodeID, epoch: Epoch)? {
        guard let lock = try await self.store.state().locks[try TenantID("acme")] else { return nil }
        return (lock.holder.node, lock.epoch)
    }

    /// A node without discovery and probe.
    struct Member: Sendable {
        let agent: ClusterAgent
        let gauges = NodeGauges()
        let events: EventBus
        private let hosted: AsyncStream<TenantScheduler>

        init(_ name: String, of cluster: MemoryCluster) throws {
            let id = try NodeID(name)
            let (clock, options, gauges) = (cluster.clock, cluster.options, self.gauges)
            let (hosted, host) = AsyncStream.makeStream(of: TenantScheduler.self)
            let events = EventBus(cluster: options.cluster, node: id)
            let living = LivingSet()
            let environment = SchedulerEnvironment(
                handlers: Handlers(),
                runs: options.runs,
                retention: Retention(runs: options.runs.retention),
                autoMigrate: true,
                dispatcher: Dispatcher(runs: options.runs, selection: options.selection, clock: clock),
                surroundings: Surroundings(clock: clock),
                events: events,
                logger: quiet,
                gauges: gauges,
                makeStore: { [acme = cluster.acme] _ in acme.store() },
                preparing: SchedulerEnvironment.preparing(clock),
                living: living,
                drainTimeout: options.coordination.drainTimeout
            )
            self.events = events
            self.hosted = hosted
            self.agent = ClusterAgent(
                store: cluster.store,
                reactor: cluster.reactor,
                configuration: AgentConfiguration(
                    descriptor: NodeDescriptor(
                        id: id,
                        incarnation: Incarnation("\(name)-1"),
                        host: "test",
                        pid: 1,
                        version: TenureVersion.current,
                        capacity: 1,
                        maxTenants: 0,
                        labels: [:]
                    ),
                    options: options.coordination,
                    watchdog: options.watchdog,
                    maxSlots: options.runs.maxConcurrent,
                    placement: options.placement,
                    clock: clock,
                    events: events,
                    logger: quiet,
                    living: living,
                    gauges: gauges,
                    preparing: environment.preparing,
                    newIncarnation: { Incarnation("\(name)-2") },
                    host: { tenant, holder, report in
                        let scheduler = TenantScheduler(
                            tenant: tenant,
                            holder: holder,
                            environment: environment,
                            report: report
                        )
                        host.yield(scheduler)
                        return scheduler
                    },
                    rediscover: {}
                )
            )
        }

        /// Joins, knows the tenant, and serves until the task is cancelled.
        func run() async throws {
            try await self.agent.join()
            let acme = Tenant(id: try TenantID("acme"), connection: "memory")
            await self.agent.catalogChanged([acme], removed: [], isComplete: true)
            await withDiscardingTaskGroup { group in
                group.addTask { await self.agent.run() }
                for await scheduler in self.hosted {
                    group.addTask { await scheduler.run() }
                }
            }
        }

        /// Whether the node has nothing to do with any tenant.
        var holdsNothing: Bool {
            get async { await self.agent.machines.isEmpty }
        }

        /// Lets the node's executor appear to stand still, or to make progress again.
        func setStalled(_ isStalled: Bool) {
            let longAgo = MonotonicInstant.zero.advanced(by: .seconds(-60))
            self.gauges.noteProgress(at: isStalled ? longAgo : .distantFuture)
        }
    }
}
