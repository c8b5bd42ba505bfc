import Foundation
import IOReactor
import RedisClient
import TestSupport

/// A reactor and what lives on it, for the length of a test.
struct Bench {
    let reactor: IOReactor
    let client: RedisClient
}

/// Runs a test with a client, and closes both client and reactor after it.
func withBench<Value>(
    _ url: String? = nil,
    scripts: [RedisScript] = [],
    connectTimeout: Duration = .seconds(2),
    silence: Duration = .seconds(1),
    _ body: (Bench) async throws -> Value
) async throws -> Value {
    var configuration = RedisClientConfiguration(
        url: try RedisURL(try url ?? Servers.requireRedis()),
        scripts: scripts
    )
    configuration.connectTimeout = connectTimeout
    configuration.limits.silence = silence
    let reactor = IOReactor(name: "test-io")
    let client = RedisClient(reactor: reactor, configuration: configuration)
    let result: Result<Value, any Error>
    do {
        result = .success(try await body(Bench(reactor: reactor, client: client)))
    } catch {
        result = .failure(error)
    }
    await client.close()
    reactor.shutdown()
    return try result.get()
}

/// Runs a test with one connection to a port of this machine, and closes it after it.
func withConnection<Value>(
    port: UInt16,
    requests: Int = 10_000,
    silence: Duration = .seconds(60),
    _ body: (RedisConnection) async throws -> Value
) async throws -> Value {
    let reactor = IOReactor(name: "test-io")
    var limits = RedisConnection.Limits()
    limits.requests = requests
    limits.silence = silence
    let connection = RedisConnection(reactor: reactor, limits: limits)
    let result: Result<Value, any Error>
    do {
        guard let address = SocketAddress(numericHost: "127.0.0.1", port: port) else {
            preconditionFailure("this is an address")
        }
        try await connection.connect(to: address, deadline: .soon)
        result = .success(try await body(connection))
    } catch {
        result = .failure(error)
    }
    await connection.close()
    reactor.shutdown()
    return try result.get()
}

/// Runs a test behind a proxy before the shared Redis.
func withProxy<Value>(_ body: (FaultyProxy) async throws -> Value) async throws -> Value {
    guard case .single(.tcp("127.0.0.1", let port)) = try RedisURL(try Servers.requireRedis()).topology else {
        throw Servers.Missing(description: "TENURE_TEST_REDIS_URL does not have the form redis://127.0.0.1:<port>")
    }
    let proxy = try FaultyProxy(target: port)
    defer { proxy.stop() }
    return try await body(proxy)
}

/// The error that a body throws, which must be one of the client's.
func redisError(_ body: () async throws -> Void) async throws -> RedisError {
    do {
        try await body()
    } catch let error as RedisError {
        return error
    }
    throw ChildProcess.Failure("no error was thrown")
}

/// A key, or a part of one, that no other test uses.
func uniqueKey(_ name: String = "key") -> String {
    "test:{\(UUID().uuidString)}:\(name)"
}

extension ContinuousClock.Instant {
    /// A deadline that only a defect misses.
    static var soon: Self { .now + .seconds(20) }
}
