import IOReactor
import RedisClient
import TestSupport
import Testing

@Suite("Redis Cluster", .timeLimit(.minutes(2)), .needsPrivateRedis)
struct RedisClusterTests {
    /// A hash tag and the index of the node that has it at first, as CLUSTER KEYSLOT says.
    func tag(onNode index: Int, of cluster: PrivateRedisCluster) async throws -> (tag: String, slot: Int) {
        for number in 0... {
            let tag = "{t\(number)}"
            let slot = Int(try await cluster.nodes[0].command("CLUSTER", "KEYSLOT", tag)) ?? -1
            if PrivateRedisCluster.ranges[index].contains(slot) { return (tag, slot) }
        }
        preconditionFailure("some tag is on each node")
    }

    func endpoint(_ node: PrivateRedis) -> RedisEndpoint {
        .tcp(host: "127.0.0.1", port: node.port)
    }

    @Test("From the wrong node the client follows the keys, with scripts, and stays there")
    func moved() async throws {
        let cluster = try await PrivateRedisCluster.start()
        let (tag, _) = try await self.tag(onNode: 2, of: cluster)
        let script = RedisScript(
            name: "pair",
            source: "redis.call('INCR', KEYS[1]) return redis.call('INCR', KEYS[2])",
            keys: ["a", "b"]
        )
        try await withBench("redis+cluster://127.0.0.1:\(cluster.nodes[0].port)", scripts: [script]) { bench in
            try await bench.client.connect(deadline: .soon)
            #expect(await bench.client.endpoint == self.endpoint(cluster.nodes[0]))
            for expected in 1...3 {
                let reply = try await bench.client.run(script, keys: ["\(tag)a", "\(tag)b"], deadline: .soon)
                #expect(reply == .integer(expected))
            }
            #expect(await bench.client.endpoint == self.endpoint(cluster.nodes[2]))
        }
        try await cluster.stop()
    }

    @Test("Many requests at once from the wrong node are executed once each")
    func manyMoved() async throws {
        let cluster = try await PrivateRedisCluster.start()
        let (tag, _) = try await self.tag(onNode: 1, of: cluster)
        try await withBench("redis+cluster://127.0.0.1:\(cluster.nodes[0].port)") { bench in
            try await withThrowingDiscardingTaskGroup { group in
                for _ in 0..<200 {
                    group.addTask { _ = try await bench.client.send("INCR", "\(tag)n", deadline: .soon) }
                }
            }
            let value = try await bench.client.send("GET", "\(tag)n", deadline: .soon)
            #expect(value.integer == 200)
        }
        try await cluster.stop()
    }

    @Test("While a slot moves, requests are asked of the new node; after it they go there directly")
    func ask() async throws {
        let cluster = try await PrivateRedisCluster.start()
        let (tag, slot) = try await self.tag(onNode: 0, of: cluster)
        let (source, target) = (cluster.nodes[0], cluster.nodes[1])
        let sourceID = try await source.command("CLUSTER", "MYID")
        let targetID = try await target.command("CLUSTER", "MYID")
        try await withBench("redis+cluster://127.0.0.1:\(source.port)") { bench in
            _ = try await bench.client.send("SET", "\(tag)old", 1, deadline: .soon)
            try await target.command("CLUSTER", "SETSLOT", "\(slot)", "IMPORTING", sourceID)
            try await source.command("CLUSTER", "SETSLOT", "\(slot)", "MIGRATING", targetID)

            // The source has this key still, and has not, and will never have, the other one.
            #expect(try await bench.client.send("INCR", "\(tag)old", deadline: .soon) == .integer(2))
            for expected in 1...3 {
                #expect(try await bench.client.send("INCR", "\(tag)new", deadline: .soon) == .integer(expected))
            }
            #expect(await bench.client.endpoint == self.endpoint(source))

            try await source.command("MIGRATE", "127.0.0.1", "\(target.port)", "\(tag)old", "0", "5000")
            for node in [target, source, cluster.nodes[2]] {
                try await node.command("CLUSTER", "SETSLOT", "\(slot)", "NODE", targetID)
            }
            #expect(try await bench.client.send("INCR", "\(tag)old", deadline: .soon) == .integer(3))
            #expect(try await bench.client.send("INCR", "\(tag)new", deadline: .soon) == .integer(4))
            #expect(await bench.client.endpoint == self.endpoint(target))
        }
        try await cluster.stop()
    }

    @Test("Nodes that the URL does not name are learned, so that the loss of the named one does no harm")
    func learning() async throws {
        let cluster = try await PrivateRedisCluster.start()
        let (tag, _) = try await self.tag(onNode: 1, of: cluster)
        try await withBench("redis+cluster://127.0.0.1:\(cluster.nodes[0].port)") { bench in
            try await bench.client.connect(deadline: .soon)
            // A cluster with a part of its slots uncovered still serves the others with this.
            for node in cluster.nodes { try await node.command("CONFIG", "SET", "cluster-require-full-coverage", "no") }
            try await cluster.nodes[0].kill()

            var reply: RedisValue?
            while reply == nil {
                // The first attempt may meet the dying connection.
                reply = try? await bench.client.send("INCR", "\(tag)n", deadline: .soon)
            }
            #expect(await bench.client.endpoint == self.endpoint(cluster.nodes[1]))
        }
        try await cluster.stop()
    }

    @Test("Messages reach a subscriber on whichever node it is")
    func publishing() async throws {
        let cluster = try await PrivateRedisCluster.start()
        try await withBench("redis+cluster://127.0.0.1:\(cluster.nodes[0].port)") { bench in
            let url = try RedisURL("redis+cluster://127.0.0.1:\(cluster.nodes[2].port)")
            let subscriber = RedisSubscriber(reactor: bench.reactor, configuration: .init(url: url))
            var events = await subscriber.subscribe(to: ["wake"]).makeAsyncIterator()
            #expect(await events.next() == .subscribed)
            _ = try await bench.client.send("PUBLISH", "wake", "x", deadline: .soon)

            #expect(await events.next() == .message(channel: "wake", payload: Array("x".utf8)))
            await subscriber.close()
        }
        try await cluster.stop()
    }
}
