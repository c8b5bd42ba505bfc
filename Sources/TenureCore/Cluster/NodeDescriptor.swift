/// Whether a node takes tenants.
public enum NodeState: String, Sendable, Hashable, Codable {
    /// Takes tenants.
    case active
    /// Takes none and hands over those it has.
    case draining
}

/// What a node says about itself when it registers; kept as JSON in the `nodes` hash.
public struct NodeDescriptor: Sendable, Hashable, Codable {
    /// The node's name.
    public var id: NodeID
    /// This registration.
    public var incarnation: Incarnation
    /// The machine's name.
    public var host: String
    /// The process's ID on that machine.
    public var pid: Int32
    /// The program's version.
    public var version: String
    /// A relative measure of how much it can carry; 1 by default. Load is counted per unit of capacity.
    public var capacity: Double
    /// The most tenants that it takes; 0 for no cap.
    public var maxTenants: Int
    /// Labels that tenants may ask for.
    public var labels: [String: String]
    /// Whether it takes tenants.
    public var state: NodeState
    /// What it finds by a list of its own; `nil` when it finds all tenants where every node does.
    public var listing: TenantListing?

    /// Describes a node.
    public init(
        id: NodeID,
        incarnation: Incarnation,
        host: String,
        pid: Int32,
        version: String,
        capacity: Double = 1,
        maxTenants: Int = 1000,
        labels: [String: String] = [:],
        state: NodeState = .active,
        listing: TenantListing? = nil
    ) {
        self.id = id
        self.incarnation = incarnation
        self.host = host
        self.pid = pid
        self.version = version
        self.capacity = capacity
        self.maxTenants = maxTenants
        self.labels = labels
        self.state = state
        self.listing = listing
    }

    enum CodingKeys: String, CodingKey {
        case id, incarnation, host, pid, version, capacity, labels, state, listing
        case maxTenants = "max_tenants"
    }
}

/// The tenants that one node knows by a list on its command line or in its settings file, which others may lack.
///
/// A tenant that stands on such lists is given to nodes that have it there only: an owner needs the connection string,
/// which the cluster never tells.
public struct TenantListing: Sendable, Hashable, Codable {
    /// The tenants of the list, ordered by ID.
    public var tenants: [TenantDescriptor]
    /// Whether the node knows no others.
    public var isEverything: Bool

    /// Describes a list.
    public init(_ tenants: [TenantDescriptor], isEverything: Bool) {
        self.tenants = tenants.sorted { $0.id < $1.id }
        self.isEverything = isEverything
    }

    /// Decodes a list.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.tenants = try container.decodeIfPresent([TenantDescriptor].self, forKey: .tenants) ?? []
        self.isEverything = try container.decode(Bool.self, forKey: .isEverything)
    }

    /// Encodes a list; an empty one is left out, since scripts in Redis cannot tell it from an empty object.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        if !self.tenants.isEmpty { try container.encode(self.tenants, forKey: .tenants) }
        try container.encode(self.isEverything, forKey: .isEverything)
    }

    enum CodingKeys: String, CodingKey {
        case tenants
        case isEverything = "is_everything"
    }
}

/// What a node reports with each heartbeat; kept as JSON in the `loads` hash.
public struct NodeLoad: Sendable, Hashable, Codable {
    /// Tenants whose lock it holds.
    public var tenants: Int = 0
    /// Runs in progress.
    public var busySlots: Int = 0
    /// Runs that it may have in progress at once.
    public var maxSlots: Int = 0
    /// Runs started per second, smoothed.
    public var dueRate: Double = 0
    /// How late its most delayed tenant is, in milliseconds.
    public var lagMilliseconds: Int64 = 0
    /// Tenants that it owns or should own and whose database it has not been able to use for 10 s or more.
    public var troubledTenants: [TenantID] = []
    /// Tenants assigned to it that it is still opening, with progress: not dead, only slow.
    public var openingTenants: [TenantID] = []
    /// Whether its executor has stopped making progress.
    public var isStalled: Bool = false
    /// Per-tenant lag in milliseconds, only for tenants that are late.
    public var lags: [String: Int64] = [:]
    /// Topics of its tenants' work that it has no handler for, only for tenants that have some; `nil` when none has.
    public var unhandledTopics: [String: [String]]?

    /// Nothing to report.
    public init() {}

    enum CodingKeys: String, CodingKey {
        case tenants, lags
        case busySlots = "busy_slots"
        case maxSlots = "max_slots"
        case dueRate = "due_rate"
        case lagMilliseconds = "lag_ms"
        case troubledTenants = "troubled"
        case openingTenants = "opening"
        case isStalled = "stalled"
        case unhandledTopics = "unhandled"
    }
}

/// What the cluster knows of a tenant; kept as JSON in the `tenants` hash. Never a connection string or a secret.
public struct TenantDescriptor: Sendable, Hashable, Codable {
    /// The tenant's name.
    public var id: TenantID
    /// Its share of the load; 1 by default.
    public var weight: Double
    /// Higher comes first under the priority selection strategy; 0 by default.
    public var priority: Int
    /// Labels that a node must have to own it (all of them), under label affinity.
    public var labels: [String: String]
    /// The only node that may own it, if any.
    public var pinnedNode: NodeID?
    /// Whether it is suspended: nobody owns it.
    public var isSuspended: Bool

    /// Describes a tenant.
    public init(
        id: TenantID,
        weight: Double = 1,
        priority: Int = 0,
        labels: [String: String] = [:],
        pinnedNode: NodeID? = nil,
        isSuspended: Bool = false
    ) {
        self.id = id
        self.weight = weight
        self.priority = priority
        self.labels = labels
        self.pinnedNode = pinnedNode
        self.isSuspended = isSuspended
    }

    enum CodingKeys: String, CodingKey {
        case id, weight, priority, labels
        case pinnedNode = "pinned_node"
        case isSuspended = "suspended"
    }
}
