/// Decides what a node does about one tenant: when it asks for the lock, works, passes the lock on, or lets go. Pure.
///
/// The property that it protects: claims are made only between `activate` and `stopClaiming` of an epoch that this node
/// got from the lock, and the lock is passed or released only after the claims have stopped. What happens when it is
/// mistaken all the same (a lease that ran out, a Redis that forgot) is decided by the fence in the tenant's Postgres.
///
/// ## States
///
///     absent → incoming → installing → owning → yielding → passing   → absent
///        └───→ acquiring ──┘  ↑           │         └────→ releasing → absent or acquiring
///                  └──────────┴───────────┘ lock lost, refused, fenced
package struct TenancyMachine: Sendable {
    /// Names a request to the store, so that a late reply is told from the present one.
    package struct RequestID: Hashable, Sendable {
        package let number: UInt64
    }

    /// What the assignment says about this tenant and this node, read in one step.
    package struct Observation: Sendable, Equatable {
        package var isAssigned: Bool
        package var lock: TenantLock?
        package var move: PlannedMove?

        package init(isAssigned: Bool, lock: TenantLock?, move: PlannedMove?) {
            self.isAssigned = isAssigned
            self.lock = lock
            self.move = move
        }
    }

    /// What the store said, as a closed set.
    package enum Reply<Answer: Sendable & Equatable>: Sendable, Equatable {
        case answered(Answer)
        /// Nothing happened.
        case unavailable
        /// It may have happened.
        case unknown
    }

    package enum Event: Sendable, Equatable {
        case observed(Observation)
        /// The scheduler is connected, migrated and prepared.
        case prepared
        case lockReplied(RequestID, Reply<LockReply>)
        /// A wake-up: this node was given the lock by a planned move.
        case lockPassed(epoch: Epoch, from: NodeID, lastClaim: ServerTime)
        /// A heartbeat says that the lock is no longer held under this epoch.
        case lockLost(Epoch)
        /// The fence has accepted the epoch, and the first claim pass has been made.
        case installed(Epoch)
        /// The fence holds an epoch that is not lower.
        case refused(Epoch, floor: Epoch)
        /// The fence holds another epoch: somebody else owns the tenant.
        case fenced(Epoch)
        case claimsStopped(Epoch, lastClaim: ServerTime)
        case passReplied(RequestID, Reply<PassReply>)
        case releaseReplied(RequestID, Reply<Bool>)
        case timerFired(RequestID)
        /// Redis forgot this node; it has registered again under the same incarnation.
        case forgotten
        /// The cluster declared this incarnation lost.
        case evicted
        /// The node leaves and nobody is there to take over.
        case abandon
        /// The node leaves and the store gives no answer: its lock is not waited for, and runs out by itself.
        case forsake
    }

    package enum Action: Sendable, Equatable {
        /// Begin to connect and prepare; answered by `prepared`.
        case host
        case acquire(RequestID, floor: Epoch)
        case reportReady(move: String)
        /// Install the epoch in the fence and work; answered by `installed`, `refused` or `fenced`.
        case activate(Epoch, Arrival)
        /// Make no further claim; answered by `claimsStopped`.
        case stopClaiming(Epoch)
        /// A move came to nothing: claim again under the same epoch.
        case resumeClaiming(Epoch)
        case pass(RequestID, PlannedMove, Epoch, lastClaim: ServerTime)
        case release(RequestID, Epoch)
        /// The lock is gone: claim nothing until activated again. Runs in progress go on under their claims.
        case suspend(Epoch)
        /// Let runs in progress finish under their claims, then close.
        case retire
        /// Cancel runs in progress, then close: their claims are void.
        case drop
        case setTimer(RequestID, MonotonicInstant)
    }

    /// How a tenant came to this node.
    package enum Arrival: Sendable, Equatable {
        /// Nobody handed it over.
        case takeover
        /// By a planned move; when the source made its last claim pass.
        case handover(from: NodeID, lastClaim: ServerTime)
    }

    package enum State: Sendable, Equatable {
        case absent
        case incoming(PlannedMove, isPrepared: Bool)
        case acquiring(RequestID, floor: Epoch, failures: Int)
        case installing(Epoch)
        case owning(Epoch)
        case yielding(Epoch, to: PlannedMove?)
        case passing(RequestID, PlannedMove, Epoch, lastClaim: ServerTime)
        case releasing(RequestID, Epoch, isBackingOff: Bool)
    }

    package private(set) var state: State = .absent
    /// This registration.
    package private(set) var holder: Holder
    private var lastRequest: UInt64 = 0

    /// How long a fenced node leaves a tenant alone: two nodes that hold it against each other must not take turns.
    private static let fencedPause = Duration.seconds(2)
    /// How long after the end of another's lock the next try is made: the store's clock may tick in milliseconds.
    private static let expirySlack = Duration.milliseconds(2)

    package init(holder: Holder) {
        self.holder = holder
    }

    /// The epoch that this node holds the lock under, as far as it knows.
    package var heldEpoch: Epoch? {
        switch self.state {
        case .absent, .incoming, .acquiring: nil
        case .installing(let epoch), .owning(let epoch), .yielding(let epoch, _): epoch
        case .passing(_, _, let epoch, _), .releasing(_, let epoch, _): epoch
        }
    }

    /// Whether the machine has nothing left to do and can be forgotten.
    package var isAbsent: Bool { self.state == .absent }

    package mutating func handle(_ event: Event, at now: MonotonicInstant) -> [Action] {
        switch event {
        case .observed(let observation): self.observed(observation, at: now)
        case .prepared: self.prepared()
        case .lockReplied(let request, let reply): self.lockReplied(request, reply, at: now)
        case .lockPassed(let epoch, let source, let lastClaim):
            self.lockPassed(epoch, .handover(from: source, lastClaim: lastClaim))
        case .lockLost(let epoch): self.lockLost(epoch)
        case .installed(let epoch): self.installed(epoch)
        case .refused(let epoch, let floor): self.refused(epoch, floor: floor)
        case .fenced(let epoch): self.fenced(epoch)
        case .claimsStopped(let epoch, let lastClaim): self.claimsStopped(epoch, lastClaim)
        case .passReplied(let request, let reply): self.passReplied(request, reply, at: now)
        case .releaseReplied(let request, let reply): self.releaseReplied(request, reply, at: now)
        case .timerFired(let request): self.timerFired(request)
        case .forgotten: self.forgotten()
        case .evicted: self.evicted()
        case .abandon: self.abandon()
        case .forsake: self.forsake()
        }
    }

    // MARK: What the cluster says

    private mutating func observed(_ observation: Observation, at now: MonotonicInstant) -> [Action] {
        let own = observation.lock.flatMap { $0.holder == self.holder ? $0.epoch : nil }
        let incoming = observation.move.flatMap {
            $0.target == self.holder.node && $0.targetIncarnation == self.holder.incarnation ? $0 : nil
        }
        let outgoing = observation.move.flatMap {
            $0.source == self.holder.node && $0.sourceIncarnation == self.holder.incarnation ? $0 : nil
        }
        switch self.state {
        case .absent:
            if let own, observation.isAssigned { return [.host] + self.install(own, .takeover) }
            if observation.isAssigned { return [.host] + self.acquire(floor: .none) }
            if let incoming {
                self.state = .incoming(incoming, isPrepared: false)
                return [.host]
            }
            return []
        case .incoming(let move, let isPrepared):
            if let own, observation.isAssigned { return self.install(own, .takeover) }
            if observation.isAssigned { return self.acquire(floor: .none) }
            guard let incoming else { return self.leave([.retire]) }
            if incoming.id != move.id || incoming.stage == .preparing {
                self.state = .incoming(incoming, isPrepared: isPrepared)
                return isPrepared ? [.reportReady(move: incoming.id)] : []
            }
            return []
        case .acquiring(let request, let floor, let failures):
            // What was read may be older than the request under way, which assigns the tenant itself where the store
            // forgot everything: the answer to a request decides.
            guard observation.isAssigned else {
                return failures == 0 && floor == .none ? self.acquire(floor: floor) : []
            }
            // The lock that was waited for may have gone before its time: ask at once, but not beside a request that is
            // under way, whose timer is not armed yet.
            if failures == 0, let lock = observation.lock, lock.holder != self.holder {
                return [.setTimer(request, now.advanced(by: lock.remaining + Self.expirySlack))]
            }
            return observation.lock == nil ? self.acquire(floor: floor) : []
        case .installing(let epoch), .owning(let epoch):
            if let outgoing, outgoing.stage == .ready, case .owning = self.state {
                self.state = .yielding(epoch, to: outgoing)
                return [.stopClaiming(epoch)]
            }
            if !observation.isAssigned {
                self.state = .yielding(epoch, to: nil)
                return [.stopClaiming(epoch)]
            }
            return []
        case .yielding, .passing, .releasing:
            return []
        }
    }

    private mutating func forgotten() -> [Action] {
        switch self.state {
        case .absent: []
        case .incoming, .acquiring: self.leave([.retire])
        case .installing(let epoch), .owning(let epoch), .yielding(let epoch, _), .passing(_, _, let epoch, _),
            .releasing(_, let epoch, _):
            [.suspend(epoch)] + self.acquire(floor: epoch)
        }
    }

    private mutating func evicted() -> [Action] {
        switch self.state {
        case .absent: []
        case .incoming, .acquiring, .installing, .owning, .yielding, .passing, .releasing: self.leave([.drop])
        }
    }

    private mutating func abandon() -> [Action] {
        switch self.state {
        case .absent, .releasing, .passing: return []
        case .yielding(let epoch, _):
            self.state = .yielding(epoch, to: nil)
            return []
        case .incoming, .acquiring: return self.leave([.retire])
        case .installing(let epoch), .owning(let epoch):
            self.state = .yielding(epoch, to: nil)
            return [.stopClaiming(epoch)]
        }
    }

    /// Claims have stopped where the lock is on its way out already, so nothing is left to be said.
    private mutating func forsake() -> [Action] {
        switch self.state {
        case .absent, .installing, .owning, .yielding: []
        case .incoming, .acquiring, .passing, .releasing: self.leave([.retire])
        }
    }

    // MARK: The lock

    private mutating func lockReplied(
        _ request: RequestID,
        _ reply: Reply<LockReply>,
        at now: MonotonicInstant
    ) -> [Action] {
        guard case .acquiring(let present, let floor, let failures) = self.state, present == request else { return [] }
        switch reply {
        case .answered(.acquired(let epoch)):
            return self.install(epoch, .takeover)
        case .answered(.held(let lock)):
            self.state = .acquiring(request, floor: floor, failures: 0)
            return [.setTimer(request, now.advanced(by: lock.remaining + Self.expirySlack))]
        case .answered(.notAssigned), .answered(.unregistered):
            return self.leave([.retire])
        case .unavailable, .unknown:
            self.state = .acquiring(request, floor: floor, failures: failures + 1)
            return [.setTimer(request, now.advanced(by: Self.backoff(failures)))]
        }
    }

    private mutating func lockPassed(_ epoch: Epoch, _ arrival: Arrival) -> [Action] {
        switch self.state {
        case .incoming: self.install(epoch, arrival)
        case .absent: [.host] + self.install(epoch, arrival)
        case .acquiring: self.install(epoch, arrival)
        case .installing(let present), .owning(let present):
            present < epoch ? [.suspend(present)] + self.install(epoch, arrival) : []
        case .yielding, .passing, .releasing: []
        }
    }

    private mutating func lockLost(_ epoch: Epoch) -> [Action] {
        guard self.heldEpoch == epoch else { return [] }
        switch self.state {
        case .absent, .incoming, .acquiring: return []
        case .installing, .owning, .yielding: return [.suspend(epoch)] + self.acquire(floor: epoch)
        // The answer to the request that is under way decides.
        case .passing, .releasing: return []
        }
    }

    private mutating func acquire(floor: Epoch) -> [Action] {
        let request = self.nextRequest()
        self.state = .acquiring(request, floor: floor, failures: 0)
        return [.acquire(request, floor: floor)]
    }

    private mutating func timerFired(_ request: RequestID) -> [Action] {
        switch self.state {
        case .acquiring(let present, let floor, let failures) where present == request:
            let next = self.nextRequest()
            self.state = .acquiring(next, floor: floor, failures: failures)
            return [.acquire(next, floor: floor)]
        case .passing(let present, let move, let epoch, let lastClaim) where present == request:
            let next = self.nextRequest()
            self.state = .passing(next, move, epoch, lastClaim: lastClaim)
            return [.pass(next, move, epoch, lastClaim: lastClaim)]
        case .releasing(let present, let epoch, let isBackingOff) where present == request:
            let next = self.nextRequest()
            self.state = .releasing(next, epoch, isBackingOff: isBackingOff)
            return [.release(next, epoch)]
        case .absent, .incoming, .acquiring, .installing, .owning, .yielding, .passing, .releasing:
            return []
        }
    }

    // MARK: The fence

    private mutating func install(_ epoch: Epoch, _ arrival: Arrival) -> [Action] {
        self.state = .installing(epoch)
        return [.activate(epoch, arrival)]
    }

    private mutating func prepared() -> [Action] {
        guard case .incoming(let move, _) = self.state else { return [] }
        self.state = .incoming(move, isPrepared: true)
        return [.reportReady(move: move.id)]
    }

    private mutating func installed(_ epoch: Epoch) -> [Action] {
        guard case .installing(epoch) = self.state else { return [] }
        self.state = .owning(epoch)
        return []
    }

    private mutating func refused(_ epoch: Epoch, floor: Epoch) -> [Action] {
        guard self.heldEpoch == epoch else { return [] }
        return self.acquire(floor: floor)
    }

    private mutating func fenced(_ epoch: Epoch) -> [Action] {
        guard self.heldEpoch == epoch else { return [] }
        switch self.state {
        case .absent, .incoming, .acquiring, .passing, .releasing: return []
        case .installing, .owning, .yielding:
            let request = self.nextRequest()
            self.state = .releasing(request, epoch, isBackingOff: true)
            return [.suspend(epoch), .release(request, epoch)]
        }
    }

    // MARK: Letting go

    private mutating func claimsStopped(_ epoch: Epoch, _ lastClaim: ServerTime) -> [Action] {
        guard case .yielding(epoch, let move) = self.state else { return [] }
        let request = self.nextRequest()
        if let move {
            self.state = .passing(request, move, epoch, lastClaim: lastClaim)
            return [.pass(request, move, epoch, lastClaim: lastClaim)]
        }
        self.state = .releasing(request, epoch, isBackingOff: false)
        return [.release(request, epoch)]
    }

    private mutating func passReplied(
        _ request: RequestID,
        _ reply: Reply<PassReply>,
        at now: MonotonicInstant
    ) -> [Action] {
        guard case .passing(request, _, let epoch, _) = self.state else { return [] }
        switch reply {
        case .answered(.passed):
            return self.leave([.retire])
        case .answered(.void):
            self.state = .owning(epoch)
            return [.resumeClaiming(epoch)]
        case .answered(.notHeld):
            // Passed by an earlier try whose reply was lost, or lost altogether: the assignment knows.
            return [.suspend(epoch)] + self.acquire(floor: epoch)
        case .unavailable, .unknown:
            return [.setTimer(request, now.advanced(by: Self.backoff(0)))]
        }
    }

    private mutating func releaseReplied(
        _ request: RequestID,
        _ reply: Reply<Bool>,
        at now: MonotonicInstant
    ) -> [Action] {
        guard case .releasing(request, let epoch, let isBackingOff) = self.state else { return [] }
        switch reply {
        case .answered where isBackingOff:
            self.state = .acquiring(request, floor: epoch, failures: 1)
            return [.setTimer(request, now.advanced(by: Self.fencedPause))]
        case .answered:
            return self.leave([.retire])
        case .unavailable, .unknown:
            return [.setTimer(request, now.advanced(by: Self.backoff(0)))]
        }
    }

    private mutating func leave(_ actions: [Action]) -> [Action] {
        self.state = .absent
        return actions
    }

    private mutating func nextRequest() -> RequestID {
        self.lastRequest += 1
        return RequestID(number: self.lastRequest)
    }

    /// 50 ms, doubled with each failure, at most 1 s.
    private static func backoff(_ failures: Int) -> Duration {
        .milliseconds(min(1000, 50 << min(failures, 5)))
    }
}
