import PostgresClient
import PostgresStore
import TenureCore
import TestSupport
import Testing

@Suite("Dead letters", .needsPostgres, .timeLimit(.minutes(1)))
struct DeadLetterTests {
    @Test("A42: a dead letter tells the errors of all its attempts, also when their history has been dropped")
    func errorsOutliveHistory() async throws {
        try await self.withScene { scene in
            let id = try await scene.client.enqueue(topic: "t")
            try await scene.fail(id, .retry(after: .zero), error: "first")
            try await scene.fail(id, .retry(after: .zero), error: "second")
            try await scene.connection.run("TRUNCATE runs")
            try await scene.fail(id, .discarded(reason: "attempts exhausted"), error: "third")

            let letter = try #require(try await scene.client.deadLetters().first)

            #expect(letter.errors.map(\.error) == ["first", "second", "third"])
            #expect(letter.errors.map(\.attempt) == [1, 2, 3])
            #expect(letter.errors.map(\.state) == ["retryable", "retryable", "discarded"])
            #expect(letter.errors.allSatisfy { $0.node == "node-1" && $0.epoch == Epoch(1) })
            #expect(letter.errors.last?.at == letter.failedAt)
            #expect(letter.errors.last?.reason == letter.reason)
        }
    }

    @Test("Of more than twenty errors the first and the newest are kept")
    func boundedErrors() async throws {
        try await self.withScene { scene in
            let id = try await scene.client.enqueue(topic: "t")
            for attempt in 1...24 { try await scene.fail(id, .retry(after: .zero), error: "\(attempt)") }
            try await scene.fail(id, .discarded(reason: "permanent"), error: "25")

            let errors = try #require(try await scene.client.deadLetters().first).errors

            #expect(errors.map(\.error) == ["1"] + (7...25).map { "\($0)" })
        }
    }

    @Test("A42: a dead letter that is revived and fails again tells of both its lives, and of the revival")
    func revival() async throws {
        try await self.withScene { scene in
            let id = try await scene.client.enqueue(topic: "t")
            try await scene.fail(id, .discarded(reason: "permanent"), error: "before")
            _ = try await scene.client.retryDeadLetter(id)
            #expect(try await scene.client.work(id: id).first?.attempts == 0)
            try await scene.fail(id, .discarded(reason: "permanent"), error: "after")

            let letter = try #require(try await scene.client.deadLetters().first)

            #expect(letter.errors.map(\.state) == ["discarded", "retried", "discarded"])
            #expect(letter.errors.map(\.error) == ["before", nil, "after"])
            #expect(letter.errors.map(\.attempt) == [1, nil, 1])
        }
    }

    @Test("Those that fit a filter are told in advance, go back up to a bound, the oldest first, and once")
    func filteredRetry() async throws {
        try await self.withScene { scene in
            try await scene.bury("report.daily", 3)
            try await scene.bury("report.weekly", 2, reason: "permanent")
            try await scene.bury("reports", 1)
            var filter = DeadLetterFilter()
            filter.topic = "report.*"

            let plan = try await scene.client.retryDeadLetters(filter, limit: 4, isPlan: true)
            #expect(plan == DeadLetterChange(matching: 5, changed: 4))
            #expect(try await scene.client.deadLetters().count == 6)

            let change = try await scene.client.retryDeadLetters(filter, limit: 4, isPlan: false)
            #expect(change == plan)
            #expect(
                try await scene.client.work().map(\.topic) == ["report.daily", "report.daily", "report.daily"]
                    + ["report.weekly"]
            )
            #expect(try await scene.client.retryDeadLetters(filter, limit: 4, isPlan: false).changed == 1)
            #expect(try await scene.client.retryDeadLetters(filter, limit: 4, isPlan: false).matching == 0)
            #expect(try await scene.client.deadLetters().map(\.topic) == ["reports"])
        }
    }

    @Test("A filter means the job, the reason and the time as well")
    func conditions() async throws {
        try await self.withScene { scene in
            try await scene.bury("a", 1)
            try await scene.bury("b", 1, reason: "permanent")
            let letters = try await scene.client.deadLetters()
            let between = letters[0].failedAt
            func topics(_ change: (inout DeadLetterFilter) -> Void) async throws -> [String] {
                var filter = DeadLetterFilter()
                change(&filter)
                return try await scene.client.deadLetters(filter).map(\.topic)
            }

            #expect(try await topics { $0.reason = "permanent" } == ["b"])
            #expect(try await topics { $0.failedBefore = between } == ["a"])
            #expect(try await topics { $0.failedAfter = between } == ["b"])
            #expect(try await topics { $0.job = "nightly" } == [])
            #expect(try await topics { $0.topic = "a" } == ["a"])
            #expect(try await topics { $0.topic = "*" } == ["b", "a"])
        }
    }

    @Test("A letter whose unique key is in use stays, and so does the second of two that share one")
    func occupied() async throws {
        try await self.withScene { scene in
            try await scene.bury("t", 1, uniqueKey: "used")
            try await scene.bury("t", 1, uniqueKey: "twice")
            try await scene.bury("t", 1, uniqueKey: "twice")
            let user = try await scene.client.enqueue(topic: "t", WorkAttributes(uniqueKey: "used"))

            let plan = try await scene.client.retryDeadLetters(DeadLetterFilter(), limit: 100, isPlan: true)
            let change = try await scene.client.retryDeadLetters(DeadLetterFilter(), limit: 100, isPlan: false)

            #expect(plan == DeadLetterChange(matching: 3, changed: 1, kept: 2))
            #expect(change == plan)
            #expect(try await scene.client.deadLetters().count == 2)
            #expect(try await scene.client.work().map(\.id).contains(user))
        }
    }

    @Test("Two retries at once put each letter back once")
    func concurrentRetries() async throws {
        try await self.withScene { scene in
            try await scene.bury("t", 200)

            let changes = try await withThrowingTaskGroup(of: DeadLetterChange.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        try await scene.client.retryDeadLetters(DeadLetterFilter(), limit: 1000, isPlan: false)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }

            #expect(changes.map(\.changed).reduce(0, +) == 200)
            #expect(try await scene.client.work(limit: 1000).count == 200)
            #expect(try await scene.client.deadLetters().isEmpty)
        }
    }

    @Test("A56: who retried or discarded what, how many and by what filter, is recorded; a plan is not")
    func audit() async throws {
        try await self.withScene { scene in
            try await scene.bury("a", 3)
            try await scene.bury("b", 2)
            var filter = DeadLetterFilter()
            filter.topic = "a"
            _ = try await scene.client.retryDeadLetters(filter, limit: 2, isPlan: true)
            _ = try await scene.client.discardDeadLetters(filter, limit: 2, isPlan: true)
            #expect(try await scene.client.changes().isEmpty)

            _ = try await scene.client.retryDeadLetters(filter, limit: 2, isPlan: false)
            #expect(
                try await scene.client.discardDeadLetters(filter, limit: 9, isPlan: false)
                    == DeadLetterChange(matching: 1, changed: 1)
            )
            let rest = try await scene.client.deadLetters().map(\.id)
            _ = try await scene.client.retryDeadLetter(rest[0])
            _ = try await scene.client.discardDeadLetter(rest[1])

            let changes = try await scene.client.changes(prefix: "dead_letter")
            #expect(
                changes.map(\.what) == [
                    "dead_letter.discarded", "dead_letter.retried", "dead_letters.discarded", "dead_letters.retried",
                ]
            )
            #expect(changes.map(\.count) == [1, 1, 1, 2])
            #expect(changes.map(\.name) == [rest[1].description, rest[0].description, nil, nil])
            #expect(changes[3].detail == #"{"topic": "a", "max_count": 2}"#)
            let role = try await scene.connection.text("SELECT current_user")
            #expect(changes.allSatisfy { $0.role == role && $0.program?.hasPrefix("tenure") == true })
        }
    }

    /// Runs a body with an owner.
    private func withScene(_ body: (DeadLetterScene) async throws -> Void) async throws {
        try await withStoreDatabase { database in
            let stores = PostgresTenantStores(pools: database.pools)
            let store = database.store(stores)
            try await store.become(owner: Owner.first, 1)
            try await database.withConnections(1) { connections in
                try await body(
                    DeadLetterScene(client: try database.client, store: store, connection: connections[0])
                )
            }
            await stores.close()
        }
    }
}

/// A tenant and its owner, for whom work fails.
private struct DeadLetterScene {
    let client: PostgresTenantClient
    let store: PostgresTenantStore
    let connection: PostgresConnection

    /// Claims work and settles it as failed.
    func fail(_ id: WorkID, _ verdict: Outcome.Verdict, error: String) async throws {
        let claim = try await self.store.claim(Owner.first, 1, [id])
        #expect(await self.store.settle(claim.batch, claim.ids, verdict, error: error) == .accepted)
    }

    /// Makes dead letters.
    func bury(_ topic: String, _ count: Int, reason: String = "attempts exhausted", uniqueKey: String? = nil)
        async throws
    {
        for _ in 0..<count {
            let id = try await self.client.enqueue(topic: topic, WorkAttributes(uniqueKey: uniqueKey))
            try await self.fail(id, .discarded(reason: reason), error: "e")
        }
    }
}

extension WorkAttributes {
    /// Only with a unique key.
    fileprivate init(uniqueKey: String?) {
        self.init()
        self.uniqueKey = uniqueKey
    }
}
