import PostgresClient
import PostgresStore
import TenureCore
import TestSupport
import Testing

/// A planned move's ownership is not waited for on the disk: what a crash of the server may undo, and what not.
@Suite("PostgresTenantStore: ownership by a planned move", .needsPrivatePostgres, .timeLimit(.minutes(1)))
struct DeferredCommitTests {
    private let first = ClaimPass(epoch: Epoch(2), holder: Owner.second)

    /// Moves a tenant from the first owner, who has an epoch of 1, to the second one.
    private func move(_ database: StoreDatabase, _ stores: PostgresTenantStores) async throws -> PostgresTenantStore {
        try await database.store(stores).become(owner: Owner.first, 1)
        let target = database.store(stores)
        try await target.standBy()
        let assumption = try await target.assume(
            epoch: Epoch(2),
            holder: Owner.second,
            living: [Owner.first.incarnation, Owner.second.incarnation],
            lending: .seconds(30),
            first: self.first
        )
        guard case .opened(let opening) = assumption else {
            throw StoreError(.fenced, operation: "test", detail: "\(assumption)")
        }
        #expect(opening.firstPass != nil)
        return target
    }

    /// Why the server refuses a call, once the connections that the crash broke are used up.
    private func refusal(_ call: () async throws -> Void) async throws -> StoreError.Code? {
        while true {
            do {
                try await call()
                return nil
            } catch let error as StoreError where [.unavailable, .outcomeUnknown].contains(error.code) {
                continue
            } catch let error as StoreError {
                return error.code
            }
        }
    }

    private func crash(_ server: PrivatePostgres) async throws {
        try await server.kill()
        try await server.startAgain()
    }

    @Test("A claim makes the ownership durable that it was made under")
    func claimed() async throws {
        let server = try await PrivatePostgres.start(isDurable: true)
        try await withStoreDatabase(on: server) { database in
            let stores = PostgresTenantStores(pools: database.pools)
            let id = try await database.client.enqueue(topic: "topic")
            let target = try await self.move(database, stores)
            #expect(try await target.claim(Owner.second, 2, [id]).ids == [id])

            try await self.crash(server)

            let epoch = try await database.installedEpoch()
            #expect(epoch == 2)
            let opening = try await database.store(stores).open(
                epoch: Epoch(2),
                holder: Owner.second,
                living: [Owner.second.incarnation],
                lending: .zero
            )
            #expect(opening.own.flatMap(\.ids) == [id])
            await stores.close()
        }
        try await server.stop()
    }

    @Test("Ownership that a crash undid is installed again; until then nobody has claimed under it")
    func undone() async throws {
        let server = try await PrivatePostgres.start(isDurable: true)
        try await withStoreDatabase(on: server) { database in
            let stores = PostgresTenantStores(pools: database.pools)
            let target = try await self.move(database, stores)

            try await self.crash(server)

            // Whether it reached the disk in time is left to the server's writer.
            let epoch = try await database.installedEpoch()
            #expect([1, 2].contains(epoch))
            if epoch == 1 {
                #expect(try await self.refusal { _ = try await target.scan(Owner.second, 2) } == .fenced)
            }
            let again = try await database.store(stores).takeOwnership(epoch: Epoch(2), holder: Owner.second)
            #expect(again == .installed)
            let old = database.store(stores)
            #expect(try await self.refusal { _ = try await old.scan(Owner.first, 1) } == .fenced)
            await stores.close()
        }
        try await server.stop()
    }
}

extension StoreDatabase {
    /// The epoch in the fence, once the server is there again.
    fileprivate func installedEpoch() async throws -> Int {
        var connection = try? await self.connect()
        try await Polling.wait(for: "the server to recover", every: .milliseconds(50)) {
            // Refused while it starts.
            if connection == nil { connection = try? await self.connect() }
            return connection != nil
        }
        let found = try #require(connection)
        let text = try await found.text("SELECT epoch FROM fence")
        await found.close()
        return try #require(Int(text))
    }
}
