internal import Synchronization

/// What others tell a tenant scheduler: kept until its next step, which each message brings about.
final class SchedulerMailbox: Sendable {
    enum Command: Sendable, Equatable {
        /// Take part again, after a retirement that has not ended yet; answered by `prepared`.
        case standBy
        /// The tenant's connection changed.
        case reconnect(Tenant)
        /// Get ready to take over within moments; answered by `ready`.
        case getReady(move: String)
        /// Install this epoch in the fence and work.
        case activate(Epoch, TenancyMachine.Arrival)
        /// Make a last claim pass, then no further one.
        case stopClaiming(Epoch)
        /// Claim again under the same epoch.
        case resumeClaiming(Epoch)
        /// Claim nothing until activated again.
        case suspend(Epoch)
        /// Let runs finish until the instant, then give the rest back, and close.
        case retire(MonotonicInstant)
        /// Cancel everything and close.
        case drop
    }

    /// What has come since the last step.
    struct Mail: Sendable {
        var commands: [Command] = []
        var grants = 0
        var hasHint = false
        /// The set of living registrations changed.
        var hasLivingChange = false
    }

    private let mail = Mutex(Mail())
    private let signal: Signal

    /// - Parameter clock: By which it waits.
    init(clock: MonotonicClock) {
        self.signal = Signal(clock: clock)
    }

    func send(_ command: Command) {
        self.mail.withLock { $0.commands.append(command) }
        self.signal.notify()
    }

    /// Slots that the dispatcher gives.
    func grant(_ count: Int) {
        self.mail.withLock { $0.grants += count }
        self.signal.notify()
    }

    /// Work may have been enqueued, or a definition changed.
    func hint() {
        self.mail.withLock { $0.hasHint = true }
        self.signal.notify()
    }

    /// Registrations came or went: lent claims may be revocable.
    func noteLivingChange() {
        self.mail.withLock { $0.hasLivingChange = true }
        self.signal.notify()
    }

    /// Attempts have ended.
    func wake() {
        self.signal.notify()
    }

    /// Takes slots that have been granted and not been seen by a step.
    func takeGrants() -> Int {
        self.mail.withLock { mail in
            defer { mail.grants = 0 }
            return mail.grants
        }
    }

    func take() -> Mail {
        self.mail.withLock { mail in
            defer { mail = Mail() }
            return mail
        }
    }

    /// Whether a command waits that ends the scheduler.
    var isEnding: Bool {
        self.mail.withLock { mail in
            mail.commands.contains { command in
                switch command {
                case .retire, .drop: true
                case .standBy, .reconnect, .getReady, .activate, .stopClaiming, .resumeClaiming, .suspend: false
                }
            }
        }
    }

    func wait(until instant: ContinuousClock.Instant?) async {
        await self.signal.wait(until: instant)
    }
}
