internal import IOReactor
public import Logging
public import ServiceLifecycle
internal import Synchronization

/// One node of a cluster: shares the tenants with the other nodes, and runs what is due in those that it owns.
///
/// ```swift
/// var handlers = Handlers()
/// handlers.on("invoice.send") { (invoice: Invoice, context) in try await send(invoice) }
/// let node = try Node(
///     options: NodeOptions(nodeID: NodeID("node-1")),
///     discovery: RegistryDiscovery(connection: "postgresql://127.0.0.1/registry"),
///     handlers: handlers,
///     logger: Logger(label: "node")
/// )
/// try await ServiceGroup(services: [node], gracefulShutdownSignals: [.sigterm], logger: logger).run()
/// ```
///
/// A graceful shutdown stops claiming, hands every tenant over, lets runs finish until `DrainTimeout`, gives the
/// attempts of the rest back, and leaves the cluster. Cancelling the task ends at once; the others take over after
/// `NodeTimeout`.
public final class Node: Service, Sendable {
    private let options: NodeOptions
    private let discovery: any TenantDiscovery
    private let handlers: Handlers
    private let logger: Logger
    private let bus: EventBus
    private let isStarted = Atomic(false)
    private let leaving = Signal()

    /// Checks the options; does no I/O.
    ///
    /// - Throws: ``InvalidOptions`` with every problem found.
    public init(
        options: NodeOptions,
        discovery: any TenantDiscovery,
        handlers: Handlers,
        logger: Logger
    ) throws(InvalidOptions) {
        let problems = options.problems()
        guard problems.isEmpty else { throw InvalidOptions(problems: problems) }
        self.options = options
        self.discovery = discovery
        self.handlers = handlers
        var logger = logger
        logger[metadataKey: "node"] = "\(options.nodeID)"
        self.logger = logger
        self.bus = EventBus(cluster: options.cluster, node: options.nodeID)
    }

    /// What happens on this node from now on; ends when the node has ended.
    ///
    /// - Parameter minimum: Quieter events are left out. Work that goes on is told at debug level only.
    /// - Returns: A stream that keeps the newest 10,000 events for a slow reader.
    public func events(minimum: ClusterEvent.Level = .info) -> AsyncStream<ClusterEvent> {
        self.bus.listen(minimum: minimum)
    }

    /// Begins a graceful shutdown, for programs that do not use a `ServiceGroup`. ``run()`` returns when it is done.
    public func shutDown() {
        self.leaving.notify()
    }

    /// Joins the cluster and works until it is shut down.
    ///
    /// - Throws: ``NodeError`` when the node ID is in use or Redis cannot be reached at the start.
    public func run() async throws {
        let isFirst = self.isStarted.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged
        precondition(isFirst, "a node runs once")
        defer { self.bus.finish() }
        let backends = try NodeBackends(options: self.options)
        do {
            try await self.run(on: backends)
        } catch {
            await backends.close()
            throw error
        }
        await backends.close()
    }

    private func run(on backends: NodeBackends) async throws {
        let runtime = NodeRuntime(
            options: self.options,
            backends: backends,
            handlers: self.handlers,
            events: self.bus,
            logger: self.logger,
            listing: self.discovery.ownTenants?.listing
        )
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                // Without a service group this waits until the node's task is cancelled, which ends it without leaving.
                if (try? await gracefulShutdown()) != nil { self.leaving.notify() }
            }
            try await runtime.serve(
                discovery: self.discovery,
                interval: self.options.discoveryInterval,
                until: self.leaving
            )
            group.cancelAll()
        }
    }
}

extension NodeOptions {
    /// What is impossible in these options, one sentence each; empty when they can be used.
    public func problems() -> [String] {
        var problems = self.coordination.problems()
        func require(_ isPossible: Bool, _ problem: String) {
            if !isPossible { problems.append(problem) }
        }
        require(
            (1...100_000).contains(self.runs.maxConcurrent),
            "runs.max_concurrent is \(self.runs.maxConcurrent): use 1 to 100,000"
        )
        require(
            (1...100_000).contains(self.runs.maxConcurrentPerTenant),
            "runs.max_concurrent_per_tenant is \(self.runs.maxConcurrentPerTenant): use 1 to 100,000"
        )
        require(
            (1...10_000).contains(self.runs.batchSize),
            "runs.batch_size is \(self.runs.batchSize): use 1 to 10,000"
        )
        require(self.runs.defaultTimeout > .zero, "runs.default_timeout must be longer than nothing")
        require(
            self.runs.retention >= .seconds(3600),
            "runs.retention is \(self.runs.retention): keep at least one hour of history"
        )
        require(
            self.connections.perServer >= 3,
            "connections.per_server is \(self.connections.perServer): opening, claiming and housekeeping need 3"
        )
        require(self.connections.perDatabase >= 1, "connections.per_database must be at least 1")
        problems += self.retention.problems()
        problems += self.watchdog.problems()
        require(self.discoveryInterval >= .milliseconds(100), "discovery interval must be at least 100 ms")
        require(self.capacity > 0 && self.capacity.isFinite, "capacity is \(self.capacity): use a number above 0")
        return problems
    }
}
