import IOReactor
import RedisClient
import TenureCore

/// Runs a body with a connection of its own.
func withRedis<Value>(_ url: String, _ body: (RedisClient) async throws -> Value) async throws -> Value {
    let reactor = IOReactor(name: "test")
    let client = RedisClient(reactor: reactor, configuration: .init(url: try RedisURL(url)))
    let result: Result<Value, any Error>
    do {
        result = .success(try await body(client))
    } catch {
        result = .failure(error)
    }
    await client.close()
    reactor.shutdown()
    return try result.get()
}

/// The keys of a cluster.
func keys(of cluster: ClusterName, at url: String) async throws -> [String] {
    try await withRedis(url) { client in
        try await client.send("KEYS", "tenure:{\(cluster)}:*", deadline: .now + .seconds(10)).strings?.sorted() ?? []
    }
}

/// Removes the keys of a cluster.
func removeKeys(of cluster: ClusterName, at url: String) async throws {
    try await withRedis(url) { client in
        let script = "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end"
        _ = try await client.send(
            "EVAL",
            script,
            "1",
            "tenure:{\(cluster)}:messages:due",
            "tenure:{\(cluster)}:*",
            deadline: .now + .seconds(10)
        )
    }
}
