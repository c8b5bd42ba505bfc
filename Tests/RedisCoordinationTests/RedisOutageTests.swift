import RedisCoordination
import TenureCore
import TenureTesting
import TestSupport
import Testing

@Suite("The coordination store without a healthy Redis", .needsPrivateRedis, .timeLimit(.minutes(1)))
struct RedisOutageTests {
    @Test("With a server that is gone nothing happened, and everything works again once it is back")
    func restart() async throws {
        let redis = try await PrivateRedis.start()
        try await CoordinationFixture.withStore(url: redis.url) { fixture in
            let store = fixture.store
            var states = await store.connectionStates().makeAsyncIterator()
            var wakeups = await store.wakeups().makeAsyncIterator()
            try await store.connect()
            guard case .reachable = await states.next() else { throw ChildProcess.Failure("not reachable") }
            #expect(await wakeups.next() == .resubscribed)
            let a = try holder("a/1")
            let before = try await store.register(a)
            #expect(await wakeups.next() == .assignmentChanged)

            try await redis.kill()
            guard case .unreachable = await states.next() else { throw ChildProcess.Failure("still reachable") }
            let error = try await coordinationError {
                let impatient = RedisCoordinationStore.Configuration(
                    url: fixture.store.configurationURL,
                    cluster: try ClusterName("other")
                )
                _ = impatient
                try await store.beat(a)
            }
            try await redis.startAgain()

            #expect(error.code == .unavailable)
            guard case .reachable = await states.next() else { throw ChildProcess.Failure("not reachable again") }
            #expect(await wakeups.next() == .resubscribed)
            #expect(try await store.beat(a) == .unregistered(generation: nil))
            #expect(try await store.register(a) != before)
        }
    }
}
