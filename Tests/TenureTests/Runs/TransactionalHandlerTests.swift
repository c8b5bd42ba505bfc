import Foundation
import Synchronization
import Tenure
import TestSupport
import Testing

@Suite("Transactional handlers", .needsPostgres, .needsRedis, .timeLimit(.minutes(1)))
struct TransactionalHandlerTests {
    private struct Entry: Codable, Sendable {
        var cents: Int
    }

    private struct Failure: Error {}

    private static let table = "CREATE TABLE public.entries (run bigint, cents bigint)"
    private static let post = "INSERT INTO public.entries VALUES ($1, $2)"
    private static let soon = WorkOptions(retrying: RetryPolicy(baseDelayMilliseconds: 1, maxDelayMilliseconds: 1))

    @Test("Row 77: the handler's writes, the messages it enqueues and its completion commit together")
    func together() async throws {
        try await HandlingScene.run { scene in
            try await scene.database.execute(Self.table)
            let sent = Mutex<[String]>([])
            var handlers = Handlers()
            handlers.onTransaction("ledger.post") { (entry: Entry, context, transaction) in
                try await transaction.execute(Self.post, .id(context.runID), .int(entry.cents))
                try await transaction.enqueue("mail.send", payload: "{\"run\": \(context.runID)}")
                if context.attempt == 1 { throw Failure() }
                try context.setOutput(["cents": entry.cents])
            }
            handlers.onRaw("mail.send") { payload, _ in sent.withLock { $0.append(payload) } }
            try await scene.withNode(handlers) {
                let id = try await scene.client.enqueue("ledger.post", payload: Entry(cents: 7), options: Self.soon)
                try await scene.waitUntilEnded(id)
                #expect(try await scene.history(id) == ["completed", "retryable"])
                let outputs = try await scene.client.runs(of: id).map(\.output)
                #expect(outputs == ["{\"cents\": 7}", nil])
                #expect(try await scene.text("SELECT string_agg(run || ':' || cents, ',') FROM entries") == "\(id):7")
                try await Polling.wait(for: "the message") {
                    try await scene.text("SELECT count(*) FROM tenure.runs WHERE topic = 'mail.send'") == "1"
                }
                #expect(sent.withLock { $0 } == ["{\"run\": \(id)}"])
            }
        }
    }

    @Test("Deadlocks and serialization failures are attempts like any other, and their writes are undone")
    func conflicts() async throws {
        try await HandlingScene.run { scene in
            try await scene.database.execute(Self.table)
            var handlers = Handlers()
            handlers.onRawTransaction("conflict.*") { _, context, transaction in
                try await transaction.execute(Self.post, .id(context.runID), 1)
                if context.attempt < 3 {
                    let state = context.topic == "conflict.deadlock" ? "40P01" : "40001"
                    try await transaction.execute("DO $$ BEGIN RAISE SQLSTATE '\(state)'; END $$")
                }
            }
            try await scene.withNode(handlers) {
                for topic in ["conflict.deadlock", "conflict.serialization"] {
                    let id = try await scene.client.enqueue(topic, options: Self.soon)
                    try await scene.waitUntilEnded(id)
                    #expect(try await scene.history(id) == ["completed", "retryable", "retryable"])
                    #expect(try await scene.text("SELECT count(*) FROM entries WHERE run = \(id)") == "1")
                }
                var options = Self.soon
                options.retry.maxAttempts = 2
                let id = try await scene.client.enqueue("conflict.deadlock", options: options)
                try await scene.waitUntilEnded(id)
                #expect(try await scene.history(id) == ["discarded", "retryable"])
                #expect(try await scene.text("SELECT count(*) FROM entries WHERE run = \(id)") == "0")
                let letter = try await scene.client.deadLetter(id)
                #expect(letter?.error?.contains("40P01") == true)
            }
        }
    }

    @Test("A user's cancellation and the end of its time interrupt its statement, and roll back")
    func cancellation() async throws {
        try await HandlingScene.run { scene in
            try await scene.database.execute(Self.table)
            let (starts, started) = AsyncStream.makeStream(of: WorkID.self)
            var handlers = Handlers()
            handlers.onRawTransaction("slow") { _, context, transaction in
                try await transaction.execute(Self.post, .id(context.runID), 1)
                started.yield(context.runID)
                try await transaction.execute("SELECT pg_sleep(60)")
            }
            try await scene.withNode(handlers) {
                let cancelled = try await scene.client.enqueue("slow")
                _ = await starts.first { _ in true }
                #expect(try await scene.client.cancelRun(cancelled) == .requested)
                try await scene.waitUntilEnded(cancelled)
                #expect(try await scene.history(cancelled) == ["cancelled"])

                var options = WorkOptions()
                options.timeout = .milliseconds(300)
                options.retry.maxAttempts = 1
                let late = try await scene.client.enqueue("slow", options: options)
                try await scene.waitUntilEnded(late)
                #expect(try await scene.history(late) == ["discarded"])
                let letter = try await scene.client.deadLetter(late)
                #expect(letter?.error?.contains("timed out") == true)
                #expect(try await scene.text("SELECT count(*) FROM entries") == "0")
            }
        }
    }

    @Test("Many at once of one claim, with ordering keys: each takes effect once, in order of its key")
    func many() async throws {
        try await HandlingScene.run { scene in
            try await scene.database.execute(
                Self.table + "; CREATE TABLE public.sums (key text PRIMARY KEY, n bigint, last bigint)"
            )
            var handlers = Handlers()
            handlers.onTransaction("add") { (entry: Entry, context, transaction) in
                try await transaction.execute(Self.post, .id(context.runID), .int(entry.cents))
                let sql = """
                    INSERT INTO public.sums AS s VALUES ($1, 1, $2)
                    ON CONFLICT (key) DO UPDATE SET n = s.n + 1, last = $2 WHERE s.last < $2
                    """
                let key = "key-\(entry.cents % 3)"
                guard try await transaction.execute(sql, .text(key), .id(context.runID)) == 1 else {
                    throw PermanentFailure("out of order")
                }
            }
            try await scene.withNode(handlers) {
                for number in 0..<120 {
                    let options = WorkOptions(orderingKey: "key-\(number % 3)")
                    try await scene.client.enqueue("add", payload: Entry(cents: number), options: options)
                }
                try await Polling.wait(for: "the end of all") {
                    try await scene.text("SELECT count(*) FROM tenure.work") == "0"
                }
                #expect(try await scene.text("SELECT count(*) FROM tenure.dead_letters") == "0")
                #expect(try await scene.text("SELECT string_agg(n::text, ' ' ORDER BY key) FROM sums") == "40 40 40")
                #expect(try await scene.text("SELECT count(*) || '/' || count(DISTINCT run) FROM entries") == "120/120")
                let completed = "SELECT count(*) FROM tenure.runs WHERE state = 'completed'"
                #expect(try await scene.text(completed) == "120")
            }
        }
    }
}

extension WorkOptions {
    fileprivate init(retrying retry: RetryPolicy) {
        self.init()
        self.retry = retry
    }
}
