import PostgresClient
import PostgresStore
import TenureCore
import TestSupport
import Testing

@Suite("PostgresTenantStore: ownership", .needsPostgres, .timeLimit(.minutes(1)))
struct OwnershipTests {
    @Test("Without migrations a store refuses to be prepared, with them it is ready")
    func preparing() async throws {
        try await withStoreDatabase(isMigrated: false) { database in
            let stores = PostgresTenantStores(pools: database.pools)
            let store = database.store(stores)

            let error = await #expect(throws: StoreError.self) { try await store.prepare(migrate: false) }
            #expect(error?.code == .schema)
            let unprepared = await #expect(throws: StoreError.self) {
                try await store.takeOwnership(epoch: Epoch(1), holder: Owner.first)
            }
            #expect(unprepared?.code == .schema)
            try await store.prepare(migrate: true)
            try await store.prepare(migrate: false)
            #expect(try await store.takeOwnership(epoch: Epoch(1), holder: Owner.first) == .installed)
            await stores.close()
        }
    }

    @Test("A place that cannot be used is reported by the calls")
    func unusablePlace() async throws {
        try await withStoreDatabase(isMigrated: false) { database in
            let stores = PostgresTenantStores(pools: database.pools)
            let cases = [
                ("postgresql://[", "tenure"), ("env:TENURE_TEST_UNSET_VARIABLE", "tenure"), (database.url, "no schema"),
            ]
            for (connection, schema) in cases {
                let store = stores.store(connection: connection, schema: schema)
                let error = await #expect(throws: StoreError.self) { try await store.prepare(migrate: true) }
                #expect(error?.code == .rejected)
            }
            await stores.close()
        }
    }

    @Test("An older epoch is refused with the floor, and what its owner does is fenced")
    func fencing() async throws {
        try await withStoreDatabase { database in
            let stores = PostgresTenantStores(pools: database.pools)
            let (old, new) = (database.store(stores), database.store(stores))
            try await old.become(owner: Owner.first, 5)

            #expect(try await new.takeOwnership(epoch: Epoch(5), holder: Owner.second) == .refused(floor: Epoch(5)))
            try await new.become(owner: Owner.second, 6, living: [Owner.first])
            let pass = await #expect(throws: StoreError.self) { try await old.scan(Owner.first, 5) }
            #expect(pass?.code == .fenced)
            let upkeep = await #expect(throws: StoreError.self) {
                try await old.maintain(epoch: Epoch(5), retention: Retention(runs: .seconds(86_400)))
            }
            #expect(upkeep?.code == .fenced)
            let opening = await #expect(throws: StoreError.self) {
                try await old.open(epoch: Epoch(5), holder: Owner.first, living: [], lending: .zero)
            }
            #expect(opening?.code == .fenced)
            await stores.close()
        }
    }

    @Test("A successor leaves lent IDs and ordering keys alone until they are settled")
    func lending() async throws {
        try await withStoreDatabase { database in
            let stores = PostgresTenantStores(pools: database.pools)
            let (old, new) = (database.store(stores), database.store(stores))
            let client = try database.client
            try await old.become(owner: Owner.first, 1)
            var attributes = WorkAttributes()
            attributes.orderingKey = "key"
            let head = try await client.enqueue(topic: "topic", attributes)
            let follower = try await client.enqueue(topic: "topic", attributes)
            let plain = try await client.enqueue(topic: "topic")
            let claim = try await old.claim(Owner.first, 1, [head, plain])

            let opening = try await new.become(owner: Owner.second, 2, living: [Owner.first])
            #expect(opening.crashedRuns == 0 && opening.own.isEmpty)
            #expect(opening.lent.map(\.batch) == [claim.batch])
            #expect(opening.lent.first?.ids == [head, plain])
            #expect(opening.lent.first?.orderingKeys == ["key"])
            #expect(opening.lent.first.map { $0.until > opening.serverTime } == true)
            #expect(try await new.claim(Owner.second, 2, [head, follower, plain]).ids == [])

            #expect(await old.settle(claim.batch, [head, plain]) == .accepted)
            #expect(try await new.claim(Owner.second, 2, [head, follower, plain]).ids == [follower])
            let again = try await new.become(owner: Owner.second, 2, living: [Owner.first])
            #expect(again.lent.isEmpty)
            #expect(again.own.map(\.ids) == [[follower]])
            await stores.close()
        }
    }

    @Test("A retry by an earlier owner is found by the next scan of the present one")
    func lentRetry() async throws {
        try await withStoreDatabase { database in
            let stores = PostgresTenantStores(pools: database.pools)
            let (old, new) = (database.store(stores), database.store(stores))
            try await old.become(owner: Owner.first, 1)
            let id = try await database.client.enqueue(topic: "topic")
            let claim = try await old.claim(Owner.first, 1, [id])
            try await new.become(owner: Owner.second, 2, living: [Owner.first])
            let before = try await new.scan(Owner.second, 2)

            #expect(await old.settle(claim.batch, [id], .released) == .accepted)

            let after = try await new.scan(Owner.second, 2, from: before.cursor)
            #expect(after.items.map(\.id) == [id])
            #expect(after.items.first?.attempts == 0)
            await stores.close()
        }
    }

    @Test("Lent claims are revoked when their time is over, and their runs are no suspects")
    func lendingEnds() async throws {
        try await withStoreDatabase { database in
            let stores = PostgresTenantStores(pools: database.pools)
            let (old, new) = (database.store(stores), database.store(stores))
            try await old.become(owner: Owner.first, 1)
            let id = try await database.client.enqueue(topic: "topic")
            let claim = try await old.claim(Owner.first, 1, [id])
            try await new.become(owner: Owner.second, 2, living: [Owner.first], lending: .zero)

            let opening = try await new.become(owner: Owner.second, 2, living: [Owner.first], lending: .zero)

            #expect(opening.lent.isEmpty && opening.crashedRuns == 0)
            #expect(await old.settle(claim.batch, [id]) == .gone)
            #expect(try await new.scan(Owner.second, 2).items.map(\.isSuspect) == [false])
            #expect(try await database.client.runs().map(\.state) == ["interrupted"])
            #expect(try await database.client.runs().map(\.reason) == ["drain_timeout"])
            await stores.close()
        }
    }

    @Test("The third crash of a run that was claimed alone sends it to the dead letters; others are not counted")
    func crashes() async throws {
        try await withStoreDatabase { database in
            let stores = PostgresTenantStores(pools: database.pools)
            let client = try database.client
            let culprit = try await client.enqueue(topic: "culprit")
            let innocent = try await client.enqueue(topic: "innocent")
            var epoch: Int64 = 1
            /// An owner that claims and is gone; the IDs of the suspects that its successor finds.
            func crash(_ ids: [WorkID], isLone: Bool) async throws -> [WorkItem] {
                let store = database.store(stores)
                try await store.become(owner: Owner.holder("node-\(epoch)"), epoch)
                _ = try await store.claim(Owner.holder("node-\(epoch)"), epoch, ids, isLone: isLone)
                epoch += 1
                let next = Owner.holder("node-\(epoch)")
                let opening = try await store.become(owner: next, epoch)
                #expect(opening.crashedRuns == ids.count)
                let items = try await store.scan(next, epoch).items
                epoch += 1
                return items
            }

            let together = try await crash([culprit, innocent], isLone: false)
            #expect(together.map(\.isSuspect) == [true, true])
            #expect(together.map(\.crashes) == [0, 0])
            #expect(try await crash([culprit], isLone: true).map(\.crashes) == [1, 0])
            #expect(try await crash([culprit], isLone: true).map(\.crashes) == [2, 0])
            #expect(try await crash([culprit], isLone: true).map(\.id) == [innocent])

            let dead = try await client.deadLetters()
            #expect(dead.map(\.id) == [culprit])
            #expect(dead.first?.reason == "crash_limit")
            #expect(dead.first?.crashes == 3)
            let history = try await client.runs(id: culprit)
            #expect(history.map(\.state) == ["discarded", "crashed", "crashed", "crashed"])
            #expect(history.map(\.node) == ["node-7", "node-5", "node-3", "node-1"])
            await stores.close()
        }
    }

    @Test("A repaired suspect loses the suspicion when an attempt of it ends")
    func suspicionEnds() async throws {
        try await withStoreDatabase { database in
            let stores = PostgresTenantStores(pools: database.pools)
            let store = database.store(stores)
            let id = try await database.client.enqueue(topic: "topic")
            try await store.become(owner: Owner.first, 1)
            _ = try await store.claim(Owner.first, 1, [id])
            try await store.become(owner: Owner.second, 2)
            let claim = try await store.claim(Owner.second, 2, [id], isLone: true)

            #expect(await store.settle(claim.batch, [id], .retry(after: .zero)) == .accepted)

            #expect(try await store.scan(Owner.second, 2).items.map(\.isSuspect) == [false])
            await stores.close()
        }
    }
}
