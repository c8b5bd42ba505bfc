import PostgresClient
import PostgresStore
import TenureCore
import TestSupport
import Testing

@Suite("PostgresTenantStore: hints", .needsPostgres, .timeLimit(.minutes(1)))
struct SignalTests {
    @Test("A working owner that sleeps is told of an enqueue at once")
    func notification() async throws {
        try await withStoreDatabase { database in
            let stores = PostgresTenantStores(pools: database.pools)
            let store = database.store(stores)
            var signals = await store.signals().makeAsyncIterator()
            try await store.become(owner: Owner.first, 1)
            #expect(await signals.next() == .interrupted, "from here on it listens")
            let pass = try await store.pass(
                Owner.first,
                1,
                scan: ScanRequest(limit: 1, cursor: nil),
                sleepUntil: .distantFuture
            )
            #expect(pass.isSleepPublished == true)

            _ = try await database.client.enqueue(topic: "topic")

            #expect(await signals.next() == .work)
            await store.close()
            #expect(await signals.next() == nil)
            await stores.close()
        }
    }

    @Test("An idle owner is told within the second, although it sleeps without a subscription")
    func activity() async throws {
        try await withStoreDatabase { database in
            let stores = PostgresTenantStores(pools: database.pools)
            let store = database.store(stores)
            var signals = await store.signals().makeAsyncIterator()
            try await store.become(owner: Owner.first, 1)
            #expect(await signals.next() == .interrupted)
            await store.setIdle(true)
            #expect(await signals.next() == .work, "the first look cannot know what it missed")
            let client = try database.client

            for _ in 0..<2 {
                let start = ContinuousClock.now
                _ = try await client.enqueue(topic: "topic")
                #expect(await signals.next() == .work)
                #expect(start.duration(to: .now) < .seconds(5))
            }
            await store.setIdle(false)
            #expect(await signals.next() == .interrupted)
            await store.close()
            await stores.close()
        }
    }

    @Test("Of two idle tenants in one database only the one with new work is told")
    func neighbours() async throws {
        try await withStoreDatabase { database in
            let stores = PostgresTenantStores(pools: database.pools)
            let (busy, quiet) = (
                stores.store(connection: database.url, schema: "busy"),
                stores.store(connection: database.url, schema: "quiet")
            )
            let client = try PostgresTenantClient(pools: database.pools, connection: database.url, schema: "busy")
            var told: [AsyncStream<StoreSignal>.Iterator] = []
            for store in [busy, quiet] {
                try await store.prepare(migrate: true)
                told.append(await store.signals().makeAsyncIterator())
                try await store.become(owner: Owner.first, 1)
                #expect(await told[told.count - 1].next() == .interrupted)
                await store.setIdle(true)
                #expect(await told[told.count - 1].next() == .work)
            }

            for _ in 0..<2 {
                _ = try await client.enqueue(topic: "topic")
                #expect(await told[0].next() == .work)
            }
            await quiet.close()
            #expect(await told[1].next() == nil, "its stream ends without another hint")
            await busy.close()
            await stores.close()
        }
    }
}
