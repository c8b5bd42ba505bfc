/// A master, a replica and Sentinels that watch them.
package struct PrivateRedisSentinels: Sendable {
    /// The name of the master.
    package static let masterName = "primary"

    /// The server that is the master at first.
    package let master: PrivateRedis
    /// The server that copies it at first.
    package let replica: PrivateRedis
    /// The Sentinels.
    package let sentinels: [PrivateRedis]

    /// `redis+sentinel://…` with all Sentinels.
    package var url: String {
        let hosts = self.sentinels.map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
        return "redis+sentinel://\(hosts)/\(Self.masterName)"
    }

    /// Starts the servers; returns once the replica has copied the master and every Sentinel knows the replica.
    package static func start(sentinels count: Int = 3) async throws -> PrivateRedisSentinels {
        let master = try await PrivateRedis.start()
        var options = PrivateRedis.Options()
        options.replicaOf = master.port
        let replica = try await PrivateRedis.start(options)
        try await Polling.wait(for: "the replica to copy the master") {
            try await master.command("INFO", "replication").contains("state=online")
        }
        var sentinels: [PrivateRedis] = []
        for _ in 0..<count {
            var options = PrivateRedis.Options()
            options.sentinelConfiguration = [
                "sentinel monitor \(Self.masterName) 127.0.0.1 \(master.port) \(count / 2 + 1)",
                "sentinel down-after-milliseconds \(Self.masterName) 500",
                "sentinel failover-timeout \(Self.masterName) 2000",
            ]
            sentinels.append(try await PrivateRedis.start(options))
        }
        for sentinel in sentinels {
            try await Polling.wait(for: "the sentinels to know each other and the replica") {
                let words = try await sentinel.command("SENTINEL", "MASTER", Self.masterName).split(separator: "\n")
                let values = Dictionary(
                    uniqueKeysWithValues: stride(from: 0, to: words.count - 1, by: 2).map { (words[$0], words[$0 + 1]) }
                )
                return values["num-slaves"] == "1" && values["num-other-sentinels"] == "\(count - 1)"
            }
        }
        return PrivateRedisSentinels(master: master, replica: replica, sentinels: sentinels)
    }

    /// Ends all servers.
    package func stop() async throws {
        for server in self.sentinels + [self.replica, self.master] { try await server.kill() }
    }
}

/// A Redis Cluster of three masters, each with a third of the slots.
package struct PrivateRedisCluster: Sendable {
    /// The slots of each node.
    package static let ranges = [0...5460, 5461...10922, 10923...16383]

    /// The nodes, in the order of their slots.
    package let nodes: [PrivateRedis]

    /// Starts the nodes; returns once all of them agree that the cluster works.
    package static func start() async throws -> PrivateRedisCluster {
        var options = PrivateRedis.Options()
        options.isClusterNode = true
        var nodes: [PrivateRedis] = []
        for range in Self.ranges {
            let node = try await PrivateRedis.start(options)
            try await node.command("CLUSTER", "ADDSLOTSRANGE", "\(range.lowerBound)", "\(range.upperBound)")
            nodes.append(node)
        }
        for node in nodes {
            let info = try await node.command("CONFIG", "GET", "cluster-port")
            guard let port = info.split(separator: "\n").last else { continue }
            try await nodes[0].command("CLUSTER", "MEET", "127.0.0.1", "\(node.port)", "\(port)")
        }
        for node in nodes {
            try await Polling.wait(for: "the cluster to agree") {
                let info = try await node.command("CLUSTER", "INFO")
                return info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
            }
        }
        return PrivateRedisCluster(nodes: nodes)
    }

    /// Ends all nodes.
    package func stop() async throws {
        for node in self.nodes { try await node.kill() }
    }
}
