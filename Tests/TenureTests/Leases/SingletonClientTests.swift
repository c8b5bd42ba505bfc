import Foundation
import Tenure
import TenureCore
import TestSupport
import Testing

@Suite("Work that runs once in the cluster, over Redis", .needsRedis, .timeLimit(.minutes(1)))
struct SingletonClientTests {
    /// Runs a body with two clients of one cluster of its own, as two nodes have them.
    private func withClients(
        url: String? = nil,
        _ body: @Sendable (ClusterClient, ClusterClient) async throws -> Void
    ) async throws {
        let url = try url ?? Servers.requireRedis()
        let cluster = try ClusterName("test-\(UUID().uuidString.prefix(8))")
        let prefix = "tenure-singleton-tests:"
        let first = try ClusterClient(redisURL: url, cluster: cluster, keyPrefix: prefix)
        let second = try ClusterClient(redisURL: url, cluster: cluster, keyPrefix: prefix)
        let result: Result<Void, any Error>
        do {
            try await body(first, second)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await first.close()
        await second.close()
        try result.get()
    }

    @Test("While one client runs it another does not, and then it does")
    func exclusion() async throws {
        try await self.withClients { first, second in
            let token = try await first.withSingleton("digest", duration: .milliseconds(900)) { lease in
                #expect(lease.tenant == nil)
                let taken = try await second.acquireSingleton("digest")
                #expect(taken == nil)
                #expect(try await second.acquireSingleton("other") != nil)
                let error = await #expect(throws: LeaseNotAcquired.self) {
                    // Longer than the duration: the first one renews.
                    try await second.withSingleton("digest", wait: .milliseconds(1200)) { _ in
                        Issue.record("it runs twice at once")
                    }
                }
                #expect(error?.name == "digest")
                return lease.token
            }
            let next = try await second.withSingleton("digest") { $0.token }

            #expect(next > token)
        }
    }

    @Test("One that waits takes over when the other ends")
    func takeover() async throws {
        try await self.withClients { first, second in
            let lease = try #require(try await first.acquireSingleton("digest"))
            async let next = second.withSingleton("digest", wait: .seconds(50)) { $0.token }
            try await lease.release()

            #expect(try await next > lease.token)
        }
    }

    @Test("When Redis forgets it, the body is cancelled at the next renewal, and tokens grow on", .needsPrivateRedis)
    func forgetful() async throws {
        let server = try await PrivateRedis.start()
        try await self.withClients(url: server.url) { first, second in
            let (started, start) = AsyncStream.makeStream(of: LeaseToken.self)
            let task = Task {
                try await first.withSingleton("digest", duration: .seconds(3)) { lease in
                    start.yield(lease.token)
                    try await waitForCancellation()
                }
            }
            var tokens = started.makeAsyncIterator()
            let token = try #require(await tokens.next())
            try await server.command("FLUSHALL")
            let next = try #require(try await second.acquireSingleton("digest", wait: .seconds(10)))

            let loss = await #expect(throws: LeaseLost.self) { try await task.value }
            #expect(loss?.isConfirmed == true)
            #expect(next.token > token)
            #expect(next.isHeld)
        }
        try await server.stop()
    }

    @Test("When Redis stops answering, the body is cancelled before its hold ends there", .needsPrivateRedis)
    func silent() async throws {
        let server = try await PrivateRedis.start()
        try await self.withClients(url: server.url) { first, second in
            let before = ContinuousClock.now
            let loss = await #expect(throws: LeaseLost.self) {
                try await first.withSingleton("digest", duration: .seconds(2)) { lease in
                    server.pause()
                    defer { server.resume() }
                    try? await waitForCancellation()
                    #expect(!lease.isHeld)
                }
            }

            #expect(loss?.isConfirmed == false)
            #expect(ContinuousClock.now - before >= .milliseconds(1500))
            let next = try await second.acquireSingleton("digest", wait: .seconds(20))
            #expect(next != nil)
        }
        try await server.stop()
    }
}
