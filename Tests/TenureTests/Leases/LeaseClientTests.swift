import PostgresClient
import Tenure
import TenureCore
import TenureTesting
import TestSupport
import Testing

@Suite("Leases of a tenant on Postgres (A41, A51)", .needsPostgres, .timeLimit(.minutes(1)))
struct LeaseClientTests {
    private struct Failure: Error, Equatable {}

    /// Runs a body with a router to migrated tenants, each in a schema of its own, and to those that are down.
    private func withRouter(
        _ names: [String],
        down: [String] = [],
        _ body: @Sendable (TenantRouter, DatabaseFixture) async throws -> Void
    ) async throws {
        try await withDatabase { database in
            var tenants = try names.map { name in
                Tenant(id: try TenantID(name), connection: database.url, schema: "tenure_\(name)")
            }
            for name in down {
                let port = try FreePort.next()
                tenants.append(Tenant(id: try TenantID(name), connection: "postgresql://postgres@127.0.0.1:\(port)/x"))
            }
            let router = TenantRouter(discovery: StaticDiscovery(tenants))
            let result: Result<Void, any Error>
            do {
                for name in names { try await router.client(for: name).migrate() }
                try await body(router, database)
                result = .success(())
            } catch {
                result = .failure(error)
            }
            await router.close()
            try result.get()
        }
    }

    private func withClient(_ body: @Sendable (TenantClient, DatabaseFixture) async throws -> Void) async throws {
        try await self.withRouter(["acme"]) { router, database in
            try await body(try await router.client(for: "acme"), database)
        }
    }

    private func waitForWaiters(_ count: Int, _ client: TenantClient) async throws {
        try await Polling.wait(for: "\(count) waiters", every: .milliseconds(5)) {
            try await client.leases().first?.waiting == count
        }
    }

    @Test("Bodies under one lease never overlap, and each has a greater token than the one before")
    func exclusion() async throws {
        try await self.withClient { client, _ in
            let inside = Locked(0)
            let tokens = Locked<[LeaseToken]>([])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 1...4 {
                    group.addTask {
                        for _ in 1...3 {
                            try await client.withLease("x", duration: .seconds(20), wait: .seconds(50)) { lease in
                                #expect(
                                    inside.withLock {
                                        $0 += 1
                                        return $0
                                    } == 1
                                )
                                _ = try await client.leases()
                                tokens.withLock { $0.append(lease.token) }
                                inside.withLock { $0 -= 1 }
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }

            let given = tokens.withLock { $0 }
            #expect(given.count == 12)
            #expect(given == given.sorted())
            #expect(Set(given).count == 12)
            #expect(try await client.leases() == [])
        }
    }

    @Test("Those who wait get it in the order of their arrival")
    func fairness() async throws {
        try await self.withClient { client, _ in
            let first = try #require(try await client.acquireLease("x", duration: .seconds(50)))
            let order = Locked<[Int]>([])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...4 {
                    group.addTask {
                        try await client.withLease("x", duration: .seconds(20), wait: .seconds(50)) { _ in
                            order.withLock { $0.append(number) }
                        }
                    }
                    try await self.waitForWaiters(number, client)
                }
                #expect(try await client.acquireLease("x") == nil)
                try await first.release()
                try await group.waitForAll()
            }

            #expect(order.withLock { $0 } == [1, 2, 3, 4])
        }
    }

    @Test("A51: a lease of a fraction of a second is held for many times its duration")
    func subSecond() async throws {
        try await self.withClient { client, _ in
            try await client.withLease("x", duration: .milliseconds(900)) { lease in
                let acquired = try #require(try await client.leases().first?.acquiredAt)
                try await Polling.wait(for: "two durations to pass", every: .milliseconds(50)) {
                    #expect(try await client.acquireLease("x", duration: .milliseconds(900)) == nil)
                    let held = try #require(try await client.leases().first)
                    #expect(held.token == lease.token)
                    return acquired.duration(to: held.expiresAt) > .milliseconds(2700)
                }
                try lease.check()
            }
        }
    }

    @Test("One that is not renewed runs out, and another has it under a greater token")
    func expiry() async throws {
        try await self.withClient { client, database in
            let first = try #require(try await client.acquireLease("x", duration: .milliseconds(100)))
            let second = try #require(try await client.acquireLease("x", wait: .seconds(20)))

            #expect(second.token > first.token)
            #expect(!first.isHeld, "its trust ended before it expired")
            await #expect(throws: LeaseLost.self) { try await first.renew() }
            #expect(try await !first.release())
            #expect(second.isHeld)
            try await second.renew()
            #expect(try await second.release())
        }
    }

    @Test("A41: a lease that is lost cancels its body, and what that still writes is refused")
    func loss() async throws {
        try await self.withClient { client, database in
            try await database.execute("CREATE TABLE results (value text)")
            let (started, start) = AsyncStream.makeStream(of: LeaseToken.self)
            let task = Task {
                try await client.withLease("x", duration: .seconds(3)) { lease in
                    start.yield(lease.token)
                    try? await waitForCancellation()
                    // As one that does not heed its cancellation.
                    let refused = await Task { () -> PostgresError? in
                        let error = await #expect(throws: PostgresError.self) {
                            try await database.execute(
                                "BEGIN; INSERT INTO results VALUES ('stale');"
                                    + "SELECT tenure_acme.assert_lease('x', \(lease.token)); COMMIT;"
                            )
                        }
                        try? await database.execute("ROLLBACK")
                        return error
                    }.value
                    #expect(refused?.sqlState?.rawValue == "TN007")
                }
            }
            var tokens = started.makeAsyncIterator()
            let token = try #require(await tokens.next())
            #expect(try await client.releaseLease("x", token: token))
            let next = try #require(try await client.acquireLease("x", wait: .seconds(20)))

            let loss = await #expect(throws: LeaseLost.self) { try await task.value }
            #expect(loss?.token == token)
            #expect(loss?.isConfirmed == true)
            #expect(next.isHeld)
            #expect(next.token > token)
        }
    }

    @Test("Waiting ends with its timeout, and leaves no place behind")
    func timeout() async throws {
        try await self.withClient { client, _ in
            let first = try #require(try await client.acquireLease("x"))
            let error = await #expect(throws: LeaseNotAcquired.self) {
                try await client.withLease("x", wait: .milliseconds(150)) { _ in }
            }

            #expect(error?.name == "x")
            #expect(error?.tenant == client.tenant)
            #expect(try await client.leases().map(\.waiting) == [0])
            try await first.release()
            #expect(try await client.acquireLease("x") != nil)
        }
    }

    @Test("A semaphore lets as many bodies in as it has permits")
    func permits() async throws {
        try await self.withClient { client, _ in
            let inside = Locked((now: 0, most: 0))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 1...6 {
                    group.addTask {
                        try await client.withPermit(of: "s", limit: 2, wait: .seconds(50)) { _ in
                            inside.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
                            let held = try await client.leases()
                            #expect(held.count <= 2)
                            inside.withLock { $0.now -= 1 }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let two = try await client.acquirePermit(of: "s", limit: 1)

            #expect((1...2).contains(inside.withLock { $0.most }))
            let held = try #require(try await client.leases().first)
            #expect(held.kind == .permit && held.limit == 1)
            #expect(try await client.releaseLease("s", token: held.token, kind: .permit))
            await #expect(throws: LeaseLost.self) { try await two?.renew() }
            await #expect(throws: RequestRefused.self) { try await client.acquirePermit(of: "s", limit: 0) }
        }
    }

    // MARK: Several tenants

    @Test("Leases of several tenants are held together, each with its own token")
    func all() async throws {
        try await self.withRouter(["acme", "globex", "initech"]) { router, _ in
            let tenants = try await router.tenants().map(\.id)
            let globex = try await router.client(for: "globex")
            _ = try await globex.acquireLease("y")?.release()

            let tokens = try await router.withLeases("x", tenants: tenants.reversed() + tenants) { leases in
                for tenant in tenants {
                    let held = try await router.client(for: tenant).leases()
                    #expect(held.map(\.token) == [leases[tenant]?.token])
                }
                return tenants.map { leases[$0]?.token.value }
            }

            #expect(tokens == [1, 2, 1])
            for tenant in tenants { #expect(try await router.client(for: tenant).leases() == []) }
        }
    }

    @Test("When one tenant's lease is taken, the others' are given back")
    func none() async throws {
        try await self.withRouter(["acme", "globex"]) { router, _ in
            let acme = try await router.client(for: "acme")
            let globex = try await router.client(for: "globex")
            let taken = try #require(try await globex.acquireLease("x"))

            let error = await #expect(throws: LeaseNotAcquired.self) {
                try await router.withLeases("x", tenants: [globex.tenant, acme.tenant], wait: .milliseconds(100)) { _ in
                    Issue.record("the body runs without all leases")
                }
            }

            #expect(error?.tenant == globex.tenant)
            #expect(try await acme.leases() == [])
            #expect(try await globex.leases().map(\.token) == [taken.token])
            #expect(try await globex.leases().map(\.waiting) == [0])
        }
    }

    @Test("When one tenant is down, the others' leases are given back")
    func down() async throws {
        try await self.withRouter(["acme"], down: ["globex"]) { router, _ in
            let acme = try await router.client(for: "acme")

            await #expect(throws: StoreError.self) {
                try await router.withLeases("x", tenants: [try TenantID("globex"), acme.tenant]) { _ in
                    Issue.record("the body runs without all leases")
                }
            }

            #expect(try await acme.leases() == [])
            await #expect(throws: UnknownTenant.self) {
                try await router.withLeases("x", tenants: [acme.tenant, try TenantID("nobody")]) { _ in }
            }
        }
    }

    @Test("When one of several is lost the body is cancelled, and the others are given back")
    func oneLost() async throws {
        try await self.withRouter(["acme", "globex"]) { router, _ in
            let tenants = try await router.tenants().map(\.id)
            let acme = try await router.client(for: "acme")
            let globex = try await router.client(for: "globex")

            let loss = await #expect(throws: LeaseLost.self) {
                try await router.withLeases("x", tenants: tenants, duration: .seconds(1)) { leases in
                    let token = try #require(leases[acme.tenant]?.token)
                    #expect(try await acme.releaseLease("x", token: token))
                    try await waitForCancellation()
                }
            }

            #expect(loss?.tenant == acme.tenant)
            #expect(try await globex.leases() == [])
        }
    }

    @Test("Callers that name the tenants in different orders never wait for each other for good")
    func order() async throws {
        try await self.withRouter(["acme", "globex"]) { router, _ in
            let tenants = try await router.tenants().map(\.id)
            let ends = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 1...4 {
                    group.addTask {
                        try await router.withLeases(
                            "x",
                            tenants: number % 2 == 0 ? tenants : tenants.reversed(),
                            wait: .seconds(50)
                        ) { $0.count }
                    }
                }
                return try await group.reduce(0, +)
            }

            #expect(ends == 8)
        }
    }
}

@Suite("Leases of a tenant in memory", .timeLimit(.minutes(1)))
struct InMemoryLeaseTests {
    @Test("They exclude each other, wait in order and are listed")
    func memory() async throws {
        let acme = try TenantID("acme")
        let client = try await InMemoryTenants(acme).router.client(for: acme)
        let first = try #require(try await client.acquireLease("x", holder: "me"))
        #expect(try await client.acquireLease("x") == nil)
        let held = try #require(try await client.leases().first)
        #expect(held.holder.hasPrefix("me "))
        #expect(held.kind == .lease && held.token == first.token && held.waiting == 0)
        async let second = client.acquireLease("x", wait: .seconds(50))
        try await Polling.wait(for: "the waiter") { try await client.leases().first?.waiting == 1 }
        try await first.renew()
        try await first.release()

        #expect(try await second?.token.value == 2)
        await #expect(throws: LeaseLost.self) { try await first.renew() }
        #expect(try await client.acquirePermit(of: "x", limit: 1) != nil)
        #expect(try await client.acquirePermit(of: "x", limit: 1) == nil)
        #expect(try await client.acquirePermit(of: "x", limit: 2) != nil)
        await #expect(throws: RequestRefused.self) { try await client.acquirePermit(of: "x", limit: 0) }
        #expect(try await client.leases().map(\.kind) == [.lease, .permit, .permit])
    }
}
