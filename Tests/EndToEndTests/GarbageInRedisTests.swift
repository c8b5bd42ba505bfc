import ClusterHarness
import Foundation
import TestSupport
import Testing

/// What is read from Redis is not trusted: whatever stands in a key of the cluster, no node ends of it, and once it is
/// gone, or at once where it is one entry only, every tenant runs.
// One at a time: the test measures when tenants run.
@Suite("Garbage in Redis", .needsPrivatePostgres, .needsPrivateRedis, .serialized)
struct GarbageInRedisTests {
    private static let prefix = "tenure:{\(TestCluster.name)}:"
    private static let texts = ["", "{", "[]", "\u{7}\u{0}", "a/1/x", "-9223372036854775808", "nan", "inf", "1e300"]

    /// One entry, or one counter, at a time: commands, with `%` for a garbage text.
    private static let entries: [[String]] = [
        ["HSET", "nodes", "node-1", "%"], ["HSET", "nodes", "ghost", "%"],
        [
            "HSET", "nodes", "odd",
            #"{"id":"odd","incarnation":"i","host":"","pid":0,"version":"","capacity":-1,"max_tenants":-9,"labels":{},"#
                + #""state":"active"}"#,
        ],
        ["HSET", "heartbeats", "node-1", "%"], ["HSET", "heartbeats", "not a node", "%"],
        ["HSET", "loads", "node-1", "%"],
        [
            "HSET", "loads", "node-2",
            #"{"tenants":-1,"busy_slots":-9,"max_slots":0,"due_rate":"nan","lag_ms":-5,"troubled":[],"opening":[],"#
                + #""stalled":false,"lags":{"":-1}}"#,
        ],
        ["HSET", "tenants", "own-0", "%"], ["HSET", "tenants", "not a tenant", "%"],
        ["HSET", "tenants", "own-1", #"{"id":"own-1","weight":"inf","priority":-9,"labels":{},"suspended":false}"#],
        ["HSET", "owners", "own-0", "%"], ["HSET", "owners", "own-1", "ghost"],
        ["SET", "lock:own-0", "%"], ["SET", "lock:own-1", "ghost/1/99"],
        ["HSET", "epochs", "own-0", "%"], ["HSET", "moves", "own-1", "%"],
        [
            "HSET", "moves", "own-0",
            #"{"id":"m","tenant":"own-0","source":"ghost","source_incarnation":"1","target":"odd","#
                + #""target_incarnation":"2","stage":"ready","reason":""}"#,
        ],
        ["LPUSH", "requests", "%"], ["HSET", "unassigned", "own-0", "%"], ["SET", "leader", "%"], ["SET", "term", "%"],
        ["SET", "owners-version", "%"], ["SET", "generation", "%"], ["XADD", "events", "*", "json", "%"],
        ["PUBLISH", "wake", "%"],
    ]

    /// Keys that hold another type altogether, for a while.
    private static let keys = [
        "leader", "term", "generation", "nodes", "heartbeats", "loads", "tenants", "owners", "owners-version",
        "lock:own-0", "epochs", "moves", "unassigned", "requests", "events",
    ]

    private func command(_ cluster: TestCluster, _ words: [String]) async throws {
        let arguments = [words[0], Self.prefix + words[1]] + words.dropFirst(2)
        let url = cluster.redisURL
        _ = try await HelperThread.run {
            let process = try ChildProcess(path: try Programs.require("redis-cli"), arguments: ["-u", url] + arguments)
            return try process.waitForEnd(within: .seconds(10))
        }
    }

    /// Fails unless the nodes live and every tenant runs within the limit.
    private func expectAlive(_ cluster: TestCluster, _ nodes: [TestNode], _ what: String) async throws {
        do {
            try await cluster.waitUntilAllRun(within: .seconds(40))
        } catch {
            Issue.record("after \(what): \(error)")
        }
        for node in nodes {
            // Signal 0 would do, but a process that has ended waits for nobody.
            let ending = try? await node.waitForEnd(within: .milliseconds(1))
            #expect(ending == nil, "\(node.id) ended after \(what): \(node.process.output.suffix(500))")
        }
    }

    @Test("An entry that cannot be read harms no node, and its tenant not for long", .timeLimit(.minutes(10)))
    func entries() async throws {
        let cluster = try await TestCluster.start(databases: 3, schemasInTwoMore: 2)
        let nodes = try await cluster.startNodes(2)
        for (index, entry) in Self.entries.enumerated() {
            // Each with one text: over all entries each text has its turn several times.
            let text = Self.texts[index % Self.texts.count]
            let words = entry.map { $0 == "%" ? text.filter { $0 != "\u{0}" } : $0 }
            try await self.command(cluster, words)
            try await self.expectAlive(cluster, nodes, words.joined(separator: " "))
        }
        // And all of them at once.
        for (index, entry) in Self.entries.enumerated() {
            let text = Self.texts[(index + 3) % Self.texts.count].filter { $0 != "\u{0}" }
            try await self.command(cluster, entry.map { $0 == "%" ? text : $0 })
        }
        try await self.expectAlive(cluster, nodes, "all of them")
        _ = try await cluster.status()
        _ = try await cluster.tenure("cluster", "events")
        try await Audit.of(cluster).expectNothingTwice()
        try await cluster.stop()
    }

    @Test("A key of another type harms no node, and once it is gone every tenant runs", .timeLimit(.minutes(10)))
    func types() async throws {
        let cluster = try await TestCluster.start(databases: 3, schemasInTwoMore: 2)
        let nodes = try await cluster.startNodes(2)
        for key in Self.keys {
            try await self.command(cluster, ["DEL", key])
            try await self.command(cluster, key == "requests" ? ["SET", key, "x"] : ["LPUSH", key, "x"])
            // Longer than a heartbeat, so that every node meets it.
            try await Task.sleep(for: .seconds(2))
            try await self.command(cluster, ["DEL", key])
            try await self.expectAlive(cluster, nodes, "another type of \(key)")
        }
        try await Audit.of(cluster).expectNothingTwice()
        try await cluster.stop()
    }
}

extension Audit {
    /// Fails if anything was completed twice. Occurrences may have been skipped while nobody could work.
    fileprivate func expectNothingTwice() {
        #expect(self.doubled.isEmpty, "\(self.doubled.count) twice: \(self.doubled.prefix(10))")
        #expect(self.completed > 0)
    }
}
