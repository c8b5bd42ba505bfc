internal import PostgresStore
internal import TenureCore

/// Tells from what was measured what is wrong with a set-up, and what to do about it. Pure.
struct Doctor {
    let facts: DoctorFacts
    let options: DoctorOptions

    func report() -> DoctorReport {
        let isRedisLost = if case .failure = self.facts.redis { true } else { false }
        let findings = [
            self.settings(), self.redis(), self.discovery(), self.leadership(), self.nodes(), self.balance(),
            self.databases(), self.budgets(), self.tenants(),
        ]
        return DoctorReport(
            findings: findings.flatMap(\.self),
            isBlind: isRedisLost && self.facts.discoveryFailure != nil
        )
    }

    /// The latest state of the cluster.
    var state: ClusterState? { self.facts.states.last }

    // MARK: Settings and libraries

    private func settings() -> [DoctorFinding] {
        let libraries = self.facts.libraries.map { "\($0.name) \($0.version)" }.joined(separator: ", ")
        var findings = [DoctorFinding("libraries", "settings", .ok, libraries)]
        let problems = self.options.coordination.problems()
        if problems.isEmpty {
            findings.append(DoctorFinding("settings", "settings", .ok, "the coordination options fit together"))
        }
        findings += problems.map {
            DoctorFinding("settings", "settings", .fail, $0, advice: "a node refuses to start with these")
        }
        return findings
    }

    // MARK: Redis

    private func redis() -> [DoctorFinding] {
        switch self.facts.redis {
        case .failure(let error):
            let advice = "start it, or say where it is: --redis, TENURE_REDIS_URL, or 'redis' in the settings file"
            return [DoctorFinding("redis.reachable", "redis", .fail, error.detail ?? "\(error)", advice: advice)]
        case .success(let redis):
            var findings = [self.reach(redis), Self.version(redis), Self.role(redis), Self.permission(redis)]
            findings += Self.memory(redis)
            findings.append(Self.persistence(redis))
            findings += Self.clients(redis)
            findings.append(Self.clock("redis.clock", "redis", redis.clockOffset))
            return findings
        }
    }

    private func reach(_ redis: DoctorFacts.Redis) -> DoctorFinding {
        let median = redis.roundTrips.isEmpty ? Duration.zero : redis.roundTrips[redis.roundTrips.count / 2]
        // A heartbeat renews every lock: it has to come back well before the next one.
        let limit = self.options.coordination.heartbeatInterval / 4
        let measured = "round trip p50 \(median.forPeople) of \(redis.roundTrips.count)"
        return median < limit
            ? DoctorFinding("redis.reachable", "redis", .ok, measured)
            : DoctorFinding(
                "redis.reachable",
                "redis",
                .warn,
                "\(measured), heartbeat interval \(self.options.coordination.heartbeatInterval.forPeople)",
                advice: "bring Redis nearer, or raise heartbeat_interval with node_timeout and the leases"
            )
    }

    private static func version(_ redis: DoctorFacts.Redis) -> DoctorFinding {
        let version = redis.info["redis_version"] ?? "unknown"
        let measured = redis.info["valkey_version"].map { "Valkey \($0), as Redis \(version)" } ?? "Redis \(version)"
        let major = version.split(separator: ".").first.flatMap { Int($0) }
        guard let major, major < 5 else { return DoctorFinding("redis.version", "redis", .ok, measured) }
        return DoctorFinding("redis.version", "redis", .fail, measured, advice: "update it: streams need Redis 5")
    }

    private static func role(_ redis: DoctorFacts.Redis) -> DoctorFinding {
        let role = redis.info["role"] ?? "unknown"
        let replicas = redis.info["connected_slaves"].map { ", \($0) replicas" } ?? ""
        guard role == "slave" else { return DoctorFinding("redis.role", "redis", .ok, "\(role)\(replicas)") }
        let primary = [redis.info["master_host"], redis.info["master_port"]].compactMap(\.self).joined(separator: ":")
        return DoctorFinding(
            "redis.role",
            "redis",
            .fail,
            "a replica of \(primary)",
            advice: "nodes write: name the primary, or the Sentinels (redis+sentinel://…)"
        )
    }

    private static func permission(_ redis: DoctorFacts.Redis) -> DoctorFinding {
        guard let refusal = redis.refusal else {
            return DoctorFinding("redis.permissions", "redis", .ok, "scripts run, and messages may be published")
        }
        return DoctorFinding(
            "redis.permissions",
            "redis",
            .fail,
            refusal,
            advice: "let the user run scripts on the keys and channels of the prefix; see the manual's page on Redis"
        )
    }

    private static func memory(_ redis: DoctorFacts.Redis) -> [DoctorFinding] {
        let limit = redis.info["maxmemory"].flatMap { Int64($0) } ?? 0
        let policy = redis.info["maxmemory_policy"] ?? redis.configuration?["maxmemory-policy"] ?? "unknown"
        let used = redis.info["used_memory_human"] ?? "unknown"
        guard limit > 0 else {
            return [DoctorFinding("redis.memory", "redis", .ok, "\(used) used, no limit, policy \(policy)")]
        }
        let measured = "\(used) used of \(redis.info["maxmemory_human"] ?? "\(limit) bytes"), policy \(policy)"
        guard policy != "noeviction" else {
            let share = (redis.info["used_memory"].flatMap { Double($0) } ?? 0) / Double(limit)
            guard share >= 0.9 else { return [DoctorFinding("redis.memory", "redis", .ok, measured)] }
            let advice = "raise maxmemory: at the limit writes fail, and every lock is lost"
            return [DoctorFinding("redis.memory", "redis", .warn, measured, advice: advice)]
        }
        let advice = "set maxmemory-policy noeviction: an evicted lock moves its tenant"
        return [DoctorFinding("redis.memory", "redis", .warn, measured, advice: advice)]
    }

    private static func persistence(_ redis: DoctorFacts.Redis) -> DoctorFinding {
        let appends = redis.info["aof_enabled"] == "1"
        let saves = redis.configuration?["save"].map { !$0.isEmpty }
        let snapshots = saves.map { $0 ? "snapshots" : "no snapshots" } ?? "snapshots unknown"
        let measured = "\(appends ? "append-only file" : "no append-only file"), \(snapshots)"
        let isFailing =
            redis.info["rdb_last_bgsave_status"] == "err" || redis.info["aof_last_write_status"] == "err"
        guard isFailing else {
            // What Redis forgets costs time, and no safety.
            return DoctorFinding("redis.persistence", "redis", .ok, measured)
        }
        return DoctorFinding(
            "redis.persistence",
            "redis",
            .fail,
            "\(measured); the last write to the disk failed",
            advice: "free space on its disk: with stop-writes-on-bgsave-error it refuses writes"
        )
    }

    private static func clients(_ redis: DoctorFacts.Redis) -> [DoctorFinding] {
        guard let connected = redis.info["connected_clients"].flatMap({ Int($0) }),
            let limit = (redis.info["maxclients"] ?? redis.configuration?["maxclients"]).flatMap({ Int($0) })
        else { return [] }
        let measured = "\(connected) of \(limit) clients"
        let isFull = connected * 10 >= limit * 9
        let advice = isFull ? "raise maxclients: a node that cannot connect is a dead one" : nil
        return [DoctorFinding("redis.clients", "redis", isFull ? .warn : .ok, measured, advice: advice)]
    }

    static func clock(_ check: String, _ subject: String, _ offset: Duration) -> DoctorFinding {
        let size = offset < .zero ? .zero - offset : offset
        let side = offset < .zero ? "behind" : "ahead of"
        let measured = "\(size.forPeople) \(side) this machine"
        guard size > .seconds(5) else { return DoctorFinding(check, subject, .ok, measured) }
        let advice = "nothing is decided by comparing clocks; events and logs of several machines are hard to read"
        return DoctorFinding(check, subject, .warn, measured, advice: advice)
    }

    // MARK: Finding tenants

    private func discovery() -> [DoctorFinding] {
        if let failure = self.facts.discoveryFailure {
            let advice =
                "mend it, or name another: --registry, TENURE_REGISTRY_URL, 'discovery' or 'tenants' in the file"
            return [DoctorFinding("discovery", "registry", .fail, failure, advice: advice)]
        }
        let count = self.facts.databases.count
        var findings = [
            DoctorFinding(
                "discovery",
                "registry",
                count == 0 ? .warn : .ok,
                "\(count) tenants",
                advice: count == 0 ? "add one: tenure tenants add" : nil
            )
        ]
        findings += self.facts.unreadable.map {
            let advice = "mend its row; nodes keep what they knew of it"
            return DoctorFinding("discovery.unreadable", $0.tenant, .warn, $0.reason, advice: advice)
        }
        return findings
    }
}

extension Duration {
    /// A short time for people.
    var forPeople: String {
        if self < .milliseconds(10) { return "\(Double(self.microseconds) / 1_000) ms" }
        return self < .seconds(10) ? "\(self.milliseconds) ms" : "\(self.components.seconds) s"
    }
}
