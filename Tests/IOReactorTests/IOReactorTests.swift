import CLinux
import Foundation
import IOReactor
import Synchronization
import Testing

/// An actor on a reactor, as connections are.
private actor Resident: ReadinessSource {
    nonisolated let reactor: IOReactor
    nonisolated var unownedExecutor: UnownedSerialExecutor { self.reactor.asUnownedSerialExecutor() }

    private var source: SourceID?
    private var onReady: ((Readiness) -> Void)?
    private(set) var count = 0

    init(_ reactor: IOReactor) {
        self.reactor = reactor
    }

    nonisolated func ready(_ readiness: Readiness) {
        self.assumeIsolated { $0.onReady?(readiness) }
    }

    func increment() {
        self.count += 1
    }

    func incrementAndPass(to other: Resident) async -> (before: Bool, after: Bool) {
        let before = self.reactor.isCurrentThread
        await other.increment()
        return (before, self.reactor.isCurrentThread)
    }

    /// Waits until the descriptor is ready for what is wanted.
    func readiness(of descriptor: CInt, interest: Interest) async -> Readiness {
        let readiness = await withCheckedContinuation { continuation in
            self.onReady = { readiness in
                self.onReady = nil
                continuation.resume(returning: readiness)
            }
            self.source = self.reactor.register(self, descriptor: descriptor, interest: interest)
        }
        if let source = self.source.take() { self.reactor.unregister(source) }
        return readiness
    }

    /// The order in which deadlines fire, of which the ones at the given positions are cancelled.
    func firing(of offsets: [Duration], cancelling cancelled: Set<Int> = []) async -> [Int] {
        let start = ContinuousClock.now
        var fired: [Int] = []
        return await withCheckedContinuation { continuation in
            let ids = offsets.enumerated().map { index, offset in
                self.reactor.schedule(at: start + offset) { fired.append(index) }
            }
            for index in cancelled { self.reactor.cancel(ids[index]) }
            let end = start + (offsets.max() ?? .zero)
            _ = self.reactor.schedule(at: end) { continuation.resume(returning: fired) }
        }
    }

    /// The order of three bodies and a job: what is queued, and the end of the turn.
    func turnOrder() async -> [String] {
        var order: [String] = []
        return await withCheckedContinuation { continuation in
            self.reactor.atEndOfTurn {
                order.append("end of turn")
                self.reactor.atEndOfTurn { continuation.resume(returning: order) }
            }
            _ = self.reactor.schedule(at: .now) { order.append("deadline") }
            order.append("job")
        }
    }

    /// Registers a descriptor, and again after it was closed and its number reused; then unregisters the older one.
    func staleUnregistration(of descriptor: CInt, replacedBy replacement: () -> CInt) async -> Readiness {
        let old = self.reactor.register(self, descriptor: descriptor, interest: .read)
        close(descriptor)
        let reused = replacement()
        precondition(reused == descriptor, "the kernel takes the lowest free number")
        return await withCheckedContinuation { continuation in
            self.onReady = { readiness in
                self.onReady = nil
                continuation.resume(returning: readiness)
            }
            self.source = self.reactor.register(self, descriptor: reused, interest: .write)
            self.reactor.unregister(old)
        }
    }
}

private func withReactor<Value>(_ body: (IOReactor) async throws -> Value) async rethrows -> Value {
    let reactor = IOReactor(name: "test-io")
    defer { reactor.shutdown() }
    return try await body(reactor)
}

private func socketPair() -> (CInt, CInt) {
    var pair: [CInt] = [0, 0]
    precondition(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0, &pair) == 0)
    return (pair[0], pair[1])
}

@Suite("IOReactor", .timeLimit(.minutes(1)))
struct IOReactorTests {
    @Test("Actors on a reactor run on its thread, and calls between them do not leave it")
    func residence() async {
        await withReactor { reactor in
            let first = Resident(reactor)
            let second = Resident(reactor)

            let isOnReactor = await first.incrementAndPass(to: second)

            #expect(isOnReactor == (true, true))
            #expect(!reactor.isCurrentThread)
            #expect(await second.count == 1)
        }
    }

    @Test("A thousand tasks that enter an actor at once are served one after the other")
    func manyJobs() async {
        await withReactor { reactor in
            let resident = Resident(reactor)

            await withDiscardingTaskGroup { group in
                for _ in 0..<1000 {
                    group.addTask { for _ in 0..<10 { await resident.increment() } }
                }
            }

            #expect(await resident.count == 10_000)
        }
    }

    @Test("A source is told when its descriptor becomes readable")
    func readable() async {
        await withReactor { reactor in
            let (near, far) = socketPair()
            let resident = Resident(reactor)

            async let readiness = resident.readiness(of: near, interest: .read)
            write(far, "x", 1)

            #expect(await readiness == .readable)
            close(near)
            close(far)
        }
    }

    @Test("A source is told of what it asked for only")
    func writable() async {
        await withReactor { reactor in
            let (near, far) = socketPair()

            #expect(await Resident(reactor).readiness(of: near, interest: .write) == .writable)
            write(far, "x", 1)
            #expect(await Resident(reactor).readiness(of: near, interest: .read) == .readable)
            close(near)
            close(far)
        }
    }

    @Test("A peer that closes is reported to a source that asked for nothing")
    func hangUp() async {
        await withReactor { reactor in
            let (near, far) = socketPair()
            close(far)

            let readiness = await Resident(reactor).readiness(of: near, interest: [])

            #expect(readiness.contains(.readable))
            close(near)
        }
    }

    @Test("Unregistering a descriptor that was closed and reused leaves the newer registration alone")
    func reusedDescriptor() async {
        await withReactor { reactor in
            let (near, far) = socketPair()
            let other = socketPair()

            let readiness = await Resident(reactor).staleUnregistration(of: near) { dup2(other.0, near) }

            #expect(readiness == .writable)
            for descriptor in [near, far, other.0, other.1] { close(descriptor) }
        }
    }

    @Test("Deadlines fire in the order of their instants, equal ones in the order of their making")
    func deadlineOrder() async {
        await withReactor { reactor in
            let offsets: [Duration] = [.milliseconds(30), .milliseconds(10), .milliseconds(20), .milliseconds(10)]

            #expect(await Resident(reactor).firing(of: offsets) == [1, 3, 2, 0])
        }
    }

    @Test("A deadline does not fire before its instant")
    func deadlineInstant() async {
        await withReactor { reactor in
            let start = ContinuousClock.now

            _ = await Resident(reactor).firing(of: [.milliseconds(15)])

            #expect(ContinuousClock.now - start >= .milliseconds(15))
        }
    }

    @Test("Cancelled deadlines do not fire, however many there are")
    func cancelledDeadlines() async {
        await withReactor { reactor in
            let offsets = (0..<500).map { Duration.milliseconds(10) + .microseconds($0) }
            let cancelled = Set(0..<500).subtracting([7, 300])

            #expect(await Resident(reactor).firing(of: offsets, cancelling: cancelled) == [7, 300])
        }
    }

    @Test("The end of a turn comes after its jobs and deadlines, also when it is asked for at the end of a turn")
    func endOfTurn() async {
        await withReactor { reactor in
            #expect(await Resident(reactor).turnOrder() == ["job", "deadline", "end of turn"])
        }
    }

    @Test("A body can be performed from any thread")
    func perform() async {
        await withReactor { reactor in
            let isOnReactor = await withCheckedContinuation { continuation in
                reactor.perform { continuation.resume(returning: reactor.isCurrentThread) }
            }

            #expect(isOnReactor)
        }
    }

    @Test("Shutting down runs what is queued, and may be done twice")
    func shutdown() {
        let reactor = IOReactor()
        let count = Atomic(0)
        for _ in 0..<100 { reactor.perform { count.add(1, ordering: .relaxed) } }

        reactor.shutdown()
        reactor.shutdown()

        #expect(count.load(ordering: .relaxed) == 100)
    }

    @Test("A reactor that nobody holds any more after its shutdown is freed with its descriptors")
    func lifetime() {
        weak var weak: IOReactor?
        do {
            let reactor = IOReactor()
            weak = reactor
            reactor.shutdown()
        }

        // The thread gives up its reference just after it has signalled its end.
        let deadline = ContinuousClock.now + .seconds(10)
        while weak != nil, ContinuousClock.now < deadline { sched_yield() }
        #expect(weak == nil)
    }

    @Test("Touching the sources from another thread is a programming error")
    func wrongThread() async {
        await #expect(processExitsWith: .failure) {
            let reactor = IOReactor()
            _ = reactor.schedule(at: .now) {}
        }
    }
}
