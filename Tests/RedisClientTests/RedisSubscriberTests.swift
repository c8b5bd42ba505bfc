import IOReactor
import RedisClient
import TestSupport
import Testing

@Suite("RedisSubscriber", .timeLimit(.minutes(1)), .needsRedis)
struct RedisSubscriberTests {
    /// Runs a test with a subscriber behind a proxy and a client that goes round it.
    func withSubscriber(
        change: (inout RedisClientConfiguration) -> Void = { _ in },
        _ body: (RedisSubscriber, RedisClient, FaultyProxy) async throws -> Void
    ) async throws {
        try await withProxy { proxy in
            try await withBench { bench in
                var configuration = RedisClientConfiguration(url: try RedisURL("redis://127.0.0.1:\(proxy.port)"))
                change(&configuration)
                let subscriber = RedisSubscriber(reactor: bench.reactor, configuration: configuration)
                let result: Result<Void, any Error>
                do {
                    result = .success(try await body(subscriber, bench.client, proxy))
                } catch {
                    result = .failure(error)
                }
                await subscriber.close()
                try result.get()
            }
        }
    }

    func message(_ channel: String, _ text: String) -> RedisSubscriptionEvent {
        .message(channel: channel, payload: Array(text.utf8))
    }

    @Test("Messages arrive in order, on the channels that were asked for")
    func messages() async throws {
        try await self.withSubscriber { subscriber, client, _ in
            let (one, two, other) = (uniqueKey("1"), uniqueKey("2"), uniqueKey("3"))
            var events = await subscriber.subscribe(to: [one, two]).makeAsyncIterator()
            #expect(await events.next() == .subscribed)

            for (channel, text) in [(one, "a"), (other, "b"), (two, "c"), (one, "d")] {
                _ = try await client.send("PUBLISH", channel, text, deadline: .soon)
            }

            #expect(await events.next() == self.message(one, "a"))
            #expect(await events.next() == self.message(two, "c"))
            #expect(await events.next() == self.message(one, "d"))
        }
    }

    @Test("Several subscriptions share the connection; each gets what it asked for")
    func sharing() async throws {
        try await self.withSubscriber { subscriber, client, proxy in
            let (one, two) = (uniqueKey("1"), uniqueKey("2"))
            var first = await subscriber.subscribe(to: [one]).makeAsyncIterator()
            #expect(await first.next() == .subscribed)
            var second = await subscriber.subscribe(to: [one, two]).makeAsyncIterator()
            #expect(await second.next() == .subscribed)

            _ = try await client.send("PUBLISH", two, "a", deadline: .soon)
            _ = try await client.send("PUBLISH", one, "b", deadline: .soon)

            #expect(await first.next() == self.message(one, "b"))
            #expect(await second.next() == self.message(two, "a"))
            #expect(await second.next() == self.message(one, "b"))
            #expect(proxy.acceptedCount == 1)
        }
    }

    @Test("After a loss the subscription is made again and its reader is told of the gap")
    func resubscription() async throws {
        try await self.withSubscriber { subscriber, client, proxy in
            let channel = uniqueKey()
            var events = await subscriber.subscribe(to: [channel]).makeAsyncIterator()
            #expect(await events.next() == .subscribed)

            for round in 0..<5 {
                proxy.cut()
                #expect(await events.next() == .resubscribed)
                _ = try await client.send("PUBLISH", channel, "\(round)", deadline: .soon)
                #expect(await events.next() == self.message(channel, "\(round)"))
            }
        }
    }

    @Test("A connection that dies silently is noticed without any traffic")
    func silentLoss() async throws {
        let change: (inout RedisClientConfiguration) -> Void = {
            $0.keepAliveInterval = .milliseconds(50)
            $0.limits.silence = .milliseconds(50)
            $0.connectTimeout = .milliseconds(200)
        }
        try await self.withSubscriber(change: change) { subscriber, client, proxy in
            let channel = uniqueKey()
            var events = await subscriber.subscribe(to: [channel]).makeAsyncIterator()
            #expect(await events.next() == .subscribed)
            let accepted = proxy.acceptedCount
            proxy.behave(.stall)
            try await Polling.wait(for: "a new connection") { proxy.acceptedCount > accepted }
            proxy.behave(.pass)

            #expect(await events.next() == .resubscribed)
        }
    }

    @Test("Keep-alive probes do not disturb a quiet subscription")
    func keepAlive() async throws {
        let change: (inout RedisClientConfiguration) -> Void = {
            $0.keepAliveInterval = .milliseconds(10)
            $0.limits.silence = .seconds(30)
        }
        try await self.withSubscriber(change: change) { subscriber, client, proxy in
            let channel = uniqueKey()
            var events = await subscriber.subscribe(to: [channel]).makeAsyncIterator()
            #expect(await events.next() == .subscribed)
            try await ContinuousClock().sleep(for: .milliseconds(200))
            _ = try await client.send("PUBLISH", channel, "still here", deadline: .soon)

            #expect(await events.next() == self.message(channel, "still here"))
            #expect(proxy.acceptedCount == 1)
        }
    }

    @Test("A reader that is too slow misses the oldest messages and is told")
    func overflow() async throws {
        try await self.withSubscriber { subscriber, client, _ in
            let channel = uniqueKey()
            let stream = await subscriber.subscribe(to: [channel])
            var witness = await subscriber.subscribe(to: [channel]).makeAsyncIterator()
            #expect(await witness.next() == .subscribed)
            let count = RedisSubscriber.bufferedEvents + 100
            for number in 0..<count {
                _ = try await client.send("PUBLISH", channel, number, deadline: .soon)
                #expect(await witness.next() == self.message(channel, "\(number)"))
            }
            await subscriber.close()

            var events: [RedisSubscriptionEvent] = []
            for await event in stream { events.append(event) }
            #expect(events.count == RedisSubscriber.bufferedEvents)
            #expect(events.contains(.overflowed))
            #expect(events.last == self.message(channel, "\(count - 1)"))
        }
    }

    @Test("A reader that leaves ends its subscription on the server")
    func leaving() async throws {
        try await self.withSubscriber { subscriber, client, _ in
            let channel = uniqueKey()
            do {
                var events = await subscriber.subscribe(to: [channel]).makeAsyncIterator()
                #expect(await events.next() == .subscribed)
                #expect(try await client.send("PUBLISH", channel, "x", deadline: .soon) == .integer(1))
            }

            try await Polling.wait(for: "the end of the subscription") {
                try await client.send("PUBLISH", channel, "x", deadline: .soon) == .integer(0)
            }
        }
    }

    @Test("Closing ends the streams; a closed subscriber gives ended ones")
    func closing() async throws {
        try await self.withSubscriber { subscriber, _, _ in
            var events = await subscriber.subscribe(to: [uniqueKey()]).makeAsyncIterator()
            #expect(await events.next() == .subscribed)
            await subscriber.close()

            #expect(await events.next() == nil)
            var late = await subscriber.subscribe(to: [uniqueKey()]).makeAsyncIterator()
            #expect(await late.next() == nil)
        }
    }
}
