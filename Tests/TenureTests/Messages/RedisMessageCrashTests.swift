import Synchronization
import Tenure
import TenureCore
import TenureTesting
import TestSupport
import Testing

@Suite("RedisMessageScheduler across crashes", .needsPrivateRedis, .timeLimit(.minutes(1)))
struct RedisMessageCrashTests {
    private typealias Delivery = Conformance.Delivery

    /// Keeps what was delivered.
    private final class Record: Sendable {
        private let entries = Mutex<[Delivery]>([])

        var deliveries: [Delivery] { self.entries.withLock { $0 } }

        func add(_ delivery: Delivery) { self.entries.withLock { $0.append(delivery) } }
    }

    /// A draft that is tried again soon.
    private func draft(attempts: Int = 5) -> MessageDraft {
        var draft = MessageDraft(topic: "conformance.work")
        draft.retry = RetryPolicy(maxAttempts: attempts, baseDelayMilliseconds: 20, maxDelayMilliseconds: 40)
        return draft
    }

    private func eventually(
        _ token: MessageToken,
        is state: MessageState,
        in scheduler: RedisMessageScheduler
    ) async throws {
        try await Polling.wait(for: "\(state)") { try await scheduler.get(token)?.state == state }
    }

    /// Runs a body while a consumer holds a message whose handler has begun, and whose connections then end for good.
    private func withLostConsumer(
        of fixture: RedisMessageFixture,
        draft: MessageDraft,
        lease: Duration,
        _ body: (MessageToken) async throws -> Void
    ) async throws {
        let lost = try fixture.another(lease: lease)
        let (begun, continuation) = AsyncStream.makeStream(of: Void.self)
        let token = try await fixture.scheduler.schedule(draft, after: .zero)
        let handlers = MessageHandlers.conformance { _ in
            continuation.yield()
            try await Task.sleep(for: .seconds(600))
        }
        try await lost.delivery(handlers, logger: quiet).whileRunning(gracefully: false) {
            var iterator = begun.makeAsyncIterator()
            await iterator.next()
            #expect(try await fixture.scheduler.get(token)?.state == .delivering)
            await lost.close()
            try await body(token)
        }
    }

    @Test("What a lost consumer had taken is delivered by another one after the lease")
    func lostConsumer() async throws {
        let redis = try await PrivateRedis.start()
        try await RedisMessageFixture.with(url: redis.url, lease: .milliseconds(400)) { fixture in
            try await self.withLostConsumer(of: fixture, draft: self.draft(), lease: .milliseconds(400)) { token in
                let record = Record()
                #expect(try await !fixture.scheduler.cancel(token))
                try await fixture.scheduler.delivery(.conformance { record.add($0) }, logger: quiet).whileRunning {
                    try await self.eventually(token, is: .delivered, in: fixture.scheduler)
                }

                #expect(record.deliveries.map(\.attempt) == [2])
                #expect(try await fixture.scheduler.get(token)?.attempts == 2)
            }
        }
    }

    @Test("A message whose last delivery was lost with its process is kept as failed")
    func lastAttempt() async throws {
        let redis = try await PrivateRedis.start()
        try await RedisMessageFixture.with(url: redis.url, lease: .milliseconds(400)) { fixture in
            let draft = self.draft(attempts: 1)
            try await self.withLostConsumer(of: fixture, draft: draft, lease: .milliseconds(400)) { token in
                let record = Record()
                try await fixture.scheduler.delivery(.conformance { record.add($0) }, logger: quiet).whileRunning {
                    try await self.eventually(token, is: .failed, in: fixture.scheduler)
                }

                #expect(record.deliveries == [])
                #expect(try await fixture.scheduler.get(token)?.error == "the process that delivered it was lost")
            }
        }
    }

    @Test("A consumer that was cut off before it acknowledged does not undo what its successor did")
    func cutOffConsumer() async throws {
        let redis = try await PrivateRedis.start()
        let proxy = try FaultyProxy(target: redis.port)
        try await RedisMessageFixture.with(url: redis.url, lease: .milliseconds(400)) { fixture in
            let cutOff = try fixture.another(port: proxy.port, lease: .milliseconds(400))
            let token = try await fixture.scheduler.schedule(self.draft(), after: .zero)
            let (begun, beginning) = AsyncStream.makeStream(of: Void.self)
            let (mayEnd, ending) = AsyncStream.makeStream(of: Void.self)
            let handlers = MessageHandlers.conformance { _ in
                beginning.yield()
                for await _ in mayEnd {}
                // Its process does not know that it lost the message.
                throw PermanentFailure("the work of a consumer that was cut off")
            }
            let record = Record()
            try await cutOff.delivery(handlers, logger: quiet).whileRunning {
                var iterator = begun.makeAsyncIterator()
                await iterator.next()
                proxy.behave(.stall)
                try await fixture.scheduler.delivery(.conformance { record.add($0) }, logger: quiet).whileRunning {
                    try await self.eventually(token, is: .delivered, in: fixture.scheduler)
                    ending.finish()
                    proxy.behave(.pass)
                    proxy.cut()
                }
            }
            await cutOff.close()

            #expect(record.deliveries.map(\.attempt) == [2])
            #expect(try await fixture.scheduler.get(token)?.state == .delivered)
            #expect(try await fixture.scheduler.get(token)?.error == nil)
        }
        proxy.stop()
    }

    @Test("A request whose reply is lost schedules once")
    func lostReply() async throws {
        let redis = try await PrivateRedis.start()
        let proxy = try FaultyProxy(target: redis.port)
        try await RedisMessageFixture.with(url: redis.url) { fixture in
            let other = try fixture.another(port: proxy.port)
            let first = try await other.schedule(self.draft(), after: .seconds(3600))
            proxy.behave(.stallReplies)
            let second = try await withThrowingTaskGroup(of: MessageToken.self) { group in
                group.addTask { try await other.schedule(self.draft(), after: .seconds(3600)) }
                try await Polling.wait(for: "the message") {
                    try await fixture.scheduler.list(.pending).messages.count == 2
                }
                proxy.behave(.pass)
                proxy.cut()
                return try #require(try await group.next())
            }

            #expect(try await fixture.scheduler.list().messages.map(\.token) == [first, second])
            await other.close()
        }
        proxy.stop()
    }

    @Test("What was taken by a request whose reply is lost is given back, and its delivery is not counted")
    func lostTake() async throws {
        let redis = try await PrivateRedis.start()
        let proxy = try FaultyProxy(target: redis.port)
        try await RedisMessageFixture.with(url: redis.url) { fixture in
            let other = try fixture.another(port: proxy.port)
            let record = Record()
            try await other.delivery(.conformance { record.add($0) }, logger: quiet).whileRunning {
                let first = try await fixture.scheduler.schedule(self.draft(), after: .zero)
                try await self.eventually(first, is: .delivered, in: fixture.scheduler)
                proxy.behave(.stallReplies)
                let second = try await fixture.scheduler.schedule(self.draft(), after: .zero)
                try await self.eventually(second, is: .delivering, in: fixture.scheduler)
                proxy.behave(.pass)
                proxy.cut()
                try await self.eventually(second, is: .delivered, in: fixture.scheduler)
            }
            await other.close()

            #expect(record.deliveries.map(\.attempt) == [1, 1])
        }
        proxy.stop()
    }

    @Test("Connections that are cut again and again lose no message")
    func cuts() async throws {
        let redis = try await PrivateRedis.start()
        let proxy = try FaultyProxy(target: redis.port)
        try await RedisMessageFixture.with(url: redis.url, lease: .seconds(1)) { fixture in
            let other = try fixture.another(port: proxy.port, lease: .seconds(1))
            var tokens: Set<MessageToken> = []
            for _ in 0..<300 { tokens.insert(try await other.schedule(self.draft(attempts: 50), after: .zero)) }
            let record = Record()
            var options = MessageDeliveryOptions()
            options.maxConcurrent = 10
            let delivery = other.delivery(.conformance { record.add($0) }, options: options, logger: quiet)
            try await delivery.whileRunning {
                for cut in 1...4 {
                    try await Polling.wait(for: "\(cut * 50) deliveries", every: .milliseconds(1)) {
                        record.deliveries.count >= cut * 50
                    }
                    proxy.cut()
                }
                try await Polling.wait(for: "the end") {
                    try await fixture.scheduler.list(.pending, .delivering).messages.isEmpty
                }
            }
            await other.close()

            let delivered = try await fixture.scheduler.list(MessageFilter(states: [.delivered], limit: 1000))
            #expect(Set(delivered.messages.map(\.token)) == tokens)
            #expect(Set(record.deliveries.map(\.token)) == tokens)
        }
        proxy.stop()
    }

    @Test("A Redis that is killed and comes back with its data has lost no message")
    func serverCrash() async throws {
        var server = PrivateRedis.Options()
        server.configuration = ["appendonly yes", "appendfsync always"]
        let redis = try await PrivateRedis.start(server)
        try await RedisMessageFixture.with(url: redis.url, lease: .seconds(1)) { fixture in
            let scheduler = fixture.scheduler
            var tokens: Set<MessageToken> = []
            for _ in 0..<100 { tokens.insert(try await scheduler.schedule(self.draft(attempts: 50), after: .zero)) }
            let later = try await scheduler.schedule(self.draft(), after: .seconds(3600))
            let record = Record()
            var options = MessageDeliveryOptions()
            options.maxConcurrent = 5
            let delivery = scheduler.delivery(.conformance { record.add($0) }, options: options, logger: quiet)
            try await delivery.whileRunning {
                try await Polling.wait(for: "some deliveries", every: .milliseconds(1)) {
                    record.deliveries.count >= 20
                }
                try await redis.kill()
                try await redis.startAgain()
                try await Polling.wait(for: "the end") {
                    try await scheduler.list(.pending, .delivering).messages.map(\.token) == [later]
                }
            }

            let delivered = try await scheduler.list(MessageFilter(states: [.delivered], limit: 1000))
            #expect(Set(delivered.messages.map(\.token)) == tokens)
            #expect(Set(record.deliveries.map(\.token)) == tokens)
            #expect(try await scheduler.cancel(later))
        }
    }

    @Test("A delivery that takes longer than the lease keeps its message")
    func renewal() async throws {
        let redis = try await PrivateRedis.start()
        try await RedisMessageFixture.with(url: redis.url, lease: .milliseconds(600)) { fixture in
            let other = try fixture.another(lease: .milliseconds(600))
            let record = Record()
            let handlers = MessageHandlers.conformance { delivery in
                record.add(delivery)
                // Time itself is what matters: four leases.
                try await Task.sleep(for: .milliseconds(2400))
            }
            let token = try await fixture.scheduler.schedule(self.draft(), after: .zero)
            try await fixture.scheduler.delivery(handlers, logger: quiet).whileRunning {
                try await other.delivery(handlers, logger: quiet).whileRunning {
                    try await self.eventually(token, is: .delivered, in: fixture.scheduler)
                }
            }
            await other.close()

            #expect(record.deliveries.map(\.attempt) == [1])
        }
    }

    @Test("What is interrupted by a shutdown is due again at once, and its delivery is not counted")
    func interrupted() async throws {
        let redis = try await PrivateRedis.start()
        try await RedisMessageFixture.with(url: redis.url) { fixture in
            let token = try await fixture.scheduler.schedule(self.draft(), after: .zero)
            for _ in 0..<2 {
                let (begun, continuation) = AsyncStream.makeStream(of: Int.self)
                let handlers = MessageHandlers.conformance { delivery in
                    continuation.yield(delivery.attempt)
                    try await Task.sleep(for: .seconds(600))
                }
                try await fixture.scheduler.delivery(handlers, logger: quiet).whileRunning(gracefully: false) {
                    var attempts = begun.makeAsyncIterator()
                    let attempt = await attempts.next()
                    #expect(attempt == 1)
                }
                #expect(try await fixture.scheduler.get(token)?.state == .pending)
            }
        }
    }
}
