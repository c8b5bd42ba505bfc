import Foundation
import IOReactor
import RedisClient
import RedisCoordination
import Tenure
import TenureCore
import TestSupport
import Testing

@Suite("ClusterClient on Redis", .needsRedis, .timeLimit(.minutes(1)))
struct ClusterClientTests {
    private let holder: Holder
    private let tenant: TenantID

    init() throws {
        self.holder = Holder(node: try NodeID("node-1"), incarnation: Incarnation("i-1"))
        self.tenant = try TenantID("acme")
    }

    /// Runs a body with a client and a store of one cluster of its own, in which a node leads and knows a tenant.
    private func withCluster(
        _ body: (ClusterClient, RedisCoordinationStore, Term) async throws -> Void
    ) async throws {
        let url = try Servers.requireRedis()
        let cluster = try ClusterName("test-\(UUID().uuidString.prefix(8))")
        let reactor = IOReactor(name: "test")
        let store = RedisCoordinationStore(
            reactor: reactor,
            configuration: .init(url: try RedisURL(url), cluster: cluster, keyPrefix: "tenure-client-tests:")
        )
        let client = try ClusterClient(redisURL: url, cluster: cluster, keyPrefix: "tenure-client-tests:")
        let result: Result<Void, any Error>
        do {
            let node = NodeDescriptor(
                id: self.holder.node,
                incarnation: self.holder.incarnation,
                host: "here",
                pid: 1,
                version: "1"
            )
            _ = try await store.register(node, replacing: nil)
            let reply = try await store.acquireLeadership(
                self.holder,
                highestTermSeen: .none,
                lease: .seconds(60)
            )
            guard case .acquired(let term) = reply else { throw Servers.Missing(description: "no leadership") }
            try await store.publishTenants([TenantDescriptor(id: self.tenant)], removing: [], term: term)
            try await body(client, store, term)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await client.close()
        await store.close()
        reactor.shutdown()
        try result.get()
    }

    private func event(_ name: String) -> ClusterEvent {
        ClusterEvent(name: name, level: .info, time: 0, cluster: "test", node: "node-1", fields: [])
    }

    @Test("The state shows the node that leads and the tenant")
    func status() async throws {
        try await self.withCluster { client, _, _ in
            let state = try await client.status()

            #expect(state.leader?.holder == self.holder)
            #expect(state.tenants.keys.map(\.self) == [self.tenant])
        }
    }

    @Test("A node is drained and undrained; an unknown one is told")
    func drain() async throws {
        try await self.withCluster { client, _, _ in
            let drained = try await client.drain(self.holder.node)
            let draining = try await client.status().nodes[self.holder.node]?.state
            let undrained = try await client.undrain(self.holder.node)
            let active = try await client.status().nodes[self.holder.node]?.state
            let unknown = try await client.drain(try NodeID("node-9"))

            #expect(drained && undrained && !unknown)
            #expect(draining == .draining)
            #expect(active == .active)
        }
    }

    @Test("Requests wait for the leader, who is seen to serve them")
    func requests() async throws {
        try await self.withCluster { client, store, term in
            let rebalance = try await client.rebalance()
            let move = try await client.move(self.tenant, to: self.holder.node)
            let waiting = try await client.status().requests
            let early = try await client.waitUntilServed(move, timeout: .zero)

            var changes = PlanChanges()
            changes.served = [rebalance, move]
            try await store.apply(changes, term: term)

            #expect(waiting.map(\.id) == [rebalance, move])
            #expect(waiting.map(\.kind) == [.rebalance, .move])
            #expect(!early)
            #expect(try await client.waitUntilServed(move, timeout: .zero))
        }
    }

    @Test("Moving an unknown tenant, or to an unknown node, is a typed error")
    func unknown() async throws {
        try await self.withCluster { client, _, _ in
            let node = try NodeID("node-9")

            await #expect(throws: UnknownTenant("globex")) {
                try await client.move(try TenantID("globex"), to: self.holder.node)
            }
            await #expect(throws: UnknownNode(node)) { try await client.move(self.tenant, to: node) }
            #expect(try await client.status().requests == [])
        }
    }

    @Test("Events are followed in order, those that are kept first")
    func follow() async throws {
        try await self.withCluster { client, store, _ in
            _ = try await store.append(self.event("one"))
            let second = try await store.append(self.event("two"))
            var all = client.follow(interval: .milliseconds(10)).makeAsyncIterator()
            var later = client.follow(after: second, interval: .milliseconds(10)).makeAsyncIterator()

            #expect(try await all.next()?.event.name == "one")
            #expect(try await all.next()?.id == second)
            #expect(try await client.lastEventID() == second)
            _ = try await store.append(self.event("three"))
            #expect(try await all.next()?.event.name == "three")
            #expect(try await later.next()?.event.name == "three")
        }
    }

    @Test("A router's enqueue wakes the owner", .needsPostgres)
    func hint() async throws {
        try await withDatabase { database in
            try await self.withCluster { client, store, _ in
                var wakeups = await store.wakeups().makeAsyncIterator()
                // The first element says that the subscription works.
                #expect(await wakeups.next() == .resubscribed)
                let router = TenantRouter(
                    discovery: StaticDiscovery(Tenant(id: self.tenant, connection: database.url)),
                    hints: client
                )
                let tenant = try await router.client(for: self.tenant)
                try await tenant.migrate()

                try await tenant.enqueue("a")
                await router.close()

                #expect(await wakeups.next() == .work(self.tenant))
            }
        }
    }

    @Test("A URL that cannot be used is refused at once, a server that cannot be reached at the first call")
    func unreachable() async throws {
        let bad = #expect(throws: CoordinationError.self) { try ClusterClient(redisURL: "http://nowhere") }
        let client = try ClusterClient(redisURL: "redis://127.0.0.1:1")
        let down = await #expect(throws: CoordinationError.self) { try await client.status() }
        let following = await #expect(throws: CoordinationError.self) {
            for try await _ in client.follow() {}
        }
        await client.close()

        #expect(bad?.code == .rejected)
        #expect(down?.code == .unavailable)
        #expect(following?.code == .unavailable)
    }
}
