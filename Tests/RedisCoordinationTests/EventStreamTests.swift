import RedisClient
import RedisCoordination
import TenureCore
import TestSupport
import Testing

@Suite("The event stream in Redis", .needsRedis, .timeLimit(.minutes(1)))
struct EventStreamTests {
    private func event(_ index: Int) -> ClusterEvent {
        ClusterEvent(
            name: "tenant.acquired",
            level: .info,
            time: 1_763_700_131_123_456,
            cluster: "c",
            node: "n",
            fields: [.init("tenant", .string("acme")), .init("epoch", .integer(Int64(index)))]
        )
    }

    @Test("An entry shows the event's fields to other tools, one by one")
    func fields() async throws {
        try await CoordinationFixture.withStore { fixture in
            let id = try await fixture.store.append(self.event(3))

            let entry = try await fixture.send("XRANGE", fixture.keyspace[.events], id, id)[0]
            let words = try #require(entry[1].strings)

            #expect(
                words.dropLast(2) == [
                    "event", "tenant.acquired", "time", "2025-11-21T04:42:11.123Z", "cluster", "c", "node", "n",
                    "tenant", "acme", "epoch", "3", "level", "info",
                ]
            )
        }
    }

    @Test("The stream keeps about as many entries as configured")
    func limit() async throws {
        try await CoordinationFixture.withStore(eventLimit: 100) { fixture in
            for index in 0..<500 { _ = try await fixture.store.append(self.event(index)) }

            let kept = try await fixture.store.events(after: nil, limit: 1_000)

            // Redis drops whole nodes of its tree, of a hundred entries by default.
            #expect((100...250).contains(kept.count))
            #expect(kept.last?.event["epoch"] == .integer(499))
        }
    }

    @Test("An entry that is not an event is passed over")
    func foreign() async throws {
        try await CoordinationFixture.withStore { fixture in
            try await fixture.send("XADD", fixture.keyspace[.events], "*", "hello", "world")
            try await fixture.send("XADD", fixture.keyspace[.events], "*", "json", "{}")
            let id = try await fixture.store.append(self.event(1))

            #expect(try await fixture.store.events(after: nil, limit: 10).map(\.id) == [id])
        }
    }

    @Test("Only so many requests of operators wait for a leader")
    func requests() async throws {
        try await CoordinationFixture.withStore(requestLimit: 2) { fixture in
            for id in ["1", "2"] { try await fixture.store.submit(OperatorRequest(id: id, kind: .rebalance)) }

            let error = try await coordinationError {
                try await fixture.store.submit(OperatorRequest(id: "3", kind: .rebalance))
            }

            #expect(error.code == .rejected)
            #expect(try await fixture.store.state().requests.map(\.id) == ["1", "2"])
        }
    }
}
