import PostgresClient
import PostgresStore
import TenureCore
import TestSupport
import Testing

@Suite("PostgresTenantClient", .needsPostgres, .timeLimit(.minutes(1)))
struct TenantClientTests {
    @Test("A client migrates, enqueues, schedules, and sees what it did")
    func roundTrip() async throws {
        try await withStoreDatabase(isMigrated: false) { database in
            let client = try database.client
            #expect(try await client.migrate().isEmpty == false)
            #expect(try await client.migrate() == [])

            let now = try await client.summary().serverTime
            let message = try await client.enqueue(topic: "mail", payload: #"{"to": "x"}"#)
            let timer = try await client.scheduleTimer(topic: "wake", due: .after(.seconds(60)))
            let later = try await client.scheduleTimer(topic: "wake", due: .at(now.advanced(by: .seconds(600))))
            let received = try await client.receive(source: "shop", messageID: "1", topic: "order")
            #expect(try await client.receive(source: "shop", messageID: "1", topic: "order") == nil)

            let work = try await client.work()
            #expect(work.map(\.id) == [message, try #require(received), timer, later])
            #expect(work.map(\.kind) == [.outbox, .inbox, .timer, .timer])
            #expect(work.map(\.state) == ["available", "available", "scheduled", "scheduled"])
            #expect(work[0].payload == #"{"to": "x"}"#)
            let delay = now.duration(to: work[2].dueAt)
            #expect(delay >= .seconds(60) && delay < .seconds(80))
            #expect(work[3].dueAt == now.advanced(by: .seconds(600)))
            #expect(try await client.work(kinds: [.timer], limit: 1).map(\.id) == [timer])
            #expect(try await client.inbox().map(\.id) == [received])
            #expect(try await client.lag().map { $0 > .zero } == true)

            #expect(try await client.cancel(message, kinds: [.timer]) == false)
            #expect(try await client.cancel(timer, kinds: [.timer]))
            let summary = try await client.summary()
            #expect(summary.pending == 3 && summary.due == 2 && summary.ended == 1 && summary.epoch == Epoch(0))
            #expect(summary.completed == 0 && summary.running == 0)
        }
    }

    @Test("A job is shown as it was put")
    func jobs() async throws {
        try await withStoreDatabase { database in
            let client = try database.client
            var request = JobRequest(name: "j", topic: "t", schedule: .every(.seconds(90)))
            request.payload = "[1]"
            request.priority = -2
            request.retry = RetryPolicy(maxAttempts: 2, baseDelayMilliseconds: 5, maxDelayMilliseconds: 50)
            request.timeout = .milliseconds(1500)
            request.overlap = "queue"
            request.jitter = .seconds(3)
            request.daylightGap = "skip"
            request.daylightOverlap = "both"
            request.startsAt = ServerTime(microseconds: 1_000_000)
            request.endsAt = ServerTime(microseconds: 2_000_000)
            #expect(try await client.putJob(request) == 1)

            let job = try #require(try await client.job("j"))
            #expect(job.payload == "[1]" && job.priority == -2 && job.retry == request.retry)
            #expect(job.timeoutMilliseconds == 1500 && job.overlap == "queue" && job.jitterMilliseconds == 3000)
            #expect(job.daylightGap == "skip" && job.daylightOverlap == "both")
            #expect(
                job.definition.schedule
                    == .interval(microseconds: 90_000_000, anchor: ServerTime(microseconds: 1_000_000))
            )
            #expect(job.definition.startsAt == request.startsAt && job.definition.endsAt == request.endsAt)
            #expect(try await client.jobs() == [job])
            #expect(try await client.pauseJob("j"))
            #expect(try await client.pauseJob("j") == false)
            #expect(try await client.resumeJob("j"))
            try await client.deleteJob("j")
            #expect(try await client.job("j") == nil)
        }
    }

    @Test("Dead letters are listed, tried again under their ID, and discarded")
    func deadLetters() async throws {
        try await withStoreDatabase { database in
            let stores = PostgresTenantStores(pools: database.pools)
            let store = database.store(stores)
            let client = try database.client
            try await store.become(owner: Owner.first, 1)
            var attributes = WorkAttributes()
            attributes.uniqueKey = "key"
            let id = try await client.enqueue(topic: "t", payload: "[7]", attributes)
            func fail() async throws {
                let claim = try await store.claim(Owner.first, 1, [id])
                #expect(claim.ids == [id])
                #expect(await store.settle(claim.batch, [id], .discarded(reason: "limit"), error: "boom") == .accepted)
            }
            try await fail()

            let letter = try #require(try await client.deadLetters().first)
            #expect(letter.id == id && letter.payload == "[7]" && letter.reason == "limit" && letter.error == "boom")
            #expect(try await client.retryDeadLetter(id) == id)
            #expect(try await client.work(id: id).map(\.attempts) == [0])
            try await fail()
            let successor = try await client.enqueue(topic: "t", attributes)
            let conflict = await #expect(throws: RefusedRequest.self) { try await client.retryDeadLetter(id) }
            #expect(conflict?.isNotFound == false)
            #expect(try await client.cancel(successor))
            #expect(try await client.discardDeadLetter(id))
            #expect(try await client.discardDeadLetter(id) == false)
            #expect(try await client.runs(id: id).map(\.state) == ["discarded", "discarded"])
            await stores.close()
        }
    }

    @Test("A refused request tells what is wrong and what to do")
    func refusals() async throws {
        try await withStoreDatabase { database in
            let client = try database.client
            let refused = await #expect(throws: RefusedRequest.self) { try await client.enqueue(topic: "two words") }
            #expect(refused?.hint != nil && refused?.isNotFound == false)
            await #expect(throws: RefusedRequest.self) { try await client.enqueue(topic: "t", payload: "{") }
            let request = JobRequest(name: "j", topic: "t", schedule: .cron("61 * * * *"))
            let cron = await #expect(throws: RefusedRequest.self) { try await client.putJob(request) }
            #expect(cron?.message.contains("minute") == true)
        }
    }

    @Test("Runs completed twice are counted")
    func completedTwice() async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                try await connections[0].run(
                    """
                    INSERT INTO runs (run_id, attempt, finished_at, kind, topic, state)
                    VALUES (1, 1, now(), 'timer', 't', 'retryable'), (1, 2, now(), 'timer', 't', 'completed'),
                        (2, 1, now(), 'timer', 't', 'completed'), (2, 1, now(), 'timer', 't', 'completed'),
                        (3, 0, now(), 'job', 't', 'skipped'), (4, 1, now(), 'job', 't', 'crashed'),
                        (5, 1, now() - interval '1 hour', 'job', 't', 'discarded')
                    """
                )
            }
            let all = try await database.client.summary()
            #expect(all.ended == 5 && all.completed == 2 && all.completedTwice == 1)
            #expect(all.skipped == 1 && all.crashed == 1 && all.discarded == 1)
            #expect(try await database.client.summary(history: .seconds(60)).ended == 4)
        }
    }
}
