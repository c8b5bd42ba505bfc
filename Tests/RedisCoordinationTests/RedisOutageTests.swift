import RedisCoordination
import TenureCore
import TestSupport
import Testing

@Suite("The coordination store without a healthy Redis", .needsPrivateRedis, .timeLimit(.minutes(1)))
struct RedisOutageTests {
    private func lock(_ tenant: TenantID, by holder: Holder, in store: RedisCoordinationStore) async throws -> Epoch {
        let term = try await store.elect(holder)
        var changes = PlanChanges()
        changes.assign = [tenant: holder.node]
        try await store.apply(changes, term: term)
        let reply = try await store.acquireLock(of: tenant, for: holder, floor: .none, duration: .seconds(60))
        guard case .acquired(let epoch) = reply else { throw ChildProcess.Failure("not acquired: \(reply)") }
        return epoch
    }

    @Test("While the server is gone nothing happens, and all works again once it is back, without its data")
    func restart() async throws {
        let redis = try await PrivateRedis.start()
        try await CoordinationFixture.withStore(url: redis.url, heartbeatTimeout: .milliseconds(500)) {
            fixture in
            let store = fixture.store
            var states = await store.connectionStates().makeAsyncIterator()
            var wakeups = await store.wakeups().makeAsyncIterator()
            try await store.connect()
            let first = await states.next()
            let subscribed = await wakeups.next()
            let a = try holder("a/1")
            let registered = try await store.register(a)
            let joined = await wakeups.next()

            try await redis.kill()
            let second = await states.next()
            let error = try await coordinationError { try await store.beat(a) }
            try await redis.startAgain()
            let third = await states.next()
            let resubscribed = await wakeups.next()

            #expect(first == third)
            guard case .reachable = first, case .unreachable = second else {
                throw ChildProcess.Failure("expected reachable and unreachable, found \([first, second])")
            }
            #expect([subscribed, joined, resubscribed] == [.resubscribed, .assignmentChanged, .resubscribed])
            #expect(error.code == .unavailable)
            #expect(try await store.beat(a) == .unregistered(generation: nil))
            #expect(try await store.register(a) != registered)
        }
    }

    @Test("A heartbeat that a stopped server does not answer ends in time, and may have happened")
    func stall() async throws {
        let redis = try await PrivateRedis.start()
        try await CoordinationFixture.withStore(url: redis.url, heartbeatTimeout: .milliseconds(300)) {
            fixture in
            let store = fixture.store
            let a = try holder("a/1")
            try await store.register(a)
            try await store.beat(a)
            let before = try await store.state().heartbeats[a.node]

            redis.pause()
            let start = ContinuousClock.now
            let error = try await coordinationError { try await store.beat(a) }
            let took = ContinuousClock.now - start
            redis.resume()

            #expect(error.code == .outcomeUnknown)
            #expect(took < .seconds(5))
            // It was sent, and the server executes it when it goes on.
            try await Polling.wait(for: "the heartbeat that was sent") {
                try await store.state().heartbeats[a.node] != before
            }
        }
    }

    @Test("A server that is out of memory refuses what would grow, and still renews locks")
    func memory() async throws {
        let redis = try await PrivateRedis.start()
        try await CoordinationFixture.withStore(url: redis.url) { fixture in
            let store = fixture.store
            let a = try holder("a/1")
            let t = try TenantID("t")
            try await store.register(a)
            let epoch = try await self.lock(t, by: a, in: store)
            try await fixture.send("CONFIG", "SET", "maxmemory", "1")

            let error = try await coordinationError { try await store.register(try holder("b/1")) }
            let reply = try await store.beat(a, locks: [t: epoch])

            let state = try await store.state()
            #expect(error.code == .rejected)
            #expect(state.nodes.keys.sorted() == [a.node])
            guard case .alive(let news) = reply else { throw ChildProcess.Failure("not alive: \(reply)") }
            #expect(news.lostLocks == [])
            #expect((state.locks[t]?.remaining ?? .zero) > .seconds(60))
        }
    }

    @Test("A server that forgets its scripts is given them again")
    func scripts() async throws {
        let redis = try await PrivateRedis.start()
        try await CoordinationFixture.withStore(url: redis.url) { fixture in
            try await fixture.store.register(try holder("a/1"))

            try await fixture.send("SCRIPT", "FLUSH")

            try await fixture.store.register(try holder("b/1"))
            #expect(try await fixture.store.state().nodes.count == 2)
        }
    }

    @Test("A replica refuses to be written to")
    func replica() async throws {
        let master = try await PrivateRedis.start()
        var options = PrivateRedis.Options()
        options.replicaOf = master.port
        let replica = try await PrivateRedis.start(options)
        try await Polling.wait(for: "the replica to be in step") {
            try await replica.command("INFO", "replication").contains("master_link_status:up")
        }
        try await CoordinationFixture.withStore(url: replica.url) { fixture in
            let error = try await coordinationError { try await fixture.store.register(try holder("a/1")) }

            #expect(error.code == .rejected)
            #expect(error.detail?.hasPrefix("READONLY") == true)
        }
    }

    @Test("A user without permission is refused, and the error holds no password")
    func permission() async throws {
        var options = PrivateRedis.Options()
        options.users = ["user weak on >s3cret ~* &* +@all -evalsha"]
        let redis = try await PrivateRedis.start(options)
        for login in ["weak:s3cret", "weak:wr0ng"] {
            try await CoordinationFixture.withStore(url: "redis://\(login)@127.0.0.1:\(redis.port)") { fixture in
                let error = try await coordinationError { try await fixture.store.register(try holder("a/1")) }

                #expect(error.code == .rejected)
                #expect(!"\(error)".contains("s3cret") && !"\(error)".contains("wr0ng"))
            }
        }
    }
}
