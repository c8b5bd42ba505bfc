internal import CLinux
internal import DequeModule
internal import Foundation
internal import Synchronization

/// One thread that runs actor jobs, waits for socket readiness and fires deadlines.
///
/// Connections to Redis and Postgres are actors whose executor is a reactor: all their C pointers live on its thread,
/// and they are entered from readiness callbacks with `assumeIsolated`. User code never runs here, so a connection is
/// served however busy the cooperative pool is.
///
/// - Important: The reactor must outlive the actors on it (`UnownedSerialExecutor` does not retain). The composition
///   root owns it and calls ``shutdown()`` last.
package final class IOReactor: SerialExecutor, Sendable {
    private enum Work {
        case job(UnownedJob)
        case body(@Sendable () -> Void)
    }

    private struct Shared {
        var work = Deque<Work>()
        var isAsleep = false
        var isStopping = false
    }

    /// What only the reactor's thread touches.
    private struct Local {
        var sources: [UInt64: Entry] = [:]
        /// Which registration a descriptor belongs to now: the kernel reuses the numbers of closed ones.
        var owners: [CInt: UInt64] = [:]
        var deadlines = DeadlineQueue()
        var turnEnd: [() -> Void] = []
        var work = Deque<Work>()
        var generation: UInt64 = 0
    }

    private struct Entry {
        let source: any ReadinessSource
        let descriptor: CInt
    }

    private let shared = Mutex(Shared())
    private let threadID = Atomic<UInt>(0)
    private let wakeDescriptor: CInt
    private let pollDescriptor: CInt
    private let finished = DispatchSemaphore(value: 0)
    private let name: String

    // SAFETY: read and written on the reactor's thread only; every entry point checks with `preconditionOnReactor`.
    nonisolated(unsafe) private var local = Local()

    /// Creates a reactor whose thread starts at once and sleeps until there is something to do.
    ///
    /// - Parameter name: The thread's name, for debuggers; at most 15 characters are shown by Linux.
    package init(name: String = "tenure-io") {
        self.name = name
        self.wakeDescriptor = eventfd(0, CInt(EFD_NONBLOCK | EFD_CLOEXEC))
        self.pollDescriptor = epoll_create1(CInt(EPOLL_CLOEXEC))
        precondition(self.wakeDescriptor >= 0 && self.pollDescriptor >= 0, "no descriptors left for a reactor")
        var event = epoll_event()
        event.events = EPOLLIN.rawValue
        event.data.u64 = 0
        epoll_ctl(self.pollDescriptor, EPOLL_CTL_ADD, self.wakeDescriptor, &event)
        let thread = Thread { self.run() }
        thread.name = name
        thread.start()
    }

    deinit {
        close(self.wakeDescriptor)
        close(self.pollDescriptor)
    }

    // MARK: Executor

    package func enqueue(_ job: consuming ExecutorJob) {
        self.submit(.job(UnownedJob(job)))
    }

    /// Runs a body on the reactor's thread, after what is already queued. Callable from any thread.
    ///
    /// For callbacks that cannot `await`, such as cancellation handlers. After ``shutdown()`` the body is dropped.
    package func perform(_ body: @escaping @Sendable () -> Void) {
        self.submit(.body(body))
    }

    private func submit(_ work: Work) {
        let mustWake = self.shared.withLock { shared in
            shared.work.append(work)
            defer { shared.isAsleep = false }
            return shared.isAsleep
        }
        if mustWake { self.wake() }
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    package func checkIsolated() {
        self.preconditionOnReactor()
    }

    /// Whether the caller runs on this reactor's thread.
    package var isCurrentThread: Bool {
        self.threadID.load(ordering: .relaxed) == UInt(pthread_self())
    }

    // MARK: Sources and deadlines, on the reactor's thread

    /// Watches a descriptor for a source, which is retained until ``unregister(_:)``.
    package func register(_ source: any ReadinessSource, descriptor: CInt, interest: Interest) -> SourceID {
        self.preconditionOnReactor()
        self.local.generation += 1
        let id = SourceID(generation: self.local.generation)
        self.local.sources[id.generation] = Entry(source: source, descriptor: descriptor)
        self.local.owners[descriptor] = id.generation
        self.control(EPOLL_CTL_ADD, id, descriptor, interest)
        return id
    }

    /// Changes what a source is told about. An ID that is no longer registered is ignored.
    package func update(_ id: SourceID, interest: Interest) {
        self.preconditionOnReactor()
        guard let entry = self.local.sources[id.generation] else { return }
        self.control(EPOLL_CTL_MOD, id, entry.descriptor, interest)
    }

    /// Stops watching. Must be called before the descriptor is closed.
    package func unregister(_ id: SourceID) {
        self.preconditionOnReactor()
        guard let entry = self.local.sources.removeValue(forKey: id.generation) else { return }
        // A descriptor that was closed under its source and registered again belongs to the newer registration.
        guard self.local.owners[entry.descriptor] == id.generation else { return }
        self.local.owners[entry.descriptor] = nil
        epoll_ctl(self.pollDescriptor, EPOLL_CTL_DEL, entry.descriptor, nil)
    }

    /// Runs a body on the reactor's thread once an instant has come.
    package func schedule(at instant: ContinuousClock.Instant, _ body: @escaping () -> Void) -> DeadlineID {
        self.preconditionOnReactor()
        return self.local.deadlines.schedule(at: instant, body)
    }

    /// Forgets a deadline. One that has fired is ignored.
    package func cancel(_ id: DeadlineID) {
        self.preconditionOnReactor()
        self.local.deadlines.cancel(id)
    }

    /// Runs a body once, on the reactor's thread, before it next looks at the sockets.
    ///
    /// Connections collect the writes of all jobs of a turn in it, and make one system call of them.
    package func atEndOfTurn(_ body: @escaping () -> Void) {
        self.preconditionOnReactor()
        self.local.turnEnd.append(body)
    }

    // MARK: Life

    /// Ends the thread after the jobs that are already queued, and waits for it.
    ///
    /// - Precondition: Not called on the reactor's thread, and every actor on the reactor has been closed.
    package func shutdown() {
        precondition(!self.isCurrentThread, "a reactor cannot wait for itself")
        let wasRunning = self.shared.withLock { shared in
            defer { shared.isStopping = true }
            return !shared.isStopping
        }
        guard wasRunning else { return }
        self.wake()
        self.finished.wait()
    }

    private func run() {
        self.threadID.store(UInt(pthread_self()), ordering: .relaxed)
        // hiredis writes with write(2): a peer that has gone must be an error, not a signal.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)

        var events = [epoll_event](repeating: epoll_event(), count: 128)
        while true {
            self.runQueuedWork()
            self.fireDeadlines()
            self.endTurn()
            guard let timeout = self.pollTimeout() else { break }
            let count = epoll_wait(self.pollDescriptor, &events, CInt(events.count), timeout)
            self.shared.withLock { $0.isAsleep = false }
            for index in 0..<max(0, Int(count)) { self.deliver(events[index]) }
        }
        self.local = Local()
        // The kernel may give the thread's number to another one.
        self.threadID.store(0, ordering: .relaxed)
        self.finished.signal()
    }

    /// Runs what is queued now. What that queues in turn waits for the next turn, so that sockets are not starved.
    private func runQueuedWork() {
        // Taken out as a whole: one lock a turn, and none held while anything runs. The two queues change places, so
        // that neither allocates again.
        var turn = Deque<Work>()
        swap(&turn, &self.local.work)
        self.shared.withLock { swap(&turn, &$0.work) }
        while let work = turn.popFirst() {
            switch work {
            case .job(let job): job.runSynchronously(on: self.asUnownedSerialExecutor())
            case .body(let body): body()
            }
        }
        swap(&turn, &self.local.work)
    }

    private func fireDeadlines() {
        guard self.local.deadlines.next != nil else { return }
        let now = ContinuousClock.now
        while let body = self.local.deadlines.popDue(at: now) { body() }
    }

    private func endTurn() {
        while !self.local.turnEnd.isEmpty {
            let bodies = self.local.turnEnd
            self.local.turnEnd.removeAll(keepingCapacity: true)
            for body in bodies { body() }
        }
    }

    /// How long to wait for sockets, in milliseconds (-1: until woken); `nil` when it is time to end.
    private func pollTimeout() -> CInt? {
        let next = self.local.deadlines.next
        return self.shared.withLock { shared -> CInt? in
            if !shared.work.isEmpty { return 0 }
            if shared.isStopping { return nil }
            shared.isAsleep = true
            guard let next else { return -1 }
            // Rounded up: waking early would spin until the instant has really come.
            let remaining = (next - .now).components
            let fraction = (remaining.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
            let milliseconds = remaining.seconds * 1000 + fraction
            return CInt(clamping: max(0, milliseconds))
        }
    }

    private func deliver(_ event: epoll_event) {
        let generation = event.data.u64
        guard generation != 0 else {
            var count: UInt64 = 0
            read(self.wakeDescriptor, &count, MemoryLayout<UInt64>.size)
            return
        }
        // A source that an earlier event of this turn unregistered is no longer in the table.
        guard let entry = self.local.sources[generation] else { return }
        var readiness: Readiness = []
        let flags = event.events
        if flags & (EPOLLIN.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue | EPOLLRDHUP.rawValue) != 0 {
            readiness.insert(.readable)
        }
        if flags & (EPOLLOUT.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 { readiness.insert(.writable) }
        entry.source.ready(readiness)
    }

    private func control(_ operation: CInt, _ id: SourceID, _ descriptor: CInt, _ interest: Interest) {
        var event = epoll_event()
        event.events = EPOLLRDHUP.rawValue
        if interest.contains(.read) { event.events |= EPOLLIN.rawValue }
        if interest.contains(.write) { event.events |= EPOLLOUT.rawValue }
        event.data.u64 = id.generation
        if epoll_ctl(self.pollDescriptor, operation, descriptor, &event) == 0 { return }
        // libpq closes and reopens its socket between attempts; the kernel has then forgotten the registration.
        if operation == EPOLL_CTL_MOD, errno == ENOENT,
            epoll_ctl(self.pollDescriptor, EPOLL_CTL_ADD, descriptor, &event) == 0
        {
            return
        }
        // The source finds the reason by itself in its next read or write.
        self.atEndOfTurn { self.local.sources[id.generation]?.source.ready([.readable, .writable]) }
    }

    private func wake() {
        var one: UInt64 = 1
        write(self.wakeDescriptor, &one, MemoryLayout<UInt64>.size)
    }

    private func preconditionOnReactor() {
        precondition(self.isCurrentThread, "must run on the reactor's thread")
    }
}
