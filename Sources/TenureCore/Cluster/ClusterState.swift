/// Who holds a lock or a leadership: exactly one registration of one node.
public struct Holder: Sendable, Hashable, CustomStringConvertible {
    /// The node.
    public let node: NodeID
    /// Its registration.
    public let incarnation: Incarnation

    /// Names a registration of a node.
    public init(node: NodeID, incarnation: Incarnation) {
        self.node = node
        self.incarnation = incarnation
    }

    /// `node/incarnation`.
    public var description: String { "\(self.node)/\(self.incarnation)" }
}

/// The present leadership, as a store reports it.
public struct Leadership: Sendable, Hashable {
    /// Who leads.
    public let holder: Holder
    /// Under which term.
    public let term: Term
    /// What is left of the lease by the store's clock.
    public let remaining: Duration

    /// A leadership with what is left of it.
    public init(holder: Holder, term: Term, remaining: Duration) {
        self.holder = holder
        self.term = term
        self.remaining = remaining
    }
}

/// The present lock of one tenant, as a store reports it.
public struct TenantLock: Sendable, Hashable {
    /// Who holds it.
    public let holder: Holder
    /// Under which epoch.
    public let epoch: Epoch
    /// What is left of it by the store's clock.
    public let remaining: Duration

    /// A lock with what is left of it.
    public init(holder: Holder, epoch: Epoch, remaining: Duration) {
        self.holder = holder
        self.epoch = epoch
        self.remaining = remaining
    }
}

/// A planned move of one tenant, an entry of the ledger of moves.
public struct PlannedMove: Sendable, Hashable, Codable {
    /// How far it has come.
    public enum Stage: String, Sendable, Hashable, Codable {
        /// The target connects and prepares.
        case preparing
        /// The target is ready; the source stops claiming and passes the lock.
        case ready
    }

    /// Names this decision; a tenant that moves again gets another.
    public var id: String
    /// The tenant that moves.
    public var tenant: TenantID
    /// The registration that holds it now.
    public var source: NodeID
    public var sourceIncarnation: Incarnation
    /// The registration that gets it.
    public var target: NodeID
    public var targetIncarnation: Incarnation
    /// How far it has come.
    public var stage: Stage
    /// Why it was planned, in a word: `rebalance`, `drain`, `request`, `pin`, `label`.
    public var reason: String

    /// A move that has just been decided.
    public init(id: String, tenant: TenantID, from source: Holder, to target: Holder, reason: String) {
        self.id = id
        self.tenant = tenant
        self.source = source.node
        self.sourceIncarnation = source.incarnation
        self.target = target.node
        self.targetIncarnation = target.incarnation
        self.stage = .preparing
        self.reason = reason
    }

    enum CodingKeys: String, CodingKey {
        case id, tenant, source, target, stage, reason
        case sourceIncarnation = "source_incarnation"
        case targetIncarnation = "target_incarnation"
    }
}

/// Everything that a leader plans from and that `cluster status` shows, read in one step.
public struct ClusterState: Sendable, Equatable {
    /// Registered nodes.
    public var nodes: [NodeID: NodeDescriptor] = [:]
    /// The heartbeat counter of each node: a number that grows with each heartbeat.
    public var heartbeats: [NodeID: Int64] = [:]
    /// How long ago each node's last heartbeat came, by the store's clock.
    public var heartbeatAges: [NodeID: Duration] = [:]
    /// What each node reported last.
    public var loads: [NodeID: NodeLoad] = [:]
    /// The tenants of the cluster.
    public var tenants: [TenantID: TenantDescriptor] = [:]
    /// The assignment: which node each tenant should be at.
    public var owners: [TenantID: NodeID] = [:]
    /// Counts every change of the assignment.
    public var ownersVersion: Int64 = 0
    /// Who holds each tenant. Tenants without a lock are absent.
    public var locks: [TenantID: TenantLock] = [:]
    /// Last epoch given per tenant.
    public var epochs: [TenantID: Epoch] = [:]
    /// Moves in flight.
    public var moves: [TenantID: PlannedMove] = [:]
    /// Why the leader left tenants unassigned.
    public var unassigned: [TenantID: String] = [:]
    /// Requests of operators that the leader has not served yet, oldest first.
    public var requests: [OperatorRequest] = []
    /// Who leads.
    public var leader: Leadership?
    /// Last term given.
    public var term: Term = .none
    /// Names this data set; another value, or none, means that Redis forgot.
    public var generation: String?

    /// An empty cluster.
    public init() {}
}

/// What an operator asked the leader for, over the command line.
public struct OperatorRequest: Sendable, Hashable, Codable {
    /// What is asked.
    public enum Kind: String, Sendable, Hashable, Codable {
        /// Even out the load now, whatever the threshold and the cooldown say.
        case rebalance
        /// Move one tenant to one node.
        case move
    }

    /// Names the request.
    public var id: String
    /// What is asked.
    public var kind: Kind
    /// The tenant to move.
    public var tenant: TenantID?
    /// Where to.
    public var target: NodeID?

    /// A request.
    public init(id: String, kind: Kind, tenant: TenantID? = nil, target: NodeID? = nil) {
        self.id = id
        self.kind = kind
        self.tenant = tenant
        self.target = target
    }
}
