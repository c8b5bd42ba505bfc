package import IOReactor

/// One connection to one Redis server: pipelined requests with deadlines.
///
/// It connects once and ends once. Every request ends exactly once: with a reply, or with an error that says whether
/// it may have been executed. Requests that are made in the same turn of the reactor leave in one write.
///
/// ## States
/// idle → connecting → open → closed. Nothing leads back; ``RedisClient`` opens a new connection instead.
///
/// - Important: Lives on a reactor, whose thread is its executor, and is retained by it until it is closed.
package actor RedisConnection: ReadinessSource {
    /// What a connection tolerates.
    package struct Limits: Sendable, Hashable {
        /// Requests without a reply, 1 or more; default 65,536. One more is refused as unavailable.
        package var requests = 65_536
        /// Bytes of arguments of requests without a reply; default 64 MiB. A single larger request passes.
        package var bytes = 64 << 20
        /// How long the server may be silent after a request passed its deadline, before the connection is given up;
        /// default 1 s.
        package var silence = Duration.seconds(1)

        /// The defaults.
        package init() {}
    }

    typealias Outcome = Result<RedisValue, Ending>
    typealias Waiter = CheckedContinuation<Outcome, Never>

    /// Why a request ended without a reply.
    struct Ending: Error, Sendable {
        enum Cause: Sendable {
            case full
            case timedOut
            case cancelled
            case lost(RedisTransport.Failure)
            case silent
            case closed
        }

        let fate: RedisPipeline<Waiter>.Fate
        let cause: Cause
    }

    private enum State {
        case idle
        case connecting(RedisTransport, SourceID, CheckedContinuation<RedisError?, Never>)
        case open(RedisTransport, SourceID)
        case closed(Ending.Cause)
    }

    /// Bytes in the output buffer beyond which queued requests wait: hiredis moves the rest at each partial write.
    private static let bufferedByteLimit: UInt64 = 64 << 10

    /// The thread that this connection lives on.
    package nonisolated let reactor: IOReactor

    /// The reactor's thread.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { self.reactor.asUnownedSerialExecutor() }

    private let limits: Limits
    private var state = State.idle
    private var pipeline: RedisPipeline<Waiter>
    private var isFlushScheduled = false
    private var isWatchingWrites = false
    private var timer: (id: DeadlineID, instant: ContinuousClock.Instant)?
    private var lastProgress = ContinuousClock.now
    private var isRetiring = false
    private var closeObserver: (@Sendable (RedisError?) -> Void)?
    private var pushes: (@Sendable (RedisValue) -> Void)?

    /// Creates a connection that is not yet connected.
    package init(reactor: IOReactor, limits: Limits = Limits()) {
        self.reactor = reactor
        self.limits = limits
        self.pipeline = RedisPipeline(limits: .init(requests: limits.requests, bytes: limits.bytes))
    }

    /// Whether requests can be made.
    package var isOpen: Bool {
        if case .open = self.state { true } else { false }
    }

    // MARK: Connecting

    /// Connects to an address.
    ///
    /// - Throws: `.unavailable` if the address refuses or does not answer before the deadline, `.closed` if
    ///   ``close()`` came first.
    /// - Precondition: Called once.
    package func connect(to address: SocketAddress, deadline: ContinuousClock.Instant) async throws(RedisError) {
        switch self.state {
        case .idle: break
        case .closed: throw RedisError(.closed, operation: "connect")
        case .connecting, .open: preconditionFailure("a connection connects once")
        }
        let transport: RedisTransport
        do {
            transport = RedisTransport(adopting: try address.startConnecting())
        } catch {
            self.end(.lost(.socket(error.description)))
            throw RedisError(.unavailable, operation: "connect", detail: error.description)
        }
        let source = self.reactor.register(self, descriptor: transport.descriptor, interest: .write)
        let timeout = self.reactor.schedule(at: deadline) { [weak self] in
            self?.assumeIsolated { $0.end(.timedOut) }
        }
        let failure = await withCheckedContinuation { continuation in
            self.state = .connecting(transport, source, continuation)
        }
        self.reactor.cancel(timeout)
        if let failure { throw failure }
    }

    private func attemptEnded(
        _ transport: RedisTransport,
        _ source: SourceID,
        _ waiter: CheckedContinuation<RedisError?, Never>
    ) {
        do {
            try transport.finishConnecting()
        } catch {
            return self.end(.lost(error))
        }
        self.reactor.update(source, interest: .read)
        self.state = .open(transport, source)
        waiter.resume(returning: nil)
    }

    // MARK: Requests

    /// Sends a command and waits for its reply.
    ///
    /// - Parameters:
    ///   - command: The command. Blocking ones hold up everything behind them.
    ///   - deadline: When to stop waiting.
    /// - Returns: The reply, which is never an error as a whole.
    /// - Throws: ``RedisError``: `.server` for an error reply, `.unavailable` or `.closed` if the command was not
    ///   sent, `.timedOut`, `.outcomeUnknown` if it was sent and no reply will come. A cancelled task gets
    ///   `.unavailable` or `.outcomeUnknown`.
    package func execute(
        _ command: RedisCommand,
        deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> RedisValue {
        try await self.execute(command, after: nil, deadline: deadline)
    }

    /// Sends a command right behind another one whose reply is not wanted, such as `ASKING`.
    ///
    /// - Throws: As ``execute(_:deadline:)``.
    package func execute(
        _ command: RedisCommand,
        after prefix: RedisCommand?,
        deadline: ContinuousClock.Instant
    ) async throws(RedisError) -> RedisValue {
        guard case .open = self.state, !self.isRetiring else { throw self.refusal(of: command) }
        guard deadline > .now else {
            throw RedisError(.timedOut, operation: command.name, detail: "the deadline had already passed")
        }
        let ticket = Ticket()
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                if let prefix { _ = self.pipeline.admit(prefix, deadline: deadline, waiter: nil) }
                ticket.id = self.admit(command, deadline: deadline, waiter: waiter)
            }
        } onCancel: {
            self.reactor.perform {
                self.assumeIsolated { $0.callerLeft(ticket) }
            }
        }
        switch outcome {
        case .success(.error(let error)): throw RedisError(error, replyTo: command)
        case .success(let value): return value
        case .failure(let ending): throw RedisError(ending, operation: command.name)
        }
    }

    /// Where a request's number is left for the cancellation handler.
    private final class Ticket: @unchecked Sendable {
        // SAFETY: read and written on the reactor's thread only: when the request is admitted, and in a body that the
        // cancellation handler has performed there.
        var id: RedisPipeline<Waiter>.RequestID?
    }

    private func admit(
        _ command: RedisCommand,
        deadline: ContinuousClock.Instant,
        waiter: Waiter
    ) -> RedisPipeline<Waiter>.RequestID? {
        guard let id = self.pipeline.admit(command, deadline: deadline, waiter: waiter) else {
            waiter.resume(returning: .failure(Ending(fate: .notSent, cause: .full)))
            return nil
        }
        self.scheduleFlush()
        self.armTimer(at: deadline)
        return id
    }

    private func callerLeft(_ ticket: Ticket) {
        guard let id = ticket.id, let ended = self.pipeline.withdrawn(id) else { return }
        ended.waiter.resume(returning: .failure(Ending(fate: ended.fate, cause: .cancelled)))
    }

    private func refusal(of command: RedisCommand) -> RedisError {
        switch self.state {
        case .closed(let cause): RedisError(Ending(fate: .notSent, cause: cause), operation: command.name)
        case .idle, .connecting, .open: RedisError(.unavailable, operation: command.name, detail: "not connected")
        }
    }

    // MARK: Push messages

    /// Hands everything that the server sends from now on to a body, on the reactor's thread.
    ///
    /// For pub/sub, where replies do not follow the order of requests.
    /// - Precondition: No request is without its reply.
    package func receivePushes(_ body: @escaping @Sendable (RedisValue) -> Void) {
        precondition(!self.pipeline.isAwaitingReply && !self.pipeline.hasQueued, "requests are in flight")
        self.pushes = body
    }

    /// Sends a command whose replies come as pushes. Ignored when the connection is not open.
    /// - Precondition: ``receivePushes(_:)`` was called.
    package func sendExpectingPushes(_ command: RedisCommand) {
        precondition(self.pushes != nil, "replies would be taken for those of other requests")
        guard case .open(let transport, _) = self.state else { return }
        _ = transport.append(command)
        self.scheduleFlush()
    }

    // MARK: Input and output

    /// Called by the reactor.
    package nonisolated func ready(_ readiness: Readiness) {
        self.assumeIsolated { $0.socketReady(readiness) }
    }

    private func socketReady(_ readiness: Readiness) {
        switch self.state {
        case .idle, .closed:
            return
        case .connecting(let transport, let source, let waiter):
            self.attemptEnded(transport, source, waiter)
        case .open(let transport, _):
            if readiness.contains(.readable) { self.receive(from: transport) }
            if readiness.contains(.writable) { self.flush() }
        }
    }

    private func receive(from transport: RedisTransport) {
        do {
            try transport.read()
            self.lastProgress = .now
            while let reply = try transport.nextReply() {
                if let pushes = self.pushes {
                    pushes(reply)
                    // What it does may have closed the connection.
                    guard self.isOpen else { return }
                    continue
                }
                switch self.pipeline.replyArrived() {
                case .deliver(let waiter): waiter.resume(returning: .success(reply))
                case .drop: break
                case .unexpected: return self.end(.lost(.malformed("a reply without a request")))
                }
            }
            self.closeIfRetired()
        } catch {
            self.end(.lost(error))
        }
    }

    private func scheduleFlush() {
        guard !self.isFlushScheduled, !self.isWatchingWrites else { return }
        self.isFlushScheduled = true
        self.reactor.atEndOfTurn {
            self.assumeIsolated {
                $0.isFlushScheduled = false
                $0.flush()
            }
        }
    }

    private func flush() {
        guard case .open(let transport, let source) = self.state else { return }
        if !self.pipeline.isAwaitingReply { self.lastProgress = .now }
        do {
            var isWritten = true
            repeat {
                while transport.pendingByteCount < Self.bufferedByteLimit,
                    self.pipeline.bufferNext({ transport.append($0) })
                {}
                isWritten = try transport.write()
                self.pipeline.wrote(upTo: transport.writtenEnd)
            } while isWritten && self.pipeline.hasQueued
            if self.isWatchingWrites == isWritten {
                self.isWatchingWrites = !isWritten
                self.reactor.update(source, interest: isWritten ? .read : [.read, .write])
            }
        } catch {
            self.end(.lost(error))
        }
    }

    // MARK: Deadlines

    private func armTimer(at instant: ContinuousClock.Instant) {
        if let timer = self.timer {
            guard instant < timer.instant else { return }
            self.reactor.cancel(timer.id)
        }
        let id = self.reactor.schedule(at: instant) { [weak self] in
            self?.assumeIsolated { $0.timerFired() }
        }
        self.timer = (id, instant)
    }

    /// One timer serves all requests: set to the earliest deadline, it looks through them when it fires. Most have
    /// been answered by then, and a timer each would cost more than the requests.
    private func timerFired() {
        self.timer = nil
        let now = ContinuousClock.now
        for (waiter, fate) in self.pipeline.deadlinesPassed(at: now) {
            waiter.resume(returning: .failure(Ending(fate: fate, cause: .timedOut)))
        }
        if self.pipeline.isOverdue {
            let limit = self.lastProgress + self.limits.silence
            if limit <= now { return self.end(.silent) }
            self.armTimer(at: limit)
        }
        if let next = self.pipeline.nextDeadline { self.armTimer(at: next) }
    }

    // MARK: Ending

    /// Closes the connection at once and ends all requests. Safe to call again.
    package func close() {
        self.end(.closed)
    }

    /// Gives the connection up as silent, when its user knows that an answer is overdue.
    package func abandon() {
        self.end(.silent)
    }

    /// Closes the connection once no request waits for its reply; new ones are refused at once.
    package func closeWhenIdle() {
        self.isRetiring = true
        self.closeIfRetired()
    }

    private func closeIfRetired() {
        if self.isRetiring, !self.pipeline.isAwaitingReply, !self.pipeline.hasQueued { self.end(.closed) }
    }

    /// Sets what is called once, on the reactor's thread, when the connection ends: at once if it already has.
    ///
    /// The body gets the reason, or `nil` if the connection was closed on purpose. Requests are resumed after it.
    package func onClose(_ body: @escaping @Sendable (RedisError?) -> Void) {
        if case .closed(let cause) = self.state { return body(Self.reason(cause)) }
        self.closeObserver = body
    }

    private static func reason(_ cause: Ending.Cause) -> RedisError? {
        if case .closed = cause { return nil }
        return RedisError(Ending(fate: .notSent, cause: cause), operation: "connection")
    }

    private func end(_ cause: Ending.Cause) {
        let previous = self.state
        if case .closed = previous { return }
        self.state = .closed(cause)
        if let timer = self.timer.take() { self.reactor.cancel(timer.id) }
        switch previous {
        case .idle, .closed:
            break
        case .connecting(_, let source, let waiter):
            self.reactor.unregister(source)
            waiter.resume(returning: RedisError(Ending(fate: .notSent, cause: cause), operation: "connect"))
        case .open(_, let source):
            self.reactor.unregister(source)
        }
        // The transport, and with it the socket, goes with `previous`.
        self.pushes = nil
        self.closeObserver.take()?(Self.reason(cause))
        for (waiter, fate) in self.pipeline.connectionLost() {
            waiter.resume(returning: .failure(Ending(fate: fate, cause: cause)))
        }
    }
}
