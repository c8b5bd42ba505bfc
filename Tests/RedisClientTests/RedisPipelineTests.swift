import RedisClient
import Testing

@Suite("RedisPipeline")
struct RedisPipelineTests {
    typealias Pipeline = RedisPipeline<String>

    let start = ContinuousClock.now
    let command = RedisCommand("SET", "key", "value")

    func make(requests: Int = 100, bytes: Int = 1000) -> Pipeline {
        Pipeline(limits: .init(requests: requests, bytes: bytes))
    }

    /// Admits requests of which the nth has a deadline n seconds after the start.
    func admit(_ names: [String], to pipeline: inout Pipeline) -> [Pipeline.RequestID] {
        names.enumerated().compactMap { index, name in
            pipeline.admit(self.command, deadline: self.start + .seconds(index + 1), waiter: name)
        }
    }

    /// Buffers so many requests, each of ten bytes.
    func buffer(_ count: Int, in pipeline: inout Pipeline, from position: UInt64 = 0) {
        var end = position
        for _ in 0..<count {
            let isBuffered = pipeline.bufferNext { _ in
                end += 10
                return end
            }
            #expect(isBuffered)
        }
    }

    func delivered(_ reply: Pipeline.Reply) -> String? {
        switch reply {
        case .deliver(let waiter): waiter
        case .drop: "dropped"
        case .unexpected: nil
        }
    }

    @Test("Replies belong to the requests in their order")
    func order() {
        var pipeline = self.make()
        _ = self.admit(["a", "b"], to: &pipeline)
        self.buffer(2, in: &pipeline)

        #expect(self.delivered(pipeline.replyArrived()) == "a")
        #expect(self.delivered(pipeline.replyArrived()) == "b")
        #expect(!pipeline.isAwaitingReply)
    }

    @Test("A reply without a request is noticed, also when one is queued but not sent")
    func unexpected() {
        var pipeline = self.make()
        _ = self.admit(["a"], to: &pipeline)

        #expect(self.delivered(pipeline.replyArrived()) == nil)
    }

    @Test("A request that is withdrawn before it is buffered is not sent and leaves no gap")
    func withdrawnFromQueue() {
        var pipeline = self.make()
        let ids = self.admit(["a", "b", "c"], to: &pipeline)

        let ended = pipeline.withdrawn(ids[1])

        #expect(ended?.waiter == "b")
        #expect(ended?.fate == .notSent)
        self.buffer(2, in: &pipeline)
        #expect(!pipeline.bufferNext { _ in 0 })
        #expect(self.delivered(pipeline.replyArrived()) == "a")
        #expect(self.delivered(pipeline.replyArrived()) == "c")
    }

    @Test("A request that is withdrawn after it was sent keeps its place, and its reply is dropped")
    func withdrawnAfterSending() {
        var pipeline = self.make()
        let ids = self.admit(["a", "b"], to: &pipeline)
        self.buffer(2, in: &pipeline)

        let ended = pipeline.withdrawn(ids[0])

        #expect(ended?.fate == .unknown)
        // A caller that leaves early says nothing about the server.
        #expect(!pipeline.isOverdue)
        #expect(self.delivered(pipeline.replyArrived()) == "dropped")
        #expect(self.delivered(pipeline.replyArrived()) == "b")
    }

    @Test("Withdrawing a request that has ended does nothing")
    func lateWithdrawal() {
        var pipeline = self.make()
        let ids = self.admit(["a", "b", "c"], to: &pipeline)
        self.buffer(2, in: &pipeline)
        _ = pipeline.replyArrived()
        _ = pipeline.withdrawn(ids[1])
        _ = pipeline.withdrawn(ids[2])

        #expect(pipeline.withdrawn(ids[0]) == nil)
        #expect(pipeline.withdrawn(ids[1]) == nil)
        #expect(pipeline.withdrawn(ids[2]) == nil)
    }

    @Test("Deadlines end requests by what is known of them, and only theirs")
    func deadlines() {
        var pipeline = self.make()
        _ = self.admit(["a", "b", "c", "d"], to: &pipeline)
        self.buffer(2, in: &pipeline)

        #expect(pipeline.nextDeadline == self.start + .seconds(1))
        let ended = pipeline.deadlinesPassed(at: self.start + .seconds(3))

        #expect(ended.map(\.waiter) == ["a", "b", "c"])
        #expect(ended.map(\.fate) == [.unknown, .unknown, .notSent])
        #expect(pipeline.nextDeadline == self.start + .seconds(4))
        #expect(pipeline.deadlinesPassed(at: self.start + .seconds(3)).isEmpty)
    }

    @Test("The server is overdue while a request that was sent is without its reply beyond its deadline")
    func overdue() {
        var pipeline = self.make()
        _ = self.admit(["a", "b", "c"], to: &pipeline)
        self.buffer(2, in: &pipeline)
        #expect(!pipeline.isOverdue)

        _ = pipeline.deadlinesPassed(at: self.start + .seconds(2))

        #expect(pipeline.isOverdue)
        _ = pipeline.replyArrived()
        #expect(pipeline.isOverdue)
        _ = pipeline.replyArrived()
        #expect(!pipeline.isOverdue)
        _ = pipeline.deadlinesPassed(at: self.start + .seconds(3))
        #expect(!pipeline.isOverdue)
    }

    @Test("When the connection is lost, only what was written completely may have been executed")
    func loss() {
        var pipeline = self.make()
        _ = self.admit(["a", "b", "c", "d"], to: &pipeline)
        self.buffer(3, in: &pipeline)
        pipeline.wrote(upTo: 19)

        let ended = pipeline.connectionLost()

        #expect(ended.map(\.waiter) == ["a", "b", "c", "d"])
        #expect(ended.map(\.fate) == [.unknown, .notSent, .notSent, .notSent])
        #expect(!pipeline.isAwaitingReply && !pipeline.hasQueued && pipeline.nextDeadline == nil)
        #expect(pipeline.connectionLost().isEmpty)
    }

    @Test("A request without a waiter takes a reply and ends silently")
    func unheard() {
        var pipeline = self.make()
        _ = pipeline.admit(self.command, deadline: self.start, waiter: nil)
        _ = self.admit(["a"], to: &pipeline)
        self.buffer(2, in: &pipeline)

        #expect(self.delivered(pipeline.replyArrived()) == "dropped")
        #expect(self.delivered(pipeline.replyArrived()) == "a")
    }

    @Test("No more requests are taken than the limit, until one is answered")
    func requestLimit() {
        var pipeline = self.make(requests: 2)
        #expect(self.admit(["a", "b", "c"], to: &pipeline).count == 2)
        self.buffer(1, in: &pipeline)
        #expect(pipeline.admit(self.command, deadline: self.start, waiter: "d") == nil)

        _ = pipeline.replyArrived()

        #expect(pipeline.admit(self.command, deadline: self.start, waiter: "e") != nil)
    }

    @Test("No more bytes are taken than the limit, except by a request that is alone")
    func byteLimit() {
        var pipeline = self.make(bytes: self.command.byteCount * 2 + 1)
        let large = RedisCommand("SET", "key", String(repeating: "x", count: 1000))
        #expect(pipeline.admit(large, deadline: self.start, waiter: "a") != nil)
        #expect(pipeline.admit(self.command, deadline: self.start, waiter: "b") == nil)
        self.buffer(1, in: &pipeline)
        _ = pipeline.replyArrived()

        let ids = self.admit(["c", "d", "e"], to: &pipeline)
        #expect(ids.count == 2)
        _ = pipeline.withdrawn(ids[0])
        #expect(pipeline.admit(self.command, deadline: self.start, waiter: "f") != nil)
    }

    @Test("Whatever happens in whatever order, every request ends exactly once and gets its own reply")
    func everyRequestEndsOnce() {
        var generator = SeededGenerator(seed: 42)
        for round in 0..<200 {
            var pipeline = RedisPipeline<Int>(limits: .init(requests: 40, bytes: 10_000))
            var ids: [(id: RedisPipeline<Int>.RequestID, waiter: Int)] = []
            var ends: [Int: Int] = [:]
            var wire: [Int] = []
            var position: UInt64 = 0
            for step in 0..<200 {
                switch Int.random(in: 0..<10, using: &generator) {
                case 0..<4:
                    let deadline = self.start + .seconds(Int.random(in: 0..<300, using: &generator))
                    let command = RedisCommand("ECHO", step)
                    guard let id = pipeline.admit(command, deadline: deadline, waiter: step) else { continue }
                    ids.append((id, step))
                case 4..<6:
                    _ = pipeline.bufferNext { command in
                        wire.append(Int(String(decoding: command.arguments[1], as: UTF8.self))!)
                        position += 10
                        return position
                    }
                    pipeline.wrote(upTo: position)
                case 6..<8:
                    guard !wire.isEmpty else { continue }
                    let answered = wire.removeFirst()
                    switch pipeline.replyArrived() {
                    case .deliver(let waiter):
                        #expect(waiter == answered)
                        ends[waiter, default: 0] += 1
                    case .drop:
                        #expect(ends[answered] == 1)
                    case .unexpected:
                        Issue.record("round \(round): a reply without a request")
                    }
                case 8:
                    guard let chosen = ids.randomElement(using: &generator) else { continue }
                    guard let ended = pipeline.withdrawn(chosen.id) else { continue }
                    #expect(ended.waiter == chosen.waiter)
                    #expect((ended.fate == .unknown) == wire.contains(ended.waiter))
                    ends[ended.waiter, default: 0] += 1
                default:
                    for ended in pipeline.deadlinesPassed(at: self.start + .seconds(step)) {
                        #expect((ended.fate == .unknown) == wire.contains(ended.waiter))
                        ends[ended.waiter, default: 0] += 1
                    }
                }
            }
            for ended in pipeline.connectionLost() { ends[ended.waiter, default: 0] += 1 }

            #expect(ids.allSatisfy { ends[$0.waiter] == 1 }, "round \(round)")
            #expect(ends.count == ids.count, "round \(round)")
        }
    }
}

/// SplitMix64: the same numbers on every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
