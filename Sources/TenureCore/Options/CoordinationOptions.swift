/// What a node does with its tenants while Redis cannot be reached.
public enum RedisOutagePolicy: String, Sendable, Hashable, Codable, CaseIterable {
    /// Stop claiming when the locks' trust runs out. The default.
    case stop
    /// Keep working until Postgres says that another owner has taken over. For when all of Redis is down; if only this
    /// node is cut off, runs that it already started may overlap with their reruns by the successor.
    case `continue`
}

/// How nodes agree on who owns which tenant.
public struct CoordinationOptions: Sendable, Hashable {
    /// Time between two heartbeats of a node. Default 1 s.
    public var heartbeatInterval: Duration = .seconds(1)
    /// Time without a change of its heartbeat after which the leader declares a node lost. Default 3 s.
    public var nodeTimeout: Duration = .seconds(3)
    /// How long a leadership lasts without renewal. Default 3 s.
    public var leaderLeaseDuration: Duration = .seconds(3)
    /// How long a tenant's lock lasts without renewal. Default 4 s.
    public var lockDuration: Duration = .seconds(4)
    /// How long before the end of a lease its holder stops trusting it. Default 500 ms.
    public var safetyMargin: Duration = .milliseconds(500)
    /// Tenants that one node may own; 0 means no cap. Tenants beyond it stay unassigned, visibly. Default 1,000.
    public var maxSchedulesPerNode: Int = 1000
    /// Whether the leader evens out the load by itself. Default true.
    public var enableAutoRebalancing: Bool = true
    /// The share (max − min) / mean of the load above which tenants move. Default 0.2.
    public var rebalancingThreshold: Double = 0.2
    /// Time for which a tenant that has moved is left alone by rebalancing. Default 30 s.
    public var rebalanceCooldown: Duration = .seconds(30)
    /// Planned moves in flight at once. Default 10.
    public var maxConcurrentMoves: Int = 10
    /// How long runs in progress may go on after a hand-over or at shutdown. Default 30 s.
    public var drainTimeout: Duration = .seconds(30)
    /// What to do while Redis cannot be reached. Default ``RedisOutagePolicy/stop``.
    public var onRedisOutage: RedisOutagePolicy = .stop

    /// All defaults.
    public init() {}

    /// What is impossible in this combination, one sentence each with the option's name, the values and the way out;
    /// empty when it can be used.
    public func problems() -> [String] {
        var problems: [String] = []
        func require(_ condition: Bool, _ problem: @autoclosure () -> String) {
            if !condition { problems.append(problem()) }
        }
        for (name, value, minimum) in [
            ("HeartbeatInterval", self.heartbeatInterval, Duration.milliseconds(10)),
            ("NodeTimeout", self.nodeTimeout, .milliseconds(50)),
            ("LeaderLeaseDuration", self.leaderLeaseDuration, .milliseconds(50)),
            ("LockDuration", self.lockDuration, .milliseconds(50)),
            ("SafetyMargin", self.safetyMargin, .zero),
            ("RebalanceCooldown", self.rebalanceCooldown, .zero),
            ("DrainTimeout", self.drainTimeout, .zero),
        ] {
            require(
                value >= minimum && value <= .seconds(86_400),
                "\(name) is \(value): it must lie between \(minimum) and one day"
            )
        }
        // A lease must survive one lost heartbeat: two intervals have to fit before its holder stops trusting it.
        let renewals = self.heartbeatInterval * 2 + self.safetyMargin
        require(
            self.lockDuration > renewals,
            "LockDuration (\(self.lockDuration)) must exceed 2 × HeartbeatInterval + SafetyMargin (\(renewals)), or "
                + "one late heartbeat loses every lock: raise LockDuration or lower HeartbeatInterval"
        )
        require(
            self.leaderLeaseDuration > renewals,
            "LeaderLeaseDuration (\(self.leaderLeaseDuration)) must exceed 2 × HeartbeatInterval + SafetyMargin "
                + "(\(renewals)), or one late heartbeat ends the leadership: raise it or lower HeartbeatInterval"
        )
        require(
            self.nodeTimeout > self.heartbeatInterval * 2,
            "NodeTimeout (\(self.nodeTimeout)) must exceed 2 × HeartbeatInterval (\(self.heartbeatInterval * 2)), or "
                + "one late heartbeat makes a node lost: raise NodeTimeout or lower HeartbeatInterval"
        )
        require(self.maxSchedulesPerNode >= 0, "MaxSchedulesPerNode is \(self.maxSchedulesPerNode): use 0 for no cap")
        require(
            self.rebalancingThreshold > 0 && self.rebalancingThreshold <= 10,
            "RebalancingThreshold is \(self.rebalancingThreshold): use a share above 0, such as 0.2"
        )
        require(
            (1...10_000).contains(self.maxConcurrentMoves),
            "MaxConcurrentMoves is \(self.maxConcurrentMoves): use 1 to 10,000"
        )
        return problems
    }
}
