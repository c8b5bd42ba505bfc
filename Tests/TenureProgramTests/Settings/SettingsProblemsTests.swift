import Tenure
import Testing

@testable import tenure

@Suite("What is impossible in settings")
struct SettingsProblemsTests {
    @Test("Everything that a node refuses is told by the key in the settings file")
    func everyKey() {
        var settings = Settings()
        settings.coordination.heartbeatInterval = .zero
        settings.coordination.nodeTimeout = .zero
        settings.coordination.leaderLeaseDuration = .zero
        settings.coordination.lockDuration = .zero
        settings.coordination.safetyMargin = .seconds(-1)
        settings.coordination.rebalanceCooldown = .seconds(-1)
        settings.coordination.drainTimeout = .seconds(-1)
        settings.coordination.maxSchedulesPerNode = -1
        settings.coordination.rebalancingThreshold = 0
        settings.coordination.maxConcurrentMoves = 0
        settings.runs.maxConcurrent = 0
        settings.runs.maxConcurrentPerTenant = 0
        settings.runs.batchSize = 0
        settings.runs.defaultTimeout = .zero
        settings.runs.retention = .zero
        settings.connections.perServer = 2
        settings.connections.perDatabase = 0
        settings.watchdog.overdue = .zero
        settings.watchdog.stuck = .zero
        settings.watchdog.unowned = .zero
        settings.watchdog.cooldown = .zero
        settings.retention.deadLetters = .zero
        settings.retention.inbox = .zero
        settings.retention.changes = .zero
        settings.discovery.interval = .zero
        settings.capacity = 0

        let problems = settings.problems()

        #expect(problems.allSatisfy { !$0.settings.isEmpty }, "\(problems)")
        let first = Set(problems.compactMap { $0.settings.first?.split(separator: " ").first.map(String.init) })
        let expected: Set<String> = [
            "capacity", "changes.retention", "connections.per_database", "connections.per_server",
            "coordination.drain_timeout",
            "coordination.heartbeat_interval", "coordination.leader_lease_duration", "coordination.lock_duration",
            "coordination.max_concurrent_moves", "coordination.max_schedules_per_node", "coordination.node_timeout",
            "coordination.rebalance_cooldown", "coordination.rebalancing_threshold", "coordination.safety_margin",
            "dead_letters.retention", "discovery.interval", "inbox.retention", "runs.batch_size",
            "runs.default_timeout", "runs.max_concurrent",
            "runs.max_concurrent_per_tenant", "runs.retention", "watchdog.cooldown", "watchdog.overdue",
            "watchdog.stuck", "watchdog.unowned",
        ]
        #expect(first == expected)
    }

    @Test("A combination is told with all its settings, their values, and where these came from")
    func combination() throws {
        var resolver = SettingsResolver()
        resolver.flags = [("coordination.lock_duration", "--set coordination.lock_duration", "2s")]
        resolver.environment = ["TENURE_SAFETY_MARGIN": "700ms"]

        let error = try #require(throws: InvalidSettings.self) { try resolver.resolve() }

        #expect(error.problems.count == 1)
        #expect(
            error.problems.first?.settings == [
                "coordination.lock_duration is 2s (--set coordination.lock_duration)",
                "coordination.heartbeat_interval is 1s (default)",
                "coordination.safety_margin is 700ms (TENURE_SAFETY_MARGIN)",
            ]
        )
    }

    @Test("What only a node would refuse is refused here, too")
    func nodeChecks() throws {
        var resolver = SettingsResolver()
        resolver.environment = ["TENURE_RUN_RETENTION": "1m", "TENURE_REDIS_URL": "http://127.0.0.1"]

        let error = try #require(throws: InvalidSettings.self) { try resolver.resolve() }

        #expect(error.problems.map(\.place) == ["TENURE_REDIS_URL", nil])
        #expect(error.problems.first?.message.hasPrefix("redis: ") == true)
        #expect(error.problems.last?.settings == ["runs.retention is 1m (TENURE_RUN_RETENTION)"])
    }

    @Test("A value that is out of range is told with its key and where it stands")
    func range() throws {
        var resolver = SettingsResolver()
        resolver.environment = ["TENURE_CONNECTIONS_PER_SERVER": "2"]

        let error = try #require(throws: InvalidSettings.self) { try resolver.resolve() }

        let expected =
            "TENURE_CONNECTIONS_PER_SERVER: connections.per_server is \"2\": write a whole number from 3 to 10000"
        #expect(error.problems.map(\.description) == [expected])
    }

    @Test("The defaults are possible")
    func defaults() {
        #expect(Settings().problems().isEmpty)
    }
}
