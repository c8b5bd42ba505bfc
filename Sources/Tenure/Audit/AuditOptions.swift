/// What an audit looks at, and how patiently.
public struct AuditOptions: Sendable, Hashable {
    /// Only these tenants; empty for all. Default all.
    public var tenants: [TenantID] = []
    /// History that ended before is left out, and so are occurrences before. Default: all that is kept.
    public var since: ServerTime?
    /// For how long something has to stay that may be a hand-over or a takeover in progress. Default 10 s.
    public var patience: Duration = .seconds(10)
    /// How long an owner's runs may go on after a hand-over: the option `DrainTimeout` of the nodes. Default 30 s.
    public var drainTimeout: Duration = .seconds(30)
    /// How late an occurrence, or work that could start, may be. Default 30 s.
    public var overdue: Duration = .seconds(30)
    /// Tenants that are read at the same time. Default 8.
    public var concurrency = 8
    /// How long reading one tenant may take. Default 60 s.
    public var tenantTimeout: Duration = .seconds(60)
    /// The most occurrences of one job that are compared with its schedule, the newest. Default 50,000.
    public var occurrenceLimit = 50_000

    /// All defaults.
    public init() {}
}
