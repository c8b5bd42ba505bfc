internal import CLibpq
package import IOReactor

/// One connection to a Postgres server. Lives on the reactor's thread, never blocks it.
///
/// Requests of several tasks may be in flight at once; they are executed in the order in which they reach the
/// connection. Every caller is resumed exactly once, at its deadline plus ``cancelGrace`` at the latest, and learns
/// whether its request was not sent, answered, or may have happened (see ``PostgresError/outcome``).
///
/// - Important: The reactor must outlive the connection. ``close()`` it; one that is only dropped ends with the process
///   of its last reference, without waiting for the server.
package actor PostgresConnection: ReadinessSource {
    /// How long a request whose deadline passed may take to be cancelled before the connection is given up.
    package static let cancelGrace = Duration.seconds(1)
    /// How long after a cancel request without effect the next one is sent.
    static let cancelRetryPause = Duration.milliseconds(50)
    /// How long a closed connection waits for the server's process to end.
    static let closeGrace = Duration.seconds(1)

    enum Phase {
        case opening(ConnectAttempt)
        case open
        /// The server was told; its end of the connection is awaited.
        case closing
        case closed
    }

    package nonisolated let reactor: IOReactor
    /// What it is connected to.
    package nonisolated let target: PostgresTarget
    nonisolated let session: PostgresSession
    nonisolated let threads: BlockingThreads

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        self.reactor.asUnownedSerialExecutor()
    }

    var phase: Phase
    var handle: PostgresHandle?
    var cancelHandle: PostgresCancelHandle?
    var source: SourceID?
    var interest: Interest = []
    var closeDeadline: DeadlineID?
    var closeWaiters: [CheckedContinuation<Void, Never>] = []
    var settleWaiters: [CheckedContinuation<Void, Never>] = []

    var exchange = PostgresExchange()
    var requests: [PostgresRequestID: PostgresRequest] = [:]
    var lastRequest: UInt64 = 0
    var statements = PreparedStatements()
    var hasScheduledAdvance = false
    var writer = StatementWriter()
    var copy: CopyTransfer?
    /// Data that the reader of a COPY that has ended has not taken yet.
    var unreadCopies: [PostgresRequestID: CopyTransfer] = [:]

    var notificationHandler: (@Sendable (PostgresNotification) -> Void)?
    var closeHandler: (@Sendable (PostgresError) -> Void)?
    /// Why the connection ended, once it did.
    var end: PostgresError?

    init(target: PostgresTarget, session: PostgresSession, helpers: ConnectionHelpers) {
        self.target = target
        self.session = session
        self.reactor = helpers.reactor
        self.threads = helpers.threads
        self.phase = .opening(ConnectAttempt())
    }

    /// Whether requests can be made.
    package var isOpen: Bool {
        switch self.phase {
        case .open: true
        case .opening, .closing, .closed: false
        }
    }

    /// The server's process that serves this connection; 0 once it is closed.
    package var serverProcessID: Int {
        self.handle.map { Int(PQbackendPID($0.pointer)) } ?? 0
    }

    /// The server's version, e.g. 150018; 0 once the connection is closed.
    package var serverVersion: Int {
        self.handle.map { Int(PQserverVersion($0.pointer)) } ?? 0
    }

    /// Sets who is told that the connection has ended. Called on the reactor, once.
    func onClose(_ handler: @escaping @Sendable (PostgresError) -> Void) {
        if let end, self.handle == nil { handler(end) } else { self.closeHandler = handler }
    }

    // MARK: Readiness

    package nonisolated func ready(_ readiness: Readiness) {
        self.assumeIsolated { $0.pump(readiness) }
    }

    private func pump(_ readiness: Readiness) {
        switch self.phase {
        case .opening:
            self.continueOpening()
        case .open:
            if readiness.contains(.readable) { self.receive() }
            self.advance()
        case .closing:
            self.awaitServerEnd()
        case .closed:
            break
        }
    }

    /// Reads what arrived and hands it out.
    private func receive() {
        guard let handle else { return }
        // A TLS record can be longer than what libpq reads at once; the rest sits in the TLS library, where no
        // readiness announces it.
        let reads = PQsslInUse(handle.pointer) == 1 ? 4 : 1
        var isAlive = true
        for _ in 0..<reads where isAlive { isAlive = PQconsumeInput(handle.pointer) == 1 }
        // What arrived before the end still counts: the server says why it ends a session.
        self.drain()
        if !isAlive { self.lose(handle.sessionEnd ?? self.lossError(handle.errorMessage)) }
    }

    /// Advances once all jobs of this turn of the reactor have had their say: one system call for all of them.
    func advanceSoon() {
        guard !self.hasScheduledAdvance else { return }
        self.hasScheduledAdvance = true
        self.reactor.atEndOfTurn {
            self.assumeIsolated { connection in
                connection.hasScheduledAdvance = false
                connection.advance()
            }
        }
    }

    /// Writes what can be written, and asks to be told when there is more to do.
    func advance() {
        guard case .open = self.phase, let handle else { return }
        self.sendDirectives()
        let flushed = PQflush(handle.pointer)
        guard flushed >= 0 else {
            // The server may have said why; what it said has to be read before the connection is given up.
            _ = PQconsumeInput(handle.pointer)
            self.drain()
            return self.lose(handle.sessionEnd ?? self.lossError(handle.errorMessage))
        }
        guard PQstatus(handle.pointer) == CONNECTION_OK else {
            self.drain()
            return self.lose(handle.sessionEnd ?? self.lossError(handle.errorMessage))
        }
        if flushed == 0 { self.outputDrained() }
        self.watch(flushed == 0 ? .read : [.read, .write])
        if self.exchange.isQuiescent { self.resumeSettleWaiters() }
    }

    func resumeSettleWaiters() {
        guard !self.settleWaiters.isEmpty else { return }
        let waiters = self.settleWaiters
        self.settleWaiters = []
        for waiter in waiters { waiter.resume() }
    }

    /// Sets what the reactor looks for; a paused COPY looks for nothing.
    func watch(_ wanted: Interest) {
        guard let handle else { return }
        let wanted = self.copy?.isPaused == true ? Interest() : wanted
        if wanted.isEmpty {
            // A registered descriptor reports its end again and again although nobody reads.
            if let source { self.reactor.unregister(source) }
            self.source = nil
        } else if let source {
            if wanted != self.interest { self.reactor.update(source, interest: wanted) }
        } else {
            self.source = self.reactor.register(self, descriptor: PQsocket(handle.pointer), interest: wanted)
        }
        self.interest = wanted
    }

    func lossError(_ message: String) -> PostgresError {
        PostgresError(.unavailable, .notSent, operation: "session", message: message)
    }
}
