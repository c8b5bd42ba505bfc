/// How many runs a node has in progress at once.
public struct RunOptions: Sendable, Hashable {
    /// Runs in progress on the node. Default 100.
    public var maxConcurrent: Int = 100
    /// Runs in progress of one tenant. Default 50.
    public var maxConcurrentPerTenant: Int = 50
    /// How long one attempt may take when its work says nothing else. Default 5 minutes.
    public var defaultTimeout: Duration = .seconds(300)
    /// How long history is kept. Default 7 days.
    public var retention: Duration = .seconds(7 * 86_400)
    /// The most rows that one claim takes. Default 1,000.
    public var batchSize: Int = 1000
    /// After so much waiting work counts as one priority higher than it is, up to one start in eight; zero: never.
    /// Default 30 s.
    public var priorityAgeing: Duration = .seconds(30)
    /// Limits of each tenant that this node owns, beside those in its schema.
    public var limits: [LimitDefinition] = []

    /// All defaults.
    public init() {}
}

/// How many connections a node opens to Postgres.
public struct ConnectionOptions: Sendable, Hashable {
    /// Connections to one server (host and port), over all its databases. Default 20.
    public var perServer: Int = 20
    /// Connections to one database. Default 4.
    public var perDatabase: Int = 4
    /// How long an unused connection stays open. Default 10 s.
    public var idleTimeout: Duration = .seconds(10)

    /// All defaults.
    public init() {}
}

/// Everything that a node can be told.
public struct NodeOptions: Sendable {
    /// The node's name. Default: the host name and a random suffix.
    public var nodeID: NodeID
    /// The cluster's name. Default `default`.
    public var cluster: ClusterName
    /// Where Redis is. Default `redis://127.0.0.1:6379`.
    public var redisURL: String = "redis://127.0.0.1:6379"
    /// What Redis keys begin with. Default `tenure:`.
    public var keyPrefix: String = "tenure:"
    /// How nodes agree on who owns what.
    public var coordination = CoordinationOptions()
    /// How many runs are in progress at once.
    public var runs = RunOptions()
    /// How many connections are opened.
    public var connections = ConnectionOptions()
    /// How long a tenant's database keeps what has ended, besides history (``RunOptions/retention``).
    public var retention = RetentionOptions()
    /// When the cluster speaks up about what takes too long.
    public var watchdog = WatchdogOptions()
    /// Time between two looks at the list of tenants. Default 30 s.
    public var discoveryInterval: Duration = .seconds(30)
    /// Whether a tenant's schema is brought up to date before it is first claimed. Default true.
    public var autoMigrate: Bool = true
    /// How much this node can carry, relative to the others. Default 1.
    public var capacity: Double = 1
    /// Labels that tenants may ask for.
    public var labels: [String: String] = [:]
    /// Chooses the tenant whose work starts next. Default weighted fair.
    public var selection: any SelectionStrategy = WeightedFairSelection()
    /// Chooses the node of a tenant, when this node leads. Default least loaded.
    public var placement: any PlacementStrategy = LeastLoadedPlacement()

    /// Options of a node with this name; everything else at its default.
    public init(nodeID: NodeID, cluster: ClusterName? = nil) {
        self.nodeID = nodeID
        // The literal is a valid name.
        self.cluster = cluster ?? (try! ClusterName("default"))
    }
}
