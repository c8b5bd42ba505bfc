import IOReactor
import InMemoryStores
import TenureCore
import Testing

@testable import Tenure

@Suite("What the watchdog of a node tells", .timeLimit(.minutes(1)))
struct WatchdogEventsTests {
    /// Holds handlers, whether they are cancelled or not.
    private actor Gate {
        private var isOpen = false
        private var waiters: [CheckedContinuation<Void, Never>] = []

        func wait() async {
            guard !self.isOpen else { return }
            await withCheckedContinuation { self.waiters.append($0) }
        }

        func open() {
            self.isOpen = true
            for waiter in self.waiters { waiter.resume() }
            self.waiters = []
        }
    }

    @Test("A handler that does not return, work that waits for its slot, and a tenant that nobody may own")
    func events() async throws {
        var options = NodeOptions(nodeID: try NodeID("node-1"))
        options.runs.maxConcurrent = 1
        options.coordination.heartbeatInterval = .milliseconds(100)
        options.watchdog.overdue = .milliseconds(500)
        options.watchdog.stuck = .milliseconds(500)
        options.watchdog.unowned = .milliseconds(500)
        let gate = Gate()
        var handlers = Handlers()
        handlers.onRaw("*") { _, _ in await gate.wait() }
        let cluster = MemoryCluster(options: options)
        let bus = EventBus(cluster: options.cluster, node: options.nodeID)
        let events = bus.listen(minimum: .warning)
        let runtime = NodeRuntime(
            options: options,
            backends: NodeBackends(
                coordinationReactor: cluster.reactor,
                coordination: cluster.store,
                makeStore: { [acme = cluster.acme] _ in acme.store() },
                closing: {}
            ),
            handlers: handlers,
            events: bus,
            logger: quiet
        )
        var hanging = NewWork(topic: "hang")
        hanging.timeoutMilliseconds = 100
        hanging.priority = 9
        let stuck = try cluster.acme.add(hanging)
        _ = try cluster.acme.add(NewWork(topic: "wait"))
        var pinned = Tenant(id: try TenantID("globex"), connection: "memory")
        pinned.pinnedNode = try NodeID("node-9")
        var news = DiscoveryNews()
        news.added = [Tenant(id: try TenantID("acme"), connection: "memory"), pinned]

        try await runtime.join()
        let seen = await withTaskGroup { group in
            group.addTask { await runtime.run() }
            await runtime.take(news, isComplete: true)
            var seen: [String: ClusterEvent] = [:]
            for await event in events where event.name.hasPrefix("watchdog.") {
                #expect(seen[event.name] == nil, "told again within the cooldown: \(event)")
                seen[event.name] = event
                if seen.count == 3 { break }
            }
            await gate.open()
            group.cancelAll()
            return seen
        }
        cluster.reactor.shutdown()

        let overdue = try #require(seen["watchdog.overdue"])
        #expect(overdue["tenant"] == .string("acme"))
        guard case .number(let lag) = overdue["lag_ms"] else { return #expect(overdue["lag_ms"] != nil) }
        #expect(lag >= 500)
        let late = try #require(seen["watchdog.stuck"])
        #expect(late["tenant"] == .string("acme") && late["topic"] == .string("hang"))
        #expect(late["run_id"] == .string(stuck.description))
        let unowned = try #require(seen["watchdog.unowned"])
        #expect(unowned["tenant"] == .string("globex"))
        #expect(unowned["reason"] == .string("pinned to node node-9, which is not in the cluster"))
    }
}
