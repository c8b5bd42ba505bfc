internal import PostgresStore
internal import TenureCore

/// What was measured of a set-up, in a form that decides nothing.
struct DoctorFacts: Sendable {
    /// A Redis that answered.
    struct Redis: Sendable {
        /// The section and its entries, as `INFO` tells them.
        var info: [String: String] = [:]
        /// What `CONFIG GET` told; `nil` where it may not be asked.
        var configuration: [String: String]?
        /// Round trips, in ascending order.
        var roundTrips: [Duration] = []
        /// How far its clock is ahead of this machine's.
        var clockOffset: Duration = .zero
        /// Why scripts, or messages on the cluster's channels, are refused.
        var refusal: String?
        /// Other clusters whose keys are in the same Redis.
        var otherClusters: [String] = []
    }

    /// A tenant, and what was found at its database.
    struct TenantDatabase: Sendable {
        let tenant: Tenant
        var examination: Result<ServerExamination, StoreError>
        /// How far its clock is ahead of this machine's.
        var clockOffset: Duration = .zero
    }

    var redis: Result<Redis, CoordinationError>
    /// What the cluster says at the beginning and, if anything looked wrong, a little later.
    var states: [ClusterState] = []
    /// Why the tenants are not known.
    var discoveryFailure: String?
    var unreadable: [DiscoveredTenants.Unreadable] = []
    var databases: [TenantDatabase] = []
    /// Versions of the libraries that the program was built with.
    var libraries: [(name: String, version: String)] = []
    /// What moves would even out the load.
    var preview: RebalancePreview?

    init(redis: Result<Redis, CoordinationError>) {
        self.redis = redis
    }
}

/// What the nodes of a set-up are told, as far as an examination has to know it.
public struct DoctorOptions: Sendable {
    /// How nodes agree on who owns what.
    public var coordination = CoordinationOptions()
    /// How many connections each node opens.
    public var connections = ConnectionOptions()
    /// Only these tenants' databases; empty for all. Default all.
    public var tenants: [TenantID] = []
    /// Databases that are examined at the same time. Default 8.
    public var concurrency = 8
    /// Chooses the node of a tenant, when the leader plans. Default least loaded.
    public var placement: any PlacementStrategy = LeastLoadedPlacement()

    /// All defaults.
    public init() {}
}
