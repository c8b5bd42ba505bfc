import RedisCoordination
import TenureCore
import TestSupport
import Testing

/// What somebody else wrote into the cluster's keys harms its own entry only.
@Suite("Foreign data in Redis", .needsRedis, .timeLimit(.minutes(1)))
struct ForeignDataTests {
    private static let garbage = ["", "{", "[]", "7", "null", "\u{7}text", #"{"id":"x"}"#]

    @Test("Entries that cannot be read are left out, and all others are there", arguments: garbage)
    func reading(garbage: String) async throws {
        try await CoordinationFixture.withStore { fixture in
            let store = fixture.store
            let a = try holder("a/1")
            let t = TenantDescriptor(id: try TenantID("t"))
            try await store.register(a)
            let term = try await store.elect(a)
            try await store.publishTenants([t], removing: [], term: term)
            var changes = PlanChanges()
            changes.assign = [t.id: a.node]
            try await store.apply(changes, term: term)
            try await store.submit(OperatorRequest(id: "r", kind: .rebalance))
            let before = try await store.state()

            for key in [Keyspace.Key.nodes, .loads, .tenants, .moves, .owners, .epochs, .heartbeats, .unassigned] {
                try await fixture.send("HSET", fixture.keyspace[key], "not a name", garbage)
                guard key != .unassigned else { continue }
                try await fixture.send("HSET", fixture.keyspace[key], "foreign", garbage)
            }
            try await fixture.send("LPUSH", fixture.keyspace[.requests], garbage)

            let after = try await store.state()
            #expect(after.nodes == before.nodes)
            #expect(after.tenants == before.tenants)
            #expect(after.owners[t.id] == a.node)
            #expect(after.moves == [:])
            #expect(after.requests == before.requests)
            #expect(try await store.assignment(of: a.node).tenants.keys.sorted() == [t.id])
            guard case .alive = try await store.beat(a) else { throw CoordinationError(.rejected, operation: "beat") }
        }
    }

    @Test("A registration and a move that cannot be read are replaced", arguments: garbage)
    func healing(garbage: String) async throws {
        try await CoordinationFixture.withStore { fixture in
            let store = fixture.store
            let a = try holder("a/1")
            let b = try holder("b/1")
            let t = try TenantID("t")
            try await fixture.send("HSET", fixture.keyspace[.nodes], "a", garbage)
            try await fixture.send("HSET", fixture.keyspace[.moves], "t", garbage)
            let isKnown = try await store.setState(.draining, of: a.node)
            let lock = try await store.acquireLock(of: t, for: a, floor: .none, duration: .seconds(60))
            let heartbeat = try await store.beat(a)
            let isReady = try await store.reportReady(t, move: "m", target: a)

            try await store.register(a)
            try await store.register(b)
            let term = try await store.elect(a)
            // Not the JSON above that names no move but has an ID.
            try await fixture.send("HSET", fixture.keyspace[.moves], "t", garbage == #"{"id":"x"}"# ? "" : garbage)
            var changes = PlanChanges()
            changes.assign = [t: a.node]
            changes.begin = [PlannedMove(id: "m", tenant: t, from: a, to: b, reason: "drain")]
            try await store.apply(changes, term: term)

            let state = try await store.state()
            #expect(!isKnown)
            #expect(lock == .unregistered)
            #expect(heartbeat == .unregistered(generation: nil))
            #expect(!isReady)
            #expect(state.nodes.keys.sorted() == [a.node, b.node])
            #expect(state.moves[t]?.id == "m")
        }
    }

    @Test("A leadership that cannot be read is nobody's", arguments: ["", "a", "a/1", "a/1/x", "a/1/2/3", "//"])
    func leader(garbage: String) async throws {
        try await CoordinationFixture.withStore { fixture in
            try await fixture.send("SET", fixture.keyspace[.leader], garbage)
            try await fixture.send("SET", fixture.keyspace[.term], "41")

            let error = try await coordinationError {
                try await fixture.store.apply(PlanChanges(), term: Term(2))
            }

            #expect(error.code == .superseded)
            #expect(try await fixture.store.elect(holder("a/1")) == Term(42))
        }
    }

    @Test("A leadership without an end gets one")
    func endlessLeadership() async throws {
        try await CoordinationFixture.withStore { fixture in
            try await fixture.send("SET", fixture.keyspace[.leader], "old/1/3")

            let reply = try await fixture.store.acquireLeadership(
                try holder("a/1"),
                highestTermSeen: .none,
                lease: .milliseconds(50)
            )

            guard case .held(let leadership) = reply else { throw CoordinationError(.rejected, operation: "acquire") }
            #expect(leadership.term == Term(3))
            // Redis tells nobody of the end of a lease.
            try await Polling.wait(for: "the lease to end") { try await fixture.store.state().leader == nil }
            #expect(try await fixture.store.elect(holder("a/1")) == Term(1))
        }
    }

    @Test("A lock without an end gets one, and one that cannot be read is nobody's")
    func endlessLock() async throws {
        try await CoordinationFixture.withStore { fixture in
            let store = fixture.store
            let a = try holder("a/1")
            let tenants = try [TenantID("t"), TenantID("u")]
            try await store.register(a)
            let term = try await store.elect(a)
            var changes = PlanChanges()
            changes.assign = [tenants[0]: a.node, tenants[1]: a.node]
            try await store.apply(changes, term: term)
            try await fixture.send("SET", fixture.keyspace.lock(of: tenants[0]), "old/1/3")
            try await fixture.send("SET", fixture.keyspace.lock(of: tenants[1]), "no lock")
            func acquire(_ tenant: TenantID) async throws -> LockReply {
                try await store.acquireLock(of: tenant, for: a, floor: Epoch(3), duration: .milliseconds(50))
            }

            guard case .held(let lock) = try await acquire(tenants[0]) else {
                throw CoordinationError(.rejected, operation: "acquire")
            }
            #expect(lock.holder.description == "old/1")
            try await Polling.wait(for: "the lock to end") {
                try await acquire(tenants[0]) == .acquired(Epoch(4))
            }
            #expect(try await acquire(tenants[1]) == .acquired(Epoch(4)))
        }
    }

    @Test(
        "Counters that are no numbers count as none, and count anew",
        arguments: ["", "x", "-3", "nan", "inf", "1e300", "0x10", "99999999999999999999"]
    )
    func counters(garbage: String) async throws {
        try await CoordinationFixture.withStore { fixture in
            let store = fixture.store
            let a = try holder("a/1")
            let t = try TenantID("t")
            for key in [Keyspace.Key.ownersVersion, .term] {
                try await fixture.send("SET", fixture.keyspace[key], garbage)
            }
            try await fixture.send("HSET", fixture.keyspace[.epochs], "t", garbage)
            try await fixture.send("HSET", fixture.keyspace[.heartbeats], "a", garbage)

            try await store.register(a)
            let term = try await store.elect(a)
            var changes = PlanChanges()
            changes.assign = [t: a.node]
            try await store.apply(changes, term: term)
            let lock = try await store.acquireLock(of: t, for: a, floor: Epoch(6), duration: .seconds(60))
            let heartbeat = try await store.beat(a)
            let state = try await store.state()

            #expect(lock == .acquired(Epoch(7)))
            guard case .alive(let news) = heartbeat else { throw CoordinationError(.rejected, operation: "beat") }
            #expect(news.heartbeats[a.node] ?? 0 > 1_000_000)
            #expect(news.ownersVersion == state.ownersVersion)
            #expect(state.term == term)
            #expect(state.owners == [t: a.node])
            #expect(try await store.assignment(of: a.node).tenants.keys.sorted() == [t])
        }
    }

    @Test("Messages of others on the channel are passed over")
    func foreignMessages() async throws {
        try await CoordinationFixture.withStore { fixture in
            var wakeups = await fixture.store.wakeups().makeAsyncIterator()
            #expect(await wakeups.next() == .resubscribed)

            try await fixture.send("PUBLISH", fixture.keyspace[.wake], "Z unknown")
            try await fixture.send("PUBLISH", fixture.keyspace[.wake], "")
            try await fixture.store.hint(try TenantID("t"))

            #expect(await wakeups.next() == .work(try TenantID("t")))
        }
    }

    @Test("No epoch and no term is given beyond what a script can count")
    func exhaustion() async throws {
        try await CoordinationFixture.withStore { fixture in
            let store = fixture.store
            let a = try holder("a/1")
            let t = try TenantID("t")
            try await store.register(a)
            let term = try await store.elect(a)
            var changes = PlanChanges()
            changes.assign = [t: a.node]
            try await store.apply(changes, term: term)

            let epochs = try await coordinationError {
                _ = try await store.acquireLock(
                    of: t,
                    for: a,
                    floor: Epoch(9_007_199_254_740_991),
                    duration: .seconds(60)
                )
            }
            _ = try await store.resignLeadership(a, term: term)
            let terms = try await coordinationError {
                _ = try await store.acquireLeadership(
                    a,
                    highestTermSeen: Term(9_007_199_254_740_991),
                    lease: .seconds(60)
                )
            }

            #expect([epochs.code, terms.code] == [.rejected, .rejected])
            #expect(try await store.state().locks == [:])
            #expect(try await store.state().leader == nil)
        }
    }
}
