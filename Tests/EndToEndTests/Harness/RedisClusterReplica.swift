import TestSupport
import Testing

extension PrivateRedisCluster {
    /// Starts a copy of one node, which takes its place when it fails; returns once the copy is complete and the other
    /// nodes know it.
    func addReplica(ofNode index: Int) async throws -> PrivateRedis {
        let master = self.nodes[index]
        var options = PrivateRedis.Options()
        options.isClusterNode = true
        let replica = try await PrivateRedis.start(options)
        let bus = try await master.command("CONFIG", "GET", "cluster-port").split(separator: "\n").last
        try await replica.command("CLUSTER", "MEET", "127.0.0.1", "\(master.port)", String(try #require(bus)))
        let id = try await master.command("CLUSTER", "MYID")
        try await Polling.wait(for: "the replica to know its master") {
            try await replica.command("CLUSTER", "NODES").split(separator: "\n").count == self.nodes.count + 1
        }
        try await replica.command("CLUSTER", "REPLICATE", id)
        try await Polling.wait(for: "the replica to copy its master") {
            try await master.command("INFO", "replication").contains("state=online")
        }
        for node in self.nodes {
            try await Polling.wait(for: "every node to know the replica") {
                try await node.command("CLUSTER", "NODES").contains("slave \(id)")
            }
        }
        return replica
    }
}
