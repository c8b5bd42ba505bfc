import Synchronization
import Tenure
import TenureCore
import TenureTesting
import Testing

@Suite("CachingDiscovery", .timeLimit(.minutes(1)))
struct CachingDiscoveryTests {
    private struct Down: Error, Equatable {}

    private func tenant(_ name: String) throws -> Tenant {
        Tenant(id: try TenantID(name), connection: "one")
    }

    @Test("The answer is kept for its time")
    func keeps() async throws {
        let wrapped = AdjustableDiscovery([try self.tenant("a")])
        let caching = CachingDiscovery(wrapping: wrapped, for: .seconds(3600))

        let first = try await caching.discover()
        let second = try await caching.discover()

        #expect(first == second)
        #expect(wrapped.looks == 1)
    }

    @Test("Without any time nothing is kept")
    func keepsNothing() async throws {
        let wrapped = AdjustableDiscovery([try self.tenant("a")])
        let caching = CachingDiscovery(wrapping: wrapped, for: .zero)

        _ = try await caching.discover()
        _ = try await caching.discover()

        #expect(wrapped.looks == 2)
    }

    @Test("A failure is passed on and not kept")
    func failure() async throws {
        let wrapped = AdjustableDiscovery([try self.tenant("a")])
        let caching = CachingDiscovery(wrapping: wrapped, for: .seconds(3600))
        wrapped.fail(with: Down())
        await #expect(throws: Down()) { try await caching.discover() }

        wrapped.fail(with: nil)

        #expect(try await caching.discover().tenants.count == 1)
    }

    @Test("A change that is announced ends the time of the answer before it is passed on")
    func change() async throws {
        let wrapped = AdjustableDiscovery([try self.tenant("a")])
        let caching = CachingDiscovery(wrapping: wrapped, for: .seconds(3600))
        var changes = caching.changes().makeAsyncIterator()
        #expect(try await caching.discover().tenants.count == 1)

        wrapped.put(try self.tenant("b"))
        await changes.next()

        #expect(try await caching.discover().tenants.count == 2)
    }

    @Test("Callers that come together are served by one look")
    func together() async throws {
        let wrapped = SlowDiscovery()
        let caching = CachingDiscovery(wrapping: wrapped, for: .seconds(3600))

        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<10 {
                group.addTask { try await caching.discover().tenants.count }
            }
            await wrapped.waitForLook()
            wrapped.answer()
            for try await count in group { #expect(count == 0) }
        }

        #expect(wrapped.looks == 1)
    }

    @Test("An answer that was under way when the cache was emptied is not kept")
    func overtaken() async throws {
        let wrapped = SlowDiscovery()
        let caching = CachingDiscovery(wrapping: wrapped, for: .seconds(3600))

        async let first = caching.discover()
        await wrapped.waitForLook()
        caching.invalidate()
        wrapped.answer()
        _ = try await first
        async let second = caching.discover()
        await wrapped.waitForLook()
        wrapped.answer()
        _ = try await second

        #expect(wrapped.looks == 2)
    }

    @Test("A caller whose task is cancelled while it waits for another's look gets on")
    func cancelledWaiter() async throws {
        let wrapped = SlowDiscovery()
        let caching = CachingDiscovery(wrapping: wrapped, for: .seconds(3600))
        async let first = caching.discover()
        await wrapped.waitForLook()

        let waiter = Task { try await caching.discover() }
        waiter.cancel()

        await #expect(throws: CancellationError.self) { try await waiter.value }
        wrapped.answer()
        #expect(try await first.tenants == [])
    }
}

/// Answers when it is told to.
private final class SlowDiscovery: TenantDiscovery {
    private struct State {
        var looks = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
        var watcher: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    var looks: Int { self.state.withLock { $0.looks } }

    func discover() async throws -> DiscoveredTenants {
        await withCheckedContinuation { continuation in
            let watcher = self.state.withLock { state in
                state.looks += 1
                state.waiting.append(continuation)
                defer { state.watcher = nil }
                return state.watcher
            }
            watcher?.resume()
        }
        return DiscoveredTenants([])
    }

    /// Waits until somebody waits for an answer.
    func waitForLook() async {
        await withCheckedContinuation { continuation in
            let isThere = self.state.withLock { state in
                if state.waiting.isEmpty { state.watcher = continuation }
                return !state.waiting.isEmpty
            }
            if isThere { continuation.resume() }
        }
    }

    func answer() {
        let waiting = self.state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
