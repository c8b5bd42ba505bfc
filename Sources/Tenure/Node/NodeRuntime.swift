internal import Foundation
internal import IOReactor
package import Logging

/// The running parts of a node, put together: the cluster agent on its reactor, and the tenant schedulers, which it
/// makes, on the cooperative pool.
package final class NodeRuntime: Sendable {
    /// How often the probe shows that the cooperative pool makes progress.
    private static let probeInterval = Duration.milliseconds(250)

    private static let hostName = ProcessInfo.processInfo.hostName

    private let clock: MonotonicClock
    /// Asked for when the agent meets a tenant that it does not know.
    private let discoveryRequests: AsyncStream<Void>
    private let agent: ClusterAgent
    private let gauges: NodeGauges
    private let hosted: AsyncStream<TenantScheduler>
    private let events: EventBus

    package init(
        options: NodeOptions,
        backends: NodeBackends,
        handlers: Handlers,
        events: EventBus,
        logger: Logger,
        surroundings: Surroundings = Surroundings(),
        listing: TenantListing? = nil
    ) {
        let clock = surroundings.clock
        let newIncarnation = { @Sendable in Incarnation(surroundings.chance.name()) }
        let gauges = NodeGauges()
        let living = LivingSet()
        // Unbounded in name only: one element for each tenant that comes to this node.
        let (hosted, host) = AsyncStream.makeStream(of: TenantScheduler.self)
        let (requests, request) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let environment = SchedulerEnvironment(
            handlers: handlers,
            runs: options.runs,
            retention: Retention(runs: options.runs.retention, others: options.retention),
            autoMigrate: options.autoMigrate,
            dispatcher: Dispatcher(runs: options.runs, selection: options.selection, clock: clock),
            surroundings: surroundings,
            events: events,
            logger: logger,
            gauges: gauges,
            makeStore: backends.makeStore,
            preparing: SchedulerEnvironment.preparing(clock),
            living: living,
            drainTimeout: options.coordination.drainTimeout
        )
        self.clock = clock
        self.gauges = gauges
        self.hosted = hosted
        self.events = events
        self.discoveryRequests = requests
        self.agent = ClusterAgent(
            store: backends.coordination,
            reactor: backends.coordinationReactor,
            configuration: AgentConfiguration(
                descriptor: Self.descriptor(options, newIncarnation(), listing),
                options: options.coordination,
                watchdog: options.watchdog,
                maxSlots: options.runs.maxConcurrent,
                placement: options.placement,
                clock: clock,
                events: events,
                logger: logger,
                living: living,
                gauges: gauges,
                preparing: environment.preparing,
                newIncarnation: newIncarnation,
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
                rediscover: { request.yield() }
            )
        )
    }

    /// Joins the cluster and works, until it is told to leave or its task is cancelled.
    ///
    /// - Parameter leaving: Notified once, when the node is to hand everything over and leave.
    /// - Throws: ``NodeError`` when the node ID is in use or Redis cannot be reached at the start.
    package func serve(discovery: any TenantDiscovery, interval: Duration, until leaving: Signal) async throws {
        try await self.join()
        let watch = DiscoveryWatch(
            discovery: discovery,
            interval: interval,
            clock: self.clock,
            events: self.events,
            requests: self.discoveryRequests
        )
        await withDiscardingTaskGroup { group in
            group.addTask { await self.run() }
            group.addTask { await watch.run { await self.take($0, isComplete: $1) } }
            await leaving.wait()
            if !Task.isCancelled { await self.leave() }
            group.cancelAll()
        }
    }

    /// The term under which this node trusts, this moment, that it leads.
    ///
    /// - Precondition: Called on the coordination executor, where a simulation is all the time.
    package var trustedTerm: Term? {
        self.agent.assumeIsolated { agent in agent.election.term(at: agent.now) }
    }

    /// Registers the node.
    func join() async throws {
        do {
            try await self.agent.join()
        } catch let error as CoordinationError {
            throw NodeError.redisUnreachable("\(error)")
        }
    }

    /// Serves until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.agent.run() }
            group.addTask { await self.probe() }
            for await scheduler in self.hosted {
                group.addTask { await scheduler.run() }
            }
        }
    }

    /// Leaves the cluster, as gracefully as the drain timeout allows.
    func leave() async {
        await self.agent.leave()
    }

    /// Takes over what the discovery found out.
    func take(_ news: DiscoveryNews, isComplete: Bool) async {
        for event in news.events { self.events.emit(event.name, event.fields) }
        for tenant in news.added { self.events.emit(.tenantDiscovered, [.tenant(tenant.id)]) }
        for change in news.changed { self.events.emit(.tenantChanged, [.tenant(change.after.id)]) }
        for removal in news.removed {
            self.events.emit(.tenantRemoved, [.tenant(removal.tenant.id), .text("reason", removal.reason.rawValue)])
        }
        await self.agent.catalogChanged(
            news.added + news.changed.map(\.after),
            removed: Set(news.removed.map(\.tenant.id)),
            isComplete: isComplete
        )
    }

    /// Shows that handlers leave the pool's threads some time; the agent looks from outside.
    private func probe() async {
        while !Task.isCancelled {
            self.gauges.noteProgress(at: self.clock.now)
            // Ends by cancellation only.
            try? await self.clock.sleep(for: Self.probeInterval)
        }
    }

    private static func descriptor(
        _ options: NodeOptions,
        _ incarnation: Incarnation,
        _ listing: TenantListing?
    ) -> NodeDescriptor {
        NodeDescriptor(
            id: options.nodeID,
            incarnation: incarnation,
            host: Self.hostName,
            pid: ProcessInfo.processInfo.processIdentifier,
            version: TenureVersion.current,
            capacity: options.capacity,
            maxTenants: options.coordination.maxSchedulesPerNode,
            labels: options.labels,
            listing: listing
        )
    }
}
