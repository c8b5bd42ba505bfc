/// The coordination port: what a cluster needs from the store that its nodes share.
///
/// Every method is one atomic step in the store. All of them may be called again after an unknown outcome, without
/// harm: each names the exact holder, incarnation, term or epoch that it acts for. Durations are given and returned;
/// no instant of one machine's clock is ever compared with another's.
///
/// Adapters: Redis (`RedisCoordinationStore`) and memory (`InMemoryCoordinationStore`). Both pass
/// `CoordinationConformance`.
package protocol CoordinationStore: Sendable {
    // MARK: Membership

    /// Registers a node.
    ///
    /// A node ID that is registered under another incarnation is replaced only when that incarnation is named: the
    /// caller has watched its heartbeat stand still for `NodeTimeout` on its own clock.
    func register(
        _ node: NodeDescriptor,
        replacing: Incarnation?
    ) async throws(CoordinationError) -> RegistrationReply

    /// One heartbeat: counts, stores the load, renews every named lock (exact epoch), and tells what changed.
    func heartbeat(_ heartbeat: Heartbeat) async throws(CoordinationError) -> HeartbeatReply

    /// Removes a node that leaves. Its locks are released (exact epochs), its moves void. Nothing for another
    /// incarnation.
    func deregister(_ holder: Holder) async throws(CoordinationError)

    /// Sets whether a node takes tenants. False when there is no such node.
    ///
    /// - Parameter incarnation: The registration that is meant, so that a request that comes late does not reach its
    ///   successor; `nil` for whichever has the name.
    func setState(
        _ state: NodeState,
        of node: NodeID,
        registeredAs incarnation: Incarnation?
    ) async throws(CoordinationError) -> Bool

    // MARK: Leadership

    /// Takes the leadership if nobody has it, under a term above both the counter and `highestTermSeen`.
    ///
    /// Asking again while holding it renews it under the same term.
    func acquireLeadership(
        _ holder: Holder,
        highestTermSeen: Term,
        lease: Duration
    ) async throws(CoordinationError) -> LeadershipReply

    /// Extends the leadership of exactly this holder and term. False when it is no longer the present one.
    func renewLeadership(_ holder: Holder, term: Term, lease: Duration) async throws(CoordinationError) -> Bool

    /// Gives up exactly this leadership and wakes the others. False when it was no longer held.
    func resignLeadership(_ holder: Holder, term: Term) async throws(CoordinationError) -> Bool

    // MARK: What the leader writes, refused with `superseded` unless the term is the present one

    /// Publishes tenants and removes others, whose assignment and moves end with them.
    func publishTenants(
        _ upserts: [TenantDescriptor],
        removing: [TenantID],
        term: Term
    ) async throws(CoordinationError)

    /// Applies a plan in one step.
    ///
    /// Each change holds only under its condition, since the plan may be older than the state: a registration is
    /// removed only if it is the named one; a tenant is assigned only if its present node, if any, is not registered
    /// and the new one is; a move begins only from the assigned node, between registrations that stand, with no other
    /// in flight. What fails its condition is left out.
    func apply(_ changes: PlanChanges, term: Term) async throws(CoordinationError)

    // MARK: Locks

    /// Takes a tenant's lock with the next epoch above both the counter and `floor`.
    ///
    /// Only the assigned node gets it; a node that held it before the store forgot it gets it too, and becomes the
    /// assigned one. A tenant was forgotten if it has neither a node nor a reason for having none, and its epoch is
    /// gone or below `floor`: whoever held it names its last epoch there. Asking again while holding it returns the
    /// same epoch unless `floor` is not below it, when a new epoch is given.
    func acquireLock(
        of tenant: TenantID,
        for holder: Holder,
        floor: Epoch,
        duration: Duration
    ) async throws(CoordinationError) -> LockReply

    /// Releases exactly this lock and wakes the others. False when it was no longer held.
    func releaseLock(of tenant: TenantID, holder: Holder, epoch: Epoch) async throws(CoordinationError) -> Bool

    /// The target of a move says that it is ready. False when the move is void.
    func reportReady(
        _ tenant: TenantID,
        move: String,
        target: Holder
    ) async throws(CoordinationError) -> Bool

    /// Passes the lock to the target of a ready move under a new epoch; the assignment follows and the move ends.
    ///
    /// - Parameter lastClaim: When the source made its last claim pass, by the tenant's Postgres; the target gets it
    ///   with the wake-up, for the measured gap.
    func passLock(
        of tenant: TenantID,
        move: String,
        holder: Holder,
        epoch: Epoch,
        duration: Duration,
        lastClaim: ServerTime
    ) async throws(CoordinationError) -> PassReply

    // MARK: Reading

    /// Everything, in one step.
    func state() async throws(CoordinationError) -> ClusterState

    /// What concerns one node: tenants assigned to it, with their present locks, and moves from or to it.
    func assignment(of node: NodeID) async throws(CoordinationError) -> NodeAssignment

    // MARK: Operators, hints and events

    /// Leaves a request for the leader and wakes it.
    func submit(_ request: OperatorRequest) async throws(CoordinationError)

    /// Wakes whoever owns a tenant: work was enqueued. A lost hint only costs time.
    func hint(_ tenant: TenantID) async throws(CoordinationError)

    /// Appends to the capped event stream and returns the entry's ID.
    func append(_ event: ClusterEvent) async throws(CoordinationError) -> String

    /// Reads events after an ID (`nil`: from the oldest kept), at most `limit`.
    func events(after id: String?, limit: Int) async throws(CoordinationError) -> [StoredEvent]

    /// Wake-ups as they come; `resubscribed` first, when they begin to come, and after each interruption, since some
    /// may have been lost.
    ///
    /// Bounded: on overflow the oldest are dropped and a `resubscribed` takes their place.
    func wakeups() async -> AsyncStream<Wakeup>
}

extension CoordinationStore {
    /// Sets whether a node takes tenants, whichever registration has its name.
    package func setState(_ state: NodeState, of node: NodeID) async throws(CoordinationError) -> Bool {
        try await self.setState(state, of: node, registeredAs: nil)
    }
}

/// What `register` answers.
package enum RegistrationReply: Sendable, Equatable {
    /// Registered; the data set is named so that a change of it is noticed.
    case registered(generation: String)
    /// Another incarnation has the name; its heartbeat counter tells over time whether it lives.
    case occupied(by: Incarnation, heartbeat: Int64)
}

/// One heartbeat of one node.
package struct Heartbeat: Sendable, Equatable {
    package var holder: Holder
    package var load: NodeLoad
    /// Locks to renew, with their exact epochs.
    package var locks: [TenantID: Epoch]
    /// How long they last from now.
    package var lockDuration: Duration

    package init(holder: Holder, load: NodeLoad, locks: [TenantID: Epoch], lockDuration: Duration) {
        self.holder = holder
        self.load = load
        self.locks = locks
        self.lockDuration = lockDuration
    }
}

/// What `heartbeat` answers.
package enum HeartbeatReply: Sendable, Equatable {
    /// This incarnation is not registered: declared lost, replaced, or forgotten. Nothing was renewed.
    case unregistered(generation: String?)
    case alive(HeartbeatNews)
}

/// What a node learns from a heartbeat.
package struct HeartbeatNews: Sendable, Equatable {
    /// Locks that were named and are no longer held under that epoch.
    package var lostLocks: [TenantID] = []
    /// Counts changes of the assignment and of the moves: another value than last time means "read it again".
    package var ownersVersion: Int64 = 0
    /// This node's state; `draining` when an operator asked for it.
    package var state: NodeState = .active
    /// Who leads.
    package var leader: Leadership?
    /// Last term given.
    package var term: Term = .none
    /// Every node's counter, so that any node that becomes leader has already watched them change.
    package var heartbeats: [NodeID: Int64] = [:]
    /// How long before this reply each node's counter changed, by the store's clock.
    package var heartbeatAges: [NodeID: Duration] = [:]
    /// Names the data set.
    package var generation: String = ""

    package init() {}
}

/// What `acquireLeadership` answers.
package enum LeadershipReply: Sendable, Equatable {
    case acquired(Term)
    case held(Leadership)
}

/// Changes that a leader makes in one atomic step.
package struct PlanChanges: Sendable, Equatable {
    /// Nodes declared lost: exactly these registrations are removed, with their loads and their moves.
    package var lost: [Holder] = []
    /// New assignments of tenants that no living node has.
    package var assign: [TenantID: NodeID] = [:]
    /// Assignments to remove, with the reason that status shows.
    package var unassign: [TenantID: String] = [:]
    /// Moves to begin.
    package var begin: [PlannedMove] = []
    /// Moves to give up, by tenant and exact ID.
    package var void: [TenantID: String] = [:]
    /// Operators' requests that have been served.
    package var served: [String] = []

    package init() {}

    package var isEmpty: Bool {
        self.lost.isEmpty && self.assign.isEmpty && self.unassign.isEmpty && self.begin.isEmpty && self.void.isEmpty
            && self.served.isEmpty
    }
}

/// What `acquireLock` answers.
package enum LockReply: Sendable, Equatable {
    case acquired(Epoch)
    /// Somebody else holds it for so long.
    case held(TenantLock)
    /// The tenant is assigned to another node, or to none.
    case notAssigned(NodeID?)
    /// The caller's incarnation is not registered.
    case unregistered
}

/// What `passLock` answers.
package enum PassReply: Sendable, Equatable {
    /// The target holds the lock now.
    case passed(Epoch)
    /// The caller did not hold it under that epoch.
    case notHeld
    /// The move is void or not ready.
    case void
}

/// What concerns one node, read in one step.
package struct NodeAssignment: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package var descriptor: TenantDescriptor?
        package var lock: TenantLock?

        package init(descriptor: TenantDescriptor?, lock: TenantLock?) {
            self.descriptor = descriptor
            self.lock = lock
        }
    }

    /// The tenants that should be here.
    package var tenants: [TenantID: Entry] = [:]
    /// Moves from or to this node.
    package var moves: [TenantID: PlannedMove] = [:]
    /// The registrations that are alive: claims of others are revoked when a tenant is taken over.
    package var incarnations: [Incarnation] = []
    package var ownersVersion: Int64 = 0
    package var generation: String = ""

    package init() {}
}

/// A hint that something changed.
package enum Wakeup: Sendable, Equatable {
    /// The assignment or the moves changed, or a lock was released.
    case assignmentChanged
    /// The leadership was given up.
    case leadershipReleased
    /// A lock was passed to a node.
    case lockPassed(tenant: TenantID, to: Holder, from: Holder, epoch: Epoch, lastClaim: ServerTime)
    /// Work was enqueued for a tenant.
    case work(TenantID)
    /// An operator left a request.
    case requested
    /// Wake-ups may have been lost: look at everything again.
    case resubscribed
}
