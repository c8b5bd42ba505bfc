extension ElectionMachine {
    /// How the machine times itself.
    package struct Parameters: Sendable, Equatable {
        /// How long a leadership lasts without renewal.
        package var lease: Duration
        /// How long before its end the leader stops trusting it.
        package var safetyMargin: Duration
        /// Time between two renewals.
        package var renewEvery: Duration
        /// Time until the next try after one that failed.
        package var retryAfter: Duration
        /// This node's own delay after a lease has run out, so that followers do not all ask at once.
        package var jitter: Duration

        /// Explicit times.
        package init(
            lease: Duration,
            safetyMargin: Duration,
            renewEvery: Duration,
            retryAfter: Duration,
            jitter: Duration
        ) {
            self.lease = lease
            self.safetyMargin = safetyMargin
            self.renewEvery = renewEvery
            self.retryAfter = retryAfter
            self.jitter = jitter
        }

        /// The times that follow from the options, and the node's own jitter: up to a quarter of a heartbeat, the same
        /// at every start.
        package init(_ options: CoordinationOptions, node: NodeID) {
            let share = StableHash.unitInterval(StableHash.of(node.description))
            self.init(
                lease: options.leaderLeaseDuration,
                safetyMargin: options.safetyMargin,
                renewEvery: options.heartbeatInterval,
                retryAfter: options.heartbeatInterval / 4,
                jitter: options.heartbeatInterval * (share / 4)
            )
        }
    }

    /// Names one request; a reply under another name is late.
    package struct RequestID: Hashable, Sendable {
        /// Counts the machine's requests, from 1.
        package let value: Int64

        /// The request with this number.
        package init(value: Int64) {
            self.value = value
        }
    }

    /// Names one setting of the timer; a firing under another name is late.
    package struct TimerID: Hashable, Sendable {
        /// Counts the machine's timers, from 1.
        package let value: Int64

        /// The timer with this number.
        package init(value: Int64) {
            self.value = value
        }
    }

    /// What became of a request for the leadership.
    package enum AcquireOutcome: Sendable, Equatable {
        case acquired(Term)
        case held(Leadership)
        /// Not sent, refused, or without a known outcome: to be tried again, which is harmless.
        case failed
    }

    /// What became of a renewal.
    package enum RenewOutcome: Sendable, Equatable {
        case renewed
        /// This leadership is no longer the present one.
        case superseded
        /// Not sent, refused, or without a known outcome: to be tried again while the lease is trusted.
        case failed
    }

    /// Whether this node can do a leader's work.
    package enum Fitness: Sendable, Equatable {
        case fit
        /// Cut off from the databases, stalled, or not registered.
        case unfit
    }

    /// What happens to the machine.
    package enum Event: Sendable, Equatable {
        /// The node is registered and takes part.
        case started
        case timerFired(TimerID)
        case acquireReplied(RequestID, AcquireOutcome)
        case renewReplied(RequestID, RenewOutcome)
        /// A heartbeat or a snapshot showed who leads, and the last term given.
        case leadershipSeen(Leadership?, lastTerm: Term)
        /// A hint that the leadership was given up.
        case leadershipReleased
        case fitnessChanged(Fitness)
        /// The node leaves.
        case stopRequested
    }

    /// Why this node stops leading.
    package enum StopReason: String, Sendable, Equatable {
        /// The lease could not be renewed in time.
        case leaseExpired
        /// Another leadership is the present one.
        case superseded
        /// The node is unfit.
        case unfit
        /// The node leaves.
        case stopped
    }

    /// What the shell performs, in this order.
    package enum Action: Sendable, Equatable {
        case acquire(RequestID, highestTermSeen: Term)
        case renew(RequestID, Term)
        /// Give the leadership back; the reply decides nothing.
        case resign(Term)
        case startLeading(Term)
        case stopLeading(Term, StopReason)
        /// Replaces the timer.
        case setTimer(TimerID, MonotonicInstant)
    }
}
