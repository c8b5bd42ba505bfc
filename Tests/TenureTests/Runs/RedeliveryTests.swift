import Foundation
import Synchronization
import Tenure
import TestSupport
import Testing

@Suite("Deliveries after crashes", .needsPostgres, .needsRedis, .timeLimit(.minutes(1)))
struct RedeliveryTests {
    @Test("A29: what a node claimed and never started runs once, later, on another node")
    func claimedOnly() async throws {
        try await HandlingScene.run { scene in
            let ids = try await scene.client.enqueue(contentsOf: [Message("work"), Message("work")])
            let array = "ARRAY[\(ids.map(\.description).joined(separator: ", "))]::bigint[]"
            try await scene.database.execute(
                """
                SELECT tenure.take_ownership(1, 'ghost', 'ghost-1');
                SELECT tenure.claim(1, gen_random_uuid(), 'ghost', 'ghost-1', \(array), false);
                """
            )
            let deliveries = Mutex<[WorkID]>([])
            var handlers = Handlers()
            handlers.onRaw("work") { _, context in deliveries.withLock { $0.append(context.runID) } }
            try await scene.withNode(handlers) {
                for id in ids { try await scene.waitUntilEnded(id) }
            }

            #expect(deliveries.withLock { $0.sorted() } == ids)
            for id in ids { #expect(try await scene.history(id) == ["completed", "crashed"]) }
        }
    }

    @Test("A30: after a crash between effect and completion it is delivered again, under the same idempotency key")
    func sameKey() async throws {
        try await HandlingScene.run { scene in
            let (effects, effect) = AsyncStream.makeStream(of: [String].self)
            func handlers(hanging: Bool) -> Handlers {
                var handlers = Handlers()
                handlers.onRaw("charge") { _, context in
                    effect.yield([context.idempotencyKey, "\(context.attempt)"])
                    if hanging { try await Task.sleep(for: .seconds(3600)) }
                }
                return handlers
            }
            let id = try await scene.client.enqueue("charge")
            var first: [String]?
            try await scene.withLostNode("node-1", handlers(hanging: true)) {
                first = await effects.first { _ in true }
            }
            try await scene.withNode("node-2", handlers(hanging: false)) {
                try await scene.waitUntilEnded(id)
            }
            let second = await effects.first { _ in true }

            #expect(first == ["acme/\(id)", "1"])
            #expect(second == first, "a crash counts no attempt, and changes no key")
        }
    }

    @Test("Row 83: what is received is handled like any work, once for each message, with what was said about it")
    func inbox() async throws {
        try await HandlingScene.run { scene in
            let seen = Mutex<[String]>([])
            var handlers = Handlers()
            handlers.onRaw("order.placed") { payload, context in
                let facts = [context.kind.rawValue, payload, context.correlationID ?? "", context.traceContext ?? ""]
                seen.withLock { $0.append(facts.joined(separator: " ")) }
            }
            try await scene.withNode(handlers) {
                var options = WorkOptions()
                options.correlationID = "cart-1"
                options.traceContext = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
                func receive(_ payload: String, _ changed: ChangedMessage = .error) async throws -> WorkID? {
                    try await scene.client.receive(
                        source: "shop",
                        messageID: "m1",
                        topic: "order.placed",
                        payload: payload,
                        options: options,
                        ifChanged: changed
                    )
                }
                let id = try #require(try await receive("{\"n\": 1}"))
                try await scene.waitUntilEnded(id)
                #expect(try await receive("{\"n\": 1}") == nil)
                #expect(try await receive("{\"n\": 2}", .ignore) == nil)
                await #expect(throws: RequestRefused.self) { try await receive("{\"n\": 2}") }
                #expect(try await scene.history(id) == ["completed"])
            }

            let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            #expect(seen.withLock { $0 } == ["inbox {\"n\": 1} cart-1 \(trace)"], "row 90: the context travels along")
        }
    }

    @Test("A50, row 88: a fan-out with a follow-up: every member runs, one fails for good, and what follows runs once")
    func fanOutAndIn() async throws {
        try await HandlingScene.run { scene in
            try await scene.database.execute(
                """
                CREATE TABLE public.customers AS SELECT i AS id FROM generate_series(1, 250) AS i;
                CREATE TABLE public.sent (customer bigint, run bigint);
                CREATE TABLE public.reports (facts text);
                """
            )
            struct Customer: Codable, Sendable { var id: Int }
            struct Report: Codable, Sendable {
                struct Group: Codable, Sendable {
                    var completed: Int
                    var discarded: Int
                    var state: String
                }
                var group: Group
            }
            var handlers = Handlers()
            handlers.onTransaction("mail.send") { (customer: Customer, context, transaction) in
                if customer.id == 13 { throw PermanentFailure("no address") }
                try await transaction.execute(
                    "INSERT INTO sent VALUES ($1, $2)",
                    .int(customer.id),
                    .id(context.runID)
                )
            }
            handlers.onTransaction("mail.sent") { (report: Report, _, transaction) in
                let group = report.group
                let facts = "\(group.state) \(group.completed) \(group.discarded)"
                try await transaction.execute("INSERT INTO reports VALUES ($1)", .text(facts))
            }
            try await scene.withNode(handlers) {
                let query = "SELECT id AS key, to_jsonb(c) AS payload FROM public.customers AS c"
                var fanOut = FanOut(name: "news", topic: "mail.send", query: query, followUp: "mail.sent")
                fanOut.rowsPerStep = 100
                var steps: [Int] = []
                let info = try await scene.client.fanOut(fanOut) { steps.append($0) }
                #expect(steps == [100, 200, 250])
                let group = try #require(info.group)
                let opened = try #require(try await scene.client.group(group))
                try await scene.waitUntilEnded(opened.followUp)

                let ended = try #require(try await scene.client.group(group))
                #expect(ended.state == "completed" && ended.isSealed && ended.pending == 0)
                #expect(ended.completed == 249 && ended.discarded == 1)
                #expect(try await scene.client.fanOut(fanOut).enqueued == 250, "it is done")
                #expect(try await scene.text("SELECT string_agg(facts, ',') FROM reports") == "completed 249 1")
                let sent = "SELECT count(*) || '/' || count(DISTINCT customer) FROM sent"
                #expect(try await scene.text(sent) == "249/249")
                #expect(try await scene.client.groups().map(\.id) == [group])
            }
        }
    }
}
