internal import Synchronization
internal import TenureCore

/// A lease, a permit or a singleton that was acquired: its token, and for how long it may be trusted.
///
/// Trust is counted on this process's monotonic clock from before the request was sent, less a margin (a fifth of the
/// duration, at most 500 ms), so that it ends before the store gives the lease to anybody else. That keeps good order;
/// what guards a write is the ``token``: a holder that was stopped, or a database whose clock jumped, may find two who
/// think that they hold it.
///
/// Inside of `withLease` and its kin it is renewed by itself. One from `acquireLease` is for the caller to renew, at a
/// third of its duration, and to release.
public final class Lease: Sendable {
    private struct State {
        var trustedUntil: ContinuousClock.Instant
        /// From before the last successful request was sent.
        var requestedAt: ContinuousClock.Instant
        var isOver = false
        var isConfirmedLost = false
    }

    /// The name of the lease, the semaphore or the singleton.
    public let name: String
    /// In whose database; `nil` for a singleton.
    public let tenant: TenantID?
    /// Grows with each acquisition of the name.
    public let token: LeaseToken
    /// Who has it, as the store shows it: unique to this acquisition.
    public let holder: String

    let pace: LeasePace
    private let backend: any LeaseBackend
    private let state: Mutex<State>

    init(
        name: String,
        tenant: TenantID?,
        token: LeaseToken,
        holder: String,
        pace: LeasePace,
        backend: any LeaseBackend,
        requestedAt: ContinuousClock.Instant
    ) {
        self.name = name
        self.tenant = tenant
        self.token = token
        self.holder = holder
        self.pace = pace
        self.backend = backend
        self.state = Mutex(State(trustedUntil: requestedAt + pace.trust, requestedAt: requestedAt))
    }

    /// Whether it may be relied on now.
    public var isHeld: Bool { self.trustedUntil > .now }

    /// For how long it may be relied on unless renewed; zero when it is lost or released.
    public var remaining: Duration { max(.zero, ContinuousClock.now.duration(to: self.trustedUntil)) }

    /// Throws unless it may be relied on now.
    ///
    /// - Throws: ``LeaseLost``.
    public func check() throws(LeaseLost) {
        guard self.isHeld else { throw self.loss }
    }

    /// Prolongs it.
    ///
    /// - Throws: ``LeaseLost`` when it is not held any more; ``StoreError`` or ``CoordinationError`` when that is
    ///   unknown: then try again while ``isHeld``.
    public func renew() async throws {
        try self.check()
        let requestedAt = ContinuousClock.now
        guard
            try await self.backend.renew(
                self.token,
                of: self.holder,
                duration: self.pace.duration,
                timeout: self.pace.renewalTimeout
            )
        else {
            self.state.withLock { state in
                state.isOver = true
                state.isConfirmedLost = true
            }
            throw self.loss
        }
        self.state.withLock { state in
            state.requestedAt = max(state.requestedAt, requestedAt)
            state.trustedUntil = max(state.trustedUntil, requestedAt + self.pace.trust)
        }
        try self.check()
    }

    /// Gives it back; it is not to be relied on from the call on. Safe to call again.
    ///
    /// - Returns: False when it had been lost before.
    /// - Throws: ``StoreError`` or ``CoordinationError``. It expires by itself then.
    @discardableResult
    public func release() async throws -> Bool {
        let isLost = self.state.withLock { state in
            state.isOver = true
            return state.isConfirmedLost
        }
        guard !isLost else { return false }
        return try await self.backend.release(self.token, of: self.holder, timeout: LeaseAcquisition.partingTimeout)
    }

    // MARK: For the keeper

    /// When the next renewal is due.
    var renewalDue: ContinuousClock.Instant { self.state.withLock { $0.requestedAt + self.pace.renewal } }

    /// The end of the trust, which a renewal moves; the past when it is over.
    var trustedUntil: ContinuousClock.Instant {
        self.state.withLock { $0.isOver ? $0.requestedAt : $0.trustedUntil }
    }

    /// Ends the trust for good if it has run out. A renewal whose reply comes later changes nothing.
    func endIfExpired() -> LeaseLost? {
        let isOver = self.state.withLock { state in
            if state.trustedUntil <= .now { state.isOver = true }
            return state.isOver
        }
        return isOver ? self.loss : nil
    }

    /// What tells that it is no longer held.
    var loss: LeaseLost {
        LeaseLost(
            name: self.name,
            tenant: self.tenant,
            token: self.token,
            isConfirmed: self.state.withLock { $0.isConfirmedLost }
        )
    }
}
