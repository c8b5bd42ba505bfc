internal import Logging
internal import Tenure

/// All scalar settings, in the order in which they are shown.
enum SettingsCatalogue {
    static let definitions: [SettingDefinition] =
        Self.general + Self.coordination + Self.runs + Self.connections + Self.retention + Self.watchdog
        + Self.discovery

    /// Settings that are lists or mappings: only a file has them.
    static let structures = ["labels", "tenants", "topics"]

    /// The scalar with this key.
    static func definition(_ key: String) -> SettingDefinition? { self.definitions.first { $0.key == key } }

    private static let general: [SettingDefinition] = [
        .text("redis", environment: "REDIS_URL", aliases: ["REDIS_URL"], isSecret: true, \.redis),
        .text("registry", environment: "REGISTRY_URL", aliases: ["DATABASE_URL"], isSecret: true, \.registry),
        SettingDefinition("cluster", at: \.cluster) { text throws(BadValue) in
            do { return try ClusterName(text) } catch { throw BadValue(hint: nameHint) }
        } show: {
            $0.description
        },
        SettingDefinition("node_id", at: \.nodeID) { text throws(BadValue) in
            do { return try NodeID(text) } catch { throw BadValue(hint: nameHint) }
        } show: {
            $0?.description
        },
        .text("key_prefix", \.keyPrefix),
        .choice("log_level", \.logLevel),
        .choice("selection", \.selection),
        .choice("placement", \.placement),
        .flag("auto_migrate", \.autoMigrate),
        .number("capacity", above: 0, \.capacity),
    ]

    private static let coordination: [SettingDefinition] = [
        .duration("coordination.heartbeat_interval", \.coordination.heartbeatInterval),
        .duration("coordination.node_timeout", \.coordination.nodeTimeout),
        .duration("coordination.leader_lease_duration", \.coordination.leaderLeaseDuration),
        .duration("coordination.lock_duration", \.coordination.lockDuration),
        .duration("coordination.safety_margin", \.coordination.safetyMargin),
        .integer("coordination.max_schedules_per_node", in: 0...1_000_000, \.coordination.maxSchedulesPerNode),
        .flag("coordination.enable_auto_rebalancing", \.coordination.enableAutoRebalancing),
        .number("coordination.rebalancing_threshold", above: 0, \.coordination.rebalancingThreshold),
        .duration("coordination.rebalance_cooldown", \.coordination.rebalanceCooldown),
        .integer("coordination.max_concurrent_moves", in: 1...10_000, \.coordination.maxConcurrentMoves),
        .duration("coordination.drain_timeout", \.coordination.drainTimeout),
        .choice("coordination.on_redis_outage", \.coordination.onRedisOutage),
    ]

    private static let runs: [SettingDefinition] = [
        .integer("runs.max_concurrent", environment: "MAX_CONCURRENT_RUNS", in: 1...100_000, \.runs.maxConcurrent),
        .integer(
            "runs.max_concurrent_per_tenant",
            environment: "MAX_CONCURRENT_RUNS_PER_TENANT",
            in: 1...100_000,
            \.runs.maxConcurrentPerTenant
        ),
        .duration("runs.default_timeout", environment: "RUN_TIMEOUT", \.runs.defaultTimeout),
        .duration("runs.retention", environment: "RUN_RETENTION", \.runs.retention),
        .integer("runs.batch_size", environment: "BATCH_SIZE", in: 1...10_000, \.runs.batchSize),
        .duration("runs.priority_ageing", \.runs.priorityAgeing),
    ]

    private static let connections: [SettingDefinition] = [
        .integer(
            "connections.per_server",
            environment: "CONNECTIONS_PER_SERVER",
            in: 3...10_000,
            \.connections.perServer
        ),
        .integer(
            "connections.per_database",
            environment: "CONNECTIONS_PER_DATABASE",
            in: 1...10_000,
            \.connections.perDatabase
        ),
        .duration("connections.idle_timeout", environment: "CONNECTION_IDLE_TIMEOUT", \.connections.idleTimeout),
    ]

    private static let retention: [SettingDefinition] = [
        .duration("dead_letters.retention", environment: "DEAD_LETTERS_RETENTION", \.retention.deadLetters),
        .duration("inbox.retention", environment: "INBOX_RETENTION", \.retention.inbox),
        .duration("changes.retention", environment: "CHANGES_RETENTION", \.retention.changes),
    ]

    private static let watchdog: [SettingDefinition] = [
        .duration("watchdog.overdue", environment: "WATCHDOG_OVERDUE", \.watchdog.overdue),
        .duration("watchdog.stuck", environment: "WATCHDOG_STUCK", \.watchdog.stuck),
        .duration("watchdog.unowned", environment: "WATCHDOG_UNOWNED", \.watchdog.unowned),
        .duration("watchdog.cooldown", environment: "WATCHDOG_COOLDOWN", \.watchdog.cooldown),
    ]

    private static let discovery: [SettingDefinition] = [
        .duration("discovery.interval", environment: "DISCOVERY_INTERVAL", \.discovery.interval),
        .text("discovery.query", environment: "DISCOVERY_QUERY", \.discovery.query),
        .text("discovery.connection", environment: "DISCOVERY_CONNECTION", isSecret: true, \.discovery.connection),
    ]

    private static let nameHint = "write 1 to 64 letters, digits, dots, underscores or hyphens"
}
