import InMemoryStores
import TenureCore
import Testing

@Suite("InMemoryCoordinationStore", .timeLimit(.minutes(1)))
struct CoordinationFaultTests {
    private let clock = ManualTime()
    private let store: InMemoryCoordinationStore
    private let node: NodeDescriptor

    init() throws {
        let clock = self.clock
        self.store = InMemoryCoordinationStore { clock.now }
        self.node = NodeDescriptor(
            id: try NodeID("a"),
            incarnation: Incarnation("1"),
            host: "h",
            pid: 1,
            version: "1"
        )
    }

    private func code(_ body: () async throws -> Void) async throws -> CoordinationError.Code? {
        do {
            try await body()
        } catch let error as CoordinationError {
            return error.code
        }
        return nil
    }

    @Test("A request that does not arrive changes nothing")
    func unreachable() async throws {
        self.store.simulate(.unreachable)

        let code = try await self.code { _ = try await self.store.register(self.node, replacing: nil) }

        self.store.simulate(.healthy)
        #expect(code == .unavailable)
        #expect(try await self.store.state().nodes == [:])
    }

    @Test("A request whose reply is lost has happened, and may be repeated")
    func losingReplies() async throws {
        self.store.simulate(.losingReplies)

        let code = try await self.code { _ = try await self.store.register(self.node, replacing: nil) }

        self.store.simulate(.healthy)
        #expect(code == .outcomeUnknown)
        #expect(try await self.store.state().nodes.keys.sorted() == [self.node.id])
        #expect(try await self.store.register(self.node, replacing: nil) == .registered(generation: "memory-1"))
    }

    @Test("Listeners learn that wake-ups may have been lost when the store is reachable again")
    func recovery() async throws {
        var wakeups = await self.store.wakeups().makeAsyncIterator()
        #expect(await wakeups.next() == .resubscribed)

        self.store.simulate(.unreachable)
        self.store.simulate(.healthy)
        try await self.store.hint(try TenantID("t"))

        #expect(await wakeups.next() == .resubscribed)
        #expect(await wakeups.next() == .work(try TenantID("t")))
    }

    @Test("A slow listener loses the oldest wake-ups and is told to look again")
    func overflow() async throws {
        var wakeups = await self.store.wakeups().makeAsyncIterator()
        let tenants = try (0...InMemoryCoordinationStore.bufferedWakeups).map { try TenantID("t\($0)") }

        for tenant in tenants { try await self.store.hint(tenant) }

        var received: [Wakeup] = []
        for _ in 0..<InMemoryCoordinationStore.bufferedWakeups {
            if let wakeup = await wakeups.next() { received.append(wakeup) }
        }
        #expect(received.last == .resubscribed)
        #expect(!received.contains(.work(tenants[0])))
    }

    @Test("After forgetting, the data set has another name and events go on with later IDs")
    func forgetting() async throws {
        let event = ClusterEvent(name: "e", level: .info, time: 0, cluster: "c", node: "n", fields: [])
        let before = (try await self.store.register(self.node, replacing: nil), try await self.store.append(event))

        self.store.forget()
        let after = (try await self.store.register(self.node, replacing: nil), try await self.store.append(event))

        #expect(before.0 != after.0)
        #expect(before.1 != after.1)
        #expect(try await self.store.events(after: nil, limit: 10).count == 1)
    }

    @Test("A lease ends exactly when its time is over")
    func expiry() async throws {
        let holder = Holder(node: self.node.id, incarnation: self.node.incarnation)
        _ = try await self.store.acquireLeadership(holder, highestTermSeen: .none, lease: .milliseconds(100))

        self.clock.advance(by: .milliseconds(99))
        #expect(try await self.store.state().leader?.remaining == .milliseconds(1))
        self.clock.advance(by: .milliseconds(1))

        #expect(try await self.store.state().leader == nil)
    }
}
