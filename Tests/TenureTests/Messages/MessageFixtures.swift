import Foundation
import Logging
import RedisClient
import Tenure
import TenureCore
import TenureTesting
import TestSupport

typealias Conformance = MessageSchedulerConformance

extension MessageHandlers {
    /// Gives deliveries of the conformance checks to a handler.
    static func conformance(_ handler: @escaping Conformance.Handler) -> MessageHandlers {
        var handlers = MessageHandlers()
        handlers.onRaw("conformance.*") { payload, context in
            try await handler(
                Conformance.Delivery(
                    token: context.token,
                    payload: payload,
                    attempt: context.attempt,
                    scheduledFor: context.scheduledFor
                )
            )
        }
        return handlers
    }
}

extension MessageDelivery {
    /// Delivers while a body runs, and ends gracefully, unless it is to be cut off.
    func whileRunning<Value>(gracefully: Bool = true, _ body: () async throws -> Value) async throws -> Value {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.run() }
            let value = try await body()
            if gracefully { self.shutDown() } else { group.cancelAll() }
            return value
        }
    }
}

/// Logs nothing that a passing test should show.
let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A scheduler on Redis with what else a test wants of its server.
struct RedisMessageFixture {
    let url: String
    let cluster: ClusterName
    let scheduler: RedisMessageScheduler

    /// Runs a body with a scheduler that has no messages, and removes its keys afterwards.
    static func with(
        url: String? = nil,
        lease: Duration = .seconds(30),
        retention: MessageRetention = MessageRetention(),
        _ body: (RedisMessageFixture) async throws -> Void
    ) async throws {
        let url = try url ?? Servers.requireRedis()
        let cluster = try ClusterName("test-\(UUID().uuidString.lowercased())")
        let fixture = RedisMessageFixture(
            url: url,
            cluster: cluster,
            scheduler: try RedisMessageScheduler(
                redisURL: url,
                cluster: cluster,
                lease: lease,
                retention: retention,
                requestTimeout: .seconds(20)
            )
        )
        let result: Result<Void, any Error>
        do {
            try await body(fixture)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await fixture.scheduler.close()
        try await removeKeys(of: cluster, at: url)
        try result.get()
    }

    /// Another process's scheduler of the same messages.
    func another(port: UInt16? = nil, lease: Duration = .seconds(30)) throws -> RedisMessageScheduler {
        try RedisMessageScheduler(
            redisURL: port.map { "redis://127.0.0.1:\($0)" } ?? self.url,
            cluster: self.cluster,
            lease: lease,
            requestTimeout: .seconds(20)
        )
    }

    /// What the conformance checks need. Time is waited for: it is Redis's.
    var conformance: Conformance.Fixture {
        let scheduler = self.scheduler
        return Conformance.Fixture(
            scheduler: scheduler,
            deliver: { handler, body in
                try await scheduler.delivery(.conformance(handler), logger: quiet).whileRunning(body)
            },
            now: { ServerTime(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)) },
            advance: { try await Task.sleep(for: $0) }
        )
    }
}
