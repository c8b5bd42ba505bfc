internal import Logging
internal import Tenure
internal import TenureSinks

/// Everything that the program can be told, at its defaults until something is set.
struct Settings: Sendable {
    /// Chooses the tenant whose work starts next.
    enum Selection: String, Sendable, CaseIterable {
        case weightedFair = "weighted-fair"
        case roundRobin = "round-robin"
        case drainFirst = "drain-first"
        case earliestDue = "earliest-due"
        case targetLateness = "target-lateness"
        case priority
    }

    /// Chooses the node of a tenant.
    enum Placement: String, Sendable, CaseIterable {
        case leastLoaded = "least-loaded"
        case rendezvous
        case labelAffinity = "label-affinity"
    }

    /// How tenants are found besides the list in the file.
    struct Discovery: Sendable {
        /// Time between two looks.
        var interval: Duration = .seconds(30)
        /// A query of the company's own table, in place of the registry's.
        var query: String?
        /// Where the query runs, in place of the registry's database.
        var connection: String?
    }

    var redis = "redis://127.0.0.1:6379"
    var registry: String?
    // The literal is a valid name.
    var cluster = try! ClusterName("default")
    var keyPrefix = "tenure:"
    /// `nil`: the host name and a random suffix.
    var nodeID: NodeID?
    var logLevel = Logger.Level.info
    var coordination = CoordinationOptions()
    var runs = RunOptions()
    var connections = ConnectionOptions()
    var retention = RetentionOptions()
    var watchdog = WatchdogOptions()
    var discovery = Discovery()
    var selection = Selection.weightedFair
    var placement = Placement.leastLoaded
    var autoMigrate = true
    var capacity = 1.0
    var labels: [String: String] = [:]
    /// Tenants instead of, or beside, a registry.
    var tenants: [Tenant] = []
    /// What becomes of work, by topic.
    var topics: [TopicRule] = []
    /// Where each value came from, by key. What is absent has its default.
    var sources: [String: SettingSource] = [:]

    /// The source of one setting.
    func source(of key: String) -> SettingSource { self.sources[key] ?? .standard }
}
