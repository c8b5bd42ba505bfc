import Foundation
import IOReactor
import RedisClient
import RedisCoordination
import TenureCore
import TenureTesting
import TestSupport

/// A cluster of its own in a Redis that tests share.
struct CoordinationFixture {
    let store: RedisCoordinationStore
    /// For looking at the keys, and breaking them.
    let redis: RedisClient

    var keyspace: Keyspace { self.store.keyspace }

    /// Runs a body on a cluster that has no keys, and removes them afterwards from the shared Redis.
    ///
    /// - Parameter url: A Redis of the test's own in its place.
    static func withStore<Result>(
        url: String? = nil,
        heartbeatTimeout: Duration = .seconds(10),
        eventLimit: Int = 10_000,
        requestLimit: Int = 1_000,
        _ body: (CoordinationFixture) async throws -> Result
    ) async throws -> Result {
        let isShared = url == nil
        let url = try RedisURL(url ?? Servers.requireRedis())
        let reactor = IOReactor(name: "coordination")
        let cluster = try ClusterName("test-\(UUID().uuidString.lowercased())")
        var configuration = RedisCoordinationStore.Configuration(url: url, cluster: cluster)
        // Long timeouts by default, for machines that do much else meanwhile.
        configuration.heartbeatTimeout = heartbeatTimeout
        configuration.requestTimeout = .seconds(10)
        configuration.eventLimit = eventLimit
        configuration.requestLimit = requestLimit
        let fixture = CoordinationFixture(
            store: RedisCoordinationStore(
                reactor: reactor,
                configuration: configuration
            ),
            redis: RedisClient(reactor: reactor, configuration: .init(url: url))
        )
        let result: Swift.Result<Result, any Error>
        do {
            let value = try await body(fixture)
            if isShared { try await fixture.forget() }
            result = .success(value)
        } catch {
            result = .failure(error)
        }
        await fixture.store.close()
        await fixture.redis.close()
        reactor.shutdown()
        return try result.get()
    }

    /// What the conformance checks need. Leases are waited for: they run out by Redis's clock, and it sends no signal.
    var conformance: CoordinationConformance.Fixture {
        CoordinationConformance.Fixture(
            store: self.store,
            advance: { try await Task.sleep(for: $0) },
            forget: { try await self.forget() }
        )
    }

    /// Sends a command.
    @discardableResult
    func send(_ name: String, _ arguments: String...) async throws -> RedisValue {
        try await self.redis.send(RedisCommand(name, arguments: arguments), deadline: .now + .seconds(10))
    }

    /// Removes the cluster's keys, as `FLUSHALL` would.
    func forget() async throws {
        let script = "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end"
        try await self.send("EVAL", script, "1", self.keyspace[.leader], self.keyspace.prefix + "*")
    }
}

// MARK: Values

/// A holder from `node/incarnation`.
func holder(_ text: String) throws -> Holder {
    let parts = text.split(separator: "/")
    return Holder(node: try NodeID(String(parts[0])), incarnation: Incarnation(String(parts[1])))
}

extension RedisCoordinationStore {
    /// Registers a holder's node.
    @discardableResult
    func register(_ holder: Holder) async throws -> RegistrationReply {
        let node = NodeDescriptor(
            id: holder.node,
            incarnation: holder.incarnation,
            host: "h",
            pid: 1,
            version: "1"
        )
        return try await self.register(node, replacing: nil)
    }

    /// Makes a holder the leader for long.
    func elect(_ holder: Holder) async throws -> Term {
        let reply = try await self.acquireLeadership(holder, highestTermSeen: .none, lease: .seconds(600))
        guard case .acquired(let term) = reply else { throw CoordinationError(.superseded, operation: "elect") }
        return term
    }

    /// Sends a heartbeat that renews locks for long.
    @discardableResult
    func beat(_ holder: Holder, locks: [TenantID: Epoch] = [:]) async throws -> HeartbeatReply {
        try await self.heartbeat(
            Heartbeat(holder: holder, load: NodeLoad(), locks: locks, lockDuration: .seconds(600))
        )
    }
}

/// The error that a body throws, which must be one of the port's.
func coordinationError(_ body: () async throws -> Void) async throws -> CoordinationError {
    do {
        try await body()
    } catch let error as CoordinationError {
        return error
    }
    throw ChildProcess.Failure("no error was thrown")
}
