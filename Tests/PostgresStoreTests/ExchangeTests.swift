import PostgresClient
import PostgresStore
import TenureCore
import TestSupport
import Testing

@Suite("PostgresTenantStore: exchanges", .needsPostgres, .timeLimit(.minutes(1)))
struct ExchangeTests {
    @Test("Work is found, claimed, completed, and stays as history")
    func lifeOfARun() async throws {
        try await withOwner { store, client in
            var attributes = WorkAttributes()
            attributes.priority = 3
            attributes.correlationID = "order-1"
            attributes.traceContext = "00-trace"
            attributes.timeout = .seconds(7)
            attributes.retry = RetryPolicy(maxAttempts: 9, baseDelayMilliseconds: 10, maxDelayMilliseconds: 1000)
            let id = try await client.enqueue(topic: "topic", payload: #"{"a": [1, "ü"]}"#, attributes)

            let item = try #require(try await store.scan(Owner.first, 1).items.first)
            #expect(item.id == id && item.kind == .outbox && item.topic == "topic" && item.priority == 3)
            #expect(item.payload == #"{"a": [1, "ü"]}"#)
            #expect(item.retry == attributes.retry && item.timeoutMilliseconds == 7000 && item.attempts == 0)
            #expect(item.correlationID == "order-1" && item.traceContext == "00-trace" && !item.isSuspect)
            let claim = try await store.claim(Owner.first, 1, [id])
            #expect(claim.ids == [id])
            #expect(try await client.running().map(\.id) == [id])
            #expect(try await client.work().map(\.state) == ["running"])
            #expect(await store.settle(claim.batch, [id]) == .accepted)

            #expect(try await client.work() == [])
            let run = try #require(try await client.runs(id: id).first)
            #expect(run.state == "completed" && run.attempt == 1 && run.node == "node-1" && run.epoch == Epoch(1))
            #expect(run.correlationID == "order-1" && run.dueAt == item.dueAt)
            let took = try #require(run.startedAt).duration(to: run.finishedAt)
            #expect(took > .zero && took <= .milliseconds(10))
            #expect(await store.settle(claim.batch, [id]) == .gone)
        }
    }

    @Test("Each verdict has its effect on the row and on the history")
    func verdicts() async throws {
        try await withOwner { store, client in
            let verdicts: [Outcome.Verdict] = [
                .completed, .retry(after: .seconds(60)), .discarded(reason: "permanent"), .snoozed(for: .seconds(90)),
                .released, .cancelled,
            ]
            var ids: [WorkID] = []
            for _ in verdicts { ids.append(try await client.enqueue(topic: "topic")) }
            let claim = try await store.claim(Owner.first, 1, ids)
            let outcomes = zip(ids, verdicts).map {
                outcome($0, $1, error: $1 == .completed ? nil : "what\0 went wrong")
            }

            let reply = await store.exchange(
                Exchange(settlements: [Settlement(batch: claim.batch, outcomes: outcomes.reversed())])
            )

            #expect(reply.settlements == [.accepted] && reply.pass == nil)
            let work = try await client.work()
            #expect(work.map(\.id) == [ids[4], ids[1], ids[3]], "in the order in which they are due")
            #expect(work.map(\.attempts) == [0, 1, 0])
            #expect(work.map(\.state) == ["available", "retryable", "scheduled"])
            let dead = try await client.deadLetters()
            #expect(dead.map(\.id) == [ids[2]] && dead[0].reason == "permanent" && dead[0].attempts == 1)
            let states = try await client.runs().sorted { $0.id < $1.id }.map(\.state)
            #expect(states == ["completed", "retryable", "discarded", "interrupted", "cancelled"])
            #expect(try await client.runs(id: ids[1]).first?.error == "what\u{FFFD} went wrong")
        }
    }

    @Test("An error of any length is cut to 2,048 characters")
    func longError() async throws {
        try await withOwner { store, client in
            let id = try await client.enqueue(topic: "topic")
            let claim = try await store.claim(Owner.first, 1, [id])
            let error = String(repeating: "é", count: 5000)

            #expect(await store.settle(claim.batch, [id], .discarded(reason: "x"), error: error) == .accepted)
            #expect(try await client.deadLetters().first?.error?.count == 2048)
        }
    }

    @Test("A settlement that fails leaves the others and the pass alone")
    func independence() async throws {
        try await withOwner { store, client in
            let (first, second) = (try await client.enqueue(topic: "a"), try await client.enqueue(topic: "b"))
            let claim = try await store.claim(Owner.first, 1, [first])
            var pass = ClaimPass(epoch: Epoch(1), holder: Owner.first)
            pass.scan = ScanRequest(limit: 10, cursor: nil)
            let gone = Settlement(batch: newBatch(), outcomes: [outcome(second, .completed)])
            let empty = Settlement(batch: newBatch(), outcomes: [])
            let good = Settlement(batch: claim.batch, outcomes: [outcome(first, .completed)])

            let reply = await store.exchange(Exchange(settlements: [gone, empty, good], pass: pass))

            #expect(reply.settlements == [.gone, .accepted, .accepted])
            #expect(try reply.pass?.get().scan?.items.map(\.id) == [second], "the scan runs after the settlements")
        }
    }

    @Test("A pass under an old epoch does not keep settlements of standing claims from being accepted")
    func settlementsOfFencedOwner() async throws {
        try await withStoreDatabase { database in
            let stores = PostgresTenantStores(pools: database.pools)
            let (old, new) = (database.store(stores), database.store(stores))
            try await old.become(owner: Owner.first, 1)
            let id = try await database.client.enqueue(topic: "topic")
            let claim = try await old.claim(Owner.first, 1, [id])
            try await new.become(owner: Owner.second, 2, living: [Owner.first])
            var pass = ClaimPass(epoch: Epoch(1), holder: Owner.first)
            pass.scan = ScanRequest(limit: 10, cursor: nil)
            let settlement = Settlement(batch: claim.batch, outcomes: [outcome(id, .completed)])

            let reply = await old.exchange(Exchange(settlements: [settlement], pass: pass))

            #expect(reply.settlements == [.accepted])
            guard case .failure(let error)? = reply.pass else {
                Issue.record("the pass succeeded")
                return
            }
            #expect(error.code == .fenced)
            await stores.close()
        }
    }

    @Test("A scan goes from the most urgent to the least, page by page, and then finds only what is new")
    func paging() async throws {
        try await withOwner { store, client in
            var ids: [Int: [WorkID]] = [:]
            for priority in [0, 5, -9, 9] {
                var attributes = WorkAttributes()
                attributes.priority = priority
                for _ in 0..<3 { ids[priority, default: []].append(try await client.enqueue(topic: "t", attributes)) }
            }
            _ = try await client.scheduleTimer(topic: "later", due: .after(.seconds(3600)))
            let expected = [9, 5, 0, -9].flatMap { ids[$0] ?? [] }
            var found: [WorkID] = []
            var cursor: ScanCursor?
            var hasMore = true
            while hasMore {
                let scan = try await store.scan(Owner.first, 1, from: cursor, limit: 5)
                found += scan.items.map(\.id)
                (cursor, hasMore) = (scan.cursor, scan.hasMore)
                if !hasMore { #expect(scan.nextDue.map { $0 > scan.cursor.dueUpTo } == true) }
            }

            #expect(found == expected)
            let urgent = try await client.enqueue(topic: "new")
            #expect(try await store.scan(Owner.first, 1, from: cursor).items.map(\.id) == [urgent])
        }
    }

    @Test("More rows behind the cursor than the limit are read from the front")
    func overflow() async throws {
        try await withOwner { store, client in
            _ = try await client.enqueue(topic: "first")
            var scan = try await store.scan(Owner.first, 1, limit: 2)
            var ids: Set<WorkID> = []
            for _ in 0..<5 {
                ids.insert(try await client.scheduleTimer(topic: "behind", due: .at(ServerTime(microseconds: 0))))
            }
            var found: Set<WorkID> = []
            var rounds = 0
            repeat {
                scan = try await store.scan(Owner.first, 1, from: scan.cursor, limit: 2)
                found.formUnion(scan.items.map(\.id))
                rounds += 1
            } while scan.hasMore && rounds < 20

            #expect(found.isSuperset(of: ids))
            #expect(rounds < 20)
        }
    }

    @Test("A cursor of another store reads from the front")
    func foreignCursor() async throws {
        try await withStoreDatabase { database in
            let stores = PostgresTenantStores(pools: database.pools)
            let (one, other) = (database.store(stores), database.store(stores))
            try await one.become(owner: Owner.first, 1)
            let id = try await database.client.enqueue(topic: "topic")
            let scan = try await one.scan(Owner.first, 1)

            #expect(try await one.scan(Owner.first, 1, from: scan.cursor).items == [])
            #expect(try await other.scan(Owner.first, 1, from: scan.cursor).items.map(\.id) == [id])
            await stores.close()
        }
    }

    @Test("A sleep is published only by a scan that finds nothing, and not later than what is due next")
    func sleeping() async throws {
        try await withStoreDatabase { database in
            let stores = PostgresTenantStores(pools: database.pools)
            let store = database.store(stores)
            let client = try database.client
            try await store.become(owner: Owner.first, 1)
            let due = ServerTime(microseconds: 32_503_680_000_000_000)
            let id = try await client.enqueue(topic: "topic")
            let later = try await client.scheduleTimer(topic: "later", due: .at(due))

            let busy = try await store.pass(
                Owner.first,
                1,
                scan: ScanRequest(limit: 10, cursor: nil),
                sleepUntil: .distantFuture
            )
            #expect(busy.isSleepPublished == false)
            #expect(busy.scan?.items.map(\.id) == [id])
            let quiet = try await store.pass(
                Owner.first,
                1,
                scan: ScanRequest(limit: 10, cursor: busy.scan?.cursor),
                sleepUntil: .distantFuture
            )
            #expect(quiet.isSleepPublished == true)
            #expect(quiet.scan?.nextDue == due)
            let blind = try await store.pass(Owner.first, 1, sleepUntil: .distantFuture)
            #expect(blind.isSleepPublished == false, "without a look there is nothing that a sleep could rest on")
            try await database.withConnections(1) { connections in
                let isDue = try await connections[0].value("SELECT sleep_until = '3000-01-01Z' FROM wakeup")
                #expect(isDue == "t")
            }
            #expect(try await client.cancel(later))
            await stores.close()
        }
    }

    @Test("A reply that is lost is reported as unknown, and a repetition settles the matter")
    func lostReply() async throws {
        try await withStoreDatabase { database in
            let stores = PostgresTenantStores(pools: database.pools)
            let store = database.store(stores)
            try await store.become(owner: Owner.first, 1)
            let id = try await database.client.enqueue(topic: "topic")
            let batch = newBatch()
            let request = ClaimRequest(batch: batch, ids: [id])
            #expect(try await store.pass(Owner.first, 1, claims: [request]).claimed == [[id]])

            #expect(try await store.pass(Owner.first, 1, claims: [request]).claimed == [[id]])
            let opening = try await store.become(owner: Owner.first, 1)
            #expect(opening.own == [StandingClaim(batch: batch, ids: [id])])
            await stores.close()
        }
    }

    /// Runs a body with an owner of epoch 1 and a user.
    private func withOwner(_ body: (PostgresTenantStore, PostgresTenantClient) async throws -> Void) async throws {
        try await withStoreDatabase { database in
            let stores = PostgresTenantStores(pools: database.pools)
            let store = database.store(stores)
            try await store.become(owner: Owner.first, 1)
            try await body(store, try database.client)
            await stores.close()
        }
    }
}
