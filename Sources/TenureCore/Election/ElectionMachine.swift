/// Decides when this node asks for the leadership, and when it may act as leader. Pure.
///
/// A leadership is a lease in the store. The leader trusts it until the *start* of the request that took or renewed it,
/// plus the lease, less the safety margin, on its own clock; ``isLeader(at:)`` says so at each read and each write.
/// Every write carries the term as well, and the store refuses it unless the term is the present one.
///
/// ## States
///
///     following → acquiring → leading → following
///     any of them → abstaining (unfit) → following (fit again)
///     any of them → stopped
///
/// There is one timer: an action that sets it replaces the one before. Replies and timers that come late are ignored
/// and counted, except that a leadership granted too late is given back, so that nobody waits for a lease without a
/// leader.
package struct ElectionMachine: Sendable {
    private enum State: Sendable, Equatable {
        /// Not started.
        case idle
        case following(TimerID)
        case acquiring(RequestID, startedAt: MonotonicInstant, TimerID)
        case leading(Term, trustedUntil: MonotonicInstant, Renewal)
        case abstaining
        case stopped
    }

    private enum Renewal: Sendable, Equatable {
        /// Waits until the timer fires.
        case waiting(TimerID)
        /// Asked; the timer fires when trust runs out.
        case inFlight(RequestID, startedAt: MonotonicInstant, TimerID)
    }

    private let own: NodeID
    private let parameters: Parameters
    private var state: State = .idle
    private var lastRequest: Int64 = 0
    private var lastTimer: Int64 = 0
    /// The last term that was given back. The store may not have heard of it yet: a grant of it is worth nothing.
    private var resignedTerm: Term = .none

    /// The highest term that this node has ever seen.
    package private(set) var highestTermSeen: Term = .none
    /// Replies and timers that came too late to matter.
    package private(set) var lateEvents: Int = 0

    /// A machine that waits for ``Event/started``.
    package init(node: NodeID, parameters: Parameters) {
        self.own = node
        self.parameters = parameters
    }

    /// Whether this node may act as leader at this instant.
    package func isLeader(at now: MonotonicInstant) -> Bool {
        self.term(at: now) != nil
    }

    /// The term under which this node may act as leader at this instant.
    package func term(at now: MonotonicInstant) -> Term? {
        guard case .leading(let term, let trustedUntil, _) = self.state, now < trustedUntil else { return nil }
        return term
    }

    /// Until when the present leadership is trusted; `nil` when this node does not lead.
    package var trustedUntil: MonotonicInstant? {
        guard case .leading(_, let trustedUntil, _) = self.state else { return nil }
        return trustedUntil
    }

    /// Remembers a term that was seen anywhere, so that the next election ends above it.
    package mutating func noteTerm(_ term: Term) {
        self.highestTermSeen = max(self.highestTermSeen, term)
    }

    /// Takes in one event and returns what is to be done, in order.
    package mutating func handle(_ event: Event, at now: MonotonicInstant) -> [Action] {
        switch event {
        case .started: self.started(at: now)
        case .timerFired(let timer): self.timerFired(timer, at: now)
        case .acquireReplied(let request, let outcome): self.acquireReplied(request, outcome, at: now)
        case .renewReplied(let request, let outcome): self.renewReplied(request, outcome, at: now)
        case .leadershipSeen(let leadership, let lastTerm): self.leadershipSeen(leadership, lastTerm, at: now)
        case .leadershipReleased: self.leadershipReleased(at: now)
        case .fitnessChanged(.fit): self.becameFit(at: now)
        case .fitnessChanged(.unfit): self.becameUnfit()
        case .stopRequested: self.stopRequested()
        }
    }

    private mutating func started(at now: MonotonicInstant) -> [Action] {
        switch self.state {
        case .idle: return self.acquire(at: now)
        case .following, .acquiring, .leading, .abstaining, .stopped: return []
        }
    }

    private mutating func timerFired(_ timer: TimerID, at now: MonotonicInstant) -> [Action] {
        switch self.state {
        case .following(timer):
            return self.acquire(at: now)
        case .acquiring(_, _, timer):
            // The reply cannot entitle any more; when it comes it is given back.
            return self.follow(tryingAt: now.advanced(by: self.parameters.retryAfter))
        case .leading(let term, let trustedUntil, .waiting(timer)):
            if now >= trustedUntil { return self.lose(term, .leaseExpired, at: now) }
            let request = self.nextRequest()
            let (timer, setTimer) = self.nextTimer(trustedUntil)
            self.state = .leading(
                term,
                trustedUntil: trustedUntil,
                .inFlight(request, startedAt: now, timer)
            )
            return [.renew(request, term), setTimer]
        case .leading(let term, _, .inFlight(_, _, timer)):
            return self.lose(term, .leaseExpired, at: now)
        case .idle, .following, .acquiring, .leading, .abstaining, .stopped:
            self.lateEvents += 1
            return []
        }
    }

    private mutating func acquireReplied(
        _ request: RequestID,
        _ outcome: AcquireOutcome,
        at now: MonotonicInstant
    ) -> [Action] {
        switch outcome {
        case .acquired(let term): self.noteTerm(term)
        case .held(let leadership): self.noteTerm(leadership.term)
        case .failed: break
        }
        switch self.state {
        case .acquiring(request, let startedAt, _):
            switch outcome {
            case .acquired(let term):
                let trustedUntil = self.trust(from: startedAt)
                guard now < trustedUntil, term > self.resignedTerm else {
                    // Slower than the lease: whoever is faster shall have it.
                    return self.resign(term) + self.follow(tryingAt: now.advanced(by: self.parameters.retryAfter))
                }
                return [.startLeading(term)] + self.lead(term, until: trustedUntil, startedAt: startedAt, at: now)
            case .held(let leadership):
                return self.follow(tryingAt: self.end(of: leadership, at: now))
            case .failed:
                return self.follow(tryingAt: now.advanced(by: self.parameters.retryAfter + self.parameters.jitter))
            }
        case .leading(let term, _, _):
            self.lateEvents += 1
            guard case .acquired(let granted) = outcome, granted > term else { return [] }
            return self.lose(term, .superseded, at: now)
        case .acquiring:
            // The request in flight will be told the same, or better.
            self.lateEvents += 1
            return []
        case .idle, .following, .abstaining, .stopped:
            self.lateEvents += 1
            guard case .acquired(let granted) = outcome else { return [] }
            return self.resign(granted)
        }
    }

    private mutating func renewReplied(
        _ request: RequestID,
        _ outcome: RenewOutcome,
        at now: MonotonicInstant
    ) -> [Action] {
        switch self.state {
        case .leading(let term, let trustedUntil, .inFlight(request, let startedAt, _)):
            // Trust that has run out is not revived: readers have been told that there is no leader.
            guard now < trustedUntil else { return self.lose(term, .leaseExpired, at: now) }
            switch outcome {
            case .renewed:
                return self.lead(term, until: self.trust(from: startedAt), startedAt: startedAt, at: now)
            case .superseded:
                return self.lose(term, .superseded, at: now)
            case .failed:
                return self.lead(
                    term,
                    until: trustedUntil,
                    renewingAt: now.advanced(by: self.parameters.retryAfter)
                )
            }
        case .idle, .following, .acquiring, .leading, .abstaining, .stopped:
            self.lateEvents += 1
            return []
        }
    }

    private mutating func leadershipSeen(
        _ leadership: Leadership?,
        _ lastTerm: Term,
        at now: MonotonicInstant
    ) -> [Action] {
        self.noteTerm(max(lastTerm, leadership?.term ?? .none))
        switch self.state {
        case .following:
            guard let leadership else { return self.acquire(at: now) }
            // What was read before a newer election was seen says nothing any more.
            if leadership.term < self.highestTermSeen { return [] }
            // Granted by a request whose reply was lost: asking again tells.
            if leadership.holder.node == self.own { return self.acquire(at: now) }
            return self.follow(tryingAt: self.end(of: leadership, at: now))
        case .leading(let term, _, _):
            return self.highestTermSeen > term ? self.lose(term, .superseded, at: now) : []
        case .idle, .acquiring, .abstaining, .stopped:
            return []
        }
    }

    private mutating func leadershipReleased(at now: MonotonicInstant) -> [Action] {
        switch self.state {
        case .following: return self.acquire(at: now)
        case .idle, .acquiring, .leading, .abstaining, .stopped: return []
        }
    }

    private mutating func becameFit(at now: MonotonicInstant) -> [Action] {
        switch self.state {
        case .abstaining: return self.acquire(at: now)
        case .idle, .following, .acquiring, .leading, .stopped: return []
        }
    }

    private mutating func becameUnfit() -> [Action] {
        switch self.state {
        case .leading(let term, _, _):
            self.state = .abstaining
            return [.stopLeading(term, .unfit)] + self.resign(term)
        case .idle, .following, .acquiring:
            self.state = .abstaining
            return []
        case .abstaining, .stopped:
            return []
        }
    }

    private mutating func stopRequested() -> [Action] {
        switch self.state {
        case .leading(let term, _, _):
            self.state = .stopped
            return [.stopLeading(term, .stopped)] + self.resign(term)
        case .idle, .following, .acquiring, .abstaining, .stopped:
            self.state = .stopped
            return []
        }
    }

    // MARK: Transitions

    private mutating func acquire(at now: MonotonicInstant) -> [Action] {
        let request = self.nextRequest()
        let (timer, setTimer) = self.nextTimer(self.trust(from: now))
        self.state = .acquiring(request, startedAt: now, timer)
        return [.acquire(request, highestTermSeen: self.highestTermSeen), setTimer]
    }

    private mutating func resign(_ term: Term) -> [Action] {
        self.resignedTerm = max(self.resignedTerm, term)
        return [.resign(term)]
    }

    private mutating func follow(tryingAt instant: MonotonicInstant) -> [Action] {
        let (timer, setTimer) = self.nextTimer(instant)
        self.state = .following(timer)
        return [setTimer]
    }

    private mutating func lead(
        _ term: Term,
        until trustedUntil: MonotonicInstant,
        startedAt: MonotonicInstant,
        at now: MonotonicInstant
    ) -> [Action] {
        self.lead(
            term,
            until: trustedUntil,
            renewingAt: max(now, startedAt.advanced(by: self.parameters.renewEvery))
        )
    }

    private mutating func lead(
        _ term: Term,
        until trustedUntil: MonotonicInstant,
        renewingAt: MonotonicInstant
    ) -> [Action] {
        let (timer, setTimer) = self.nextTimer(min(renewingAt, trustedUntil))
        self.state = .leading(term, trustedUntil: trustedUntil, .waiting(timer))
        return [setTimer]
    }

    private mutating func lose(_ term: Term, _ reason: StopReason, at now: MonotonicInstant) -> [Action] {
        [.stopLeading(term, reason)] + self.follow(tryingAt: now.advanced(by: self.parameters.retryAfter))
    }

    // MARK: Times and names

    private func trust(from startedAt: MonotonicInstant) -> MonotonicInstant {
        startedAt.advanced(by: self.parameters.lease - self.parameters.safetyMargin)
    }

    private func end(of leadership: Leadership, at now: MonotonicInstant) -> MonotonicInstant {
        now.advanced(by: max(leadership.remaining, .zero) + self.parameters.jitter)
    }

    private mutating func nextRequest() -> RequestID {
        self.lastRequest += 1
        return RequestID(value: self.lastRequest)
    }

    private mutating func nextTimer(_ instant: MonotonicInstant) -> (TimerID, Action) {
        self.lastTimer += 1
        let timer = TimerID(value: self.lastTimer)
        return (timer, .setTimer(timer, instant))
    }
}
