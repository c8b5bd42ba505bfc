import Foundation
import Synchronization
import Tenure
import TestSupport
import Testing

@Suite("Output and progress of runs", .needsPostgres, .needsRedis, .timeLimit(.minutes(1)))
struct RunReportTests {
    private struct Page: Codable, Sendable, Equatable {
        var page: Int
    }

    private struct Failure: Error {}

    @Test("Row 122: progress is visible while it runs, and the next attempt goes on from there, after a crash too")
    func resuming() async throws {
        try await HandlingScene.run { scene in
            let (starts, started) = AsyncStream.makeStream(of: Page.self)
            var handlers = Handlers()
            handlers.onRaw("import") { _, context in
                let last = try await context.lastProgress(as: Page.self) ?? Page(page: 0)
                try context.reportProgress(Page(page: last.page + 1))
                started.yield(last)
                if last.page < 2 { try await Task.sleep(for: .seconds(3600)) }
                if last.page == 2 { throw Failure() }
                try context.setOutput(["pages": last.page])
            }
            var options = WorkOptions()
            options.retry = RetryPolicy(baseDelayMilliseconds: 1, maxDelayMilliseconds: 1)
            let id = try await scene.client.enqueue("import", options: options)
            for node in ["node-1", "node-2"] {
                try await scene.withLostNode(node, handlers) {
                    let last = await starts.first { _ in true }
                    #expect(last == Page(page: node == "node-1" ? 0 : 1))
                    let stored = node == "node-1" ? "{\"page\": 1}" : "{\"page\": 2}"
                    try await Polling.wait(for: "the progress") {
                        try await scene.client.running().first?.progress == stored
                    }
                    #expect(try await scene.client.progress(of: id) == stored)
                }
            }
            try await scene.withNode("node-3", handlers) {
                try await scene.waitUntilEnded(id)
            }

            let runs = try await scene.client.runs(of: id)
            #expect(runs.map(\.state) == ["completed", "retryable", "crashed", "crashed"])
            #expect(runs.first?.output == "{\"pages\": 3}")
            #expect(runs.prefix(2).map(\.progress) == ["{\"page\": 4}", "{\"page\": 3}"])
            #expect(try await scene.client.progress(of: id) == nil)
            #expect(try await scene.text("SELECT count(*) FROM tenure.progress") == "0")
        }
    }

    @Test("A thousand reports a second cost one write a second")
    func throttling() async throws {
        try await HandlingScene.run { scene in
            var handlers = Handlers()
            handlers.onRaw("counting") { _, context in
                for number in 1...3000 {
                    try context.reportProgress(["number": number])
                    if number % 1000 == 0 { try await Task.sleep(for: .milliseconds(300)) }
                }
            }
            try await scene.withNode(handlers) {
                let id = try await scene.client.enqueue("counting")
                try await scene.waitUntilEnded(id)
                let progress = try await scene.client.runs(of: id).map(\.progress)
                #expect(progress == ["{\"number\": 3000}"])
            }
            try await Polling.wait(for: "the statistics") {
                let writes = "n_tup_ins + n_tup_upd"
                let sql = "SELECT \(writes) FROM pg_stat_user_tables WHERE relname = 'progress'"
                let text = try await scene.text(sql)
                let count = try #require(text.flatMap { Int($0) })
                #expect(count <= 3)
                return count >= 1
            }
        }
    }

    @Test("What is too large, or no JSON, is refused where it is said")
    func refusals() async throws {
        try await HandlingScene.run { scene in
            let refusals = Mutex(0)
            var handlers = Handlers()
            handlers.onRaw("talkative") { _, context in
                let large = String(repeating: "x", count: RunContext.outputBytesMax)
                for report in [
                    { try context.setOutput(large) },
                    { try context.reportProgress(String(large.prefix(RunContext.progressBytesMax))) },
                    { try context.setOutput(json: "{") },
                    { try context.reportProgress(json: "\"a\\u0000b\"") },
                ] {
                    do {
                        try report()
                    } catch is ReportRefused {
                        refusals.withLock { $0 += 1 }
                    }
                }
                try context.setOutput(json: "7")
            }
            try await scene.withNode(handlers) {
                let id = try await scene.client.enqueue("talkative")
                try await scene.waitUntilEnded(id)
                #expect(refusals.withLock { $0 } == 4)
                #expect(try await scene.client.runs(of: id).map(\.output) == ["7"])
            }
        }
    }
}
