import Foundation
import Synchronization
import Tenure
import TenureCore
import TestSupport
import Testing

@Suite("Limits on whole nodes", .needsPostgres, .needsRedis, .timeLimit(.minutes(1)))
struct LimitTests {
    /// Counts what runs at once, by topic.
    private final class Meter: Sendable {
        private struct State {
            var running: [String: Int] = [:]
            var most: [String: Int] = [:]
            var ended: [String: Int] = [:]
        }

        private let state = Mutex(State())

        var handlers: Handlers {
            var handlers = Handlers()
            handlers.onRaw("*") { _, context in
                self.change { state in
                    state.running[context.topic, default: 0] += 1
                    state.most[context.topic] = max(
                        state.most[context.topic, default: 0],
                        state.running[context.topic, default: 0]
                    )
                }
                // As long as a run of its kind takes.
                try await Task.sleep(for: .milliseconds(20))
                self.change { state in
                    state.running[context.topic, default: 0] -= 1
                    state.ended[context.topic, default: 0] += 1
                }
            }
            return handlers
        }

        private func change(_ body: (inout State) -> Void) { self.state.withLock { body(&$0) } }
        func most(_ topic: String) -> Int { self.state.withLock { $0.most[topic, default: 0] } }
        func ended(_ topic: String) -> Int { self.state.withLock { $0.ended[topic, default: 0] } }
    }

    @Test("Runs at once are limited by the tenant's schema and by the node's settings, and hold nothing else up")
    func running() async throws {
        try await withNodeScene { scene in
            let meter = Meter()
            #expect(try await scene.text("SELECT tenure.put_limit('slow', topic => 'slow', max_running => 2)") == "t")
            var runs = RunOptions()
            runs.limits = [LimitDefinition(name: "settings:report", topic: "report", maxRunning: 1)]
            runs.batchSize = 50
            for topic in ["slow", "report"] {
                _ = try await scene.text(
                    "SELECT count(tenure.enqueue('\(topic)')) FROM generate_series(1, \(topic == "slow" ? 300 : 10))"
                )
            }
            _ = try await scene.text("SELECT count(tenure.enqueue('free')) FROM generate_series(1, 30)")
            try await scene.withNode("node-1", meter.handlers, runs: runs) { _ in
                try await Polling.wait(for: "what is not limited") { meter.ended("free") == 30 }
                #expect(meter.ended("slow") < 250, "it does not wait for the backlog before it")
                let waiting = try await scene.client.work(states: ["available"], limit: 1000)
                #expect(waiting.contains { $0.topic == "slow" }, "what has no room stays available")

                try await Polling.wait(for: "the rest") { meter.ended("slow") == 300 && meter.ended("report") == 10 }
            }
            #expect(meter.most("slow") == 2)
            #expect(meter.most("report") == 1)
            #expect(try await scene.text("SELECT count(*) FROM tenure.runs WHERE state = 'completed'") == "340")
        }
    }

    @Test("A limit that is put while work runs is in force within moments, and one that is deleted no longer")
    func changed() async throws {
        try await withNodeScene { scene in
            let meter = Meter()
            try await scene.withNode("node-1", meter.handlers) { _ in
                try await scene.client.putLimit(LimitDefinition(name: "none", rate: LimitRate(1, per: .seconds(3600))))
                try await scene.client.enqueue("first")
                try await Polling.wait(for: "the burst") { meter.ended("first") == 1 }
                try await scene.client.enqueue("second")
                try await Polling.wait(for: "the use to be written down") {
                    try await scene.text("SELECT count(*) FROM tenure.limit_uses WHERE paid_at > now()") == "1"
                }
                #expect(meter.ended("second") == 0)

                try await scene.client.deleteLimit("none")
                try await Polling.wait(for: "what was held up") { meter.ended("second") == 1 }
            }
        }
    }

    @Test("A rate holds across hand-overs and the loss of a node")
    func takeover() async throws {
        try await withNodeScene { scene in
            let meter = Meter()
            try await scene.client.putLimit(LimitDefinition(name: "rate", rate: LimitRate(10), burst: 5))
            _ = try await scene.text("SELECT count(tenure.enqueue('limited')) FROM generate_series(1, 40)")
            try await scene.withLostNode("node-1", meter.handlers) {
                // Polling throws after its deadline: then the test fails below.
                try? await Polling.wait(for: "some runs") { meter.ended("limited") >= 8 }
            }
            try await scene.withNode("node-2", meter.handlers) { first in
                try await Polling.wait(for: "some more") { meter.ended("limited") >= 16 }
                try await scene.withNode("node-3", meter.handlers) { _ in
                    try await scene.waitUntilJoined("node-3")
                    first.shutDown()
                    try await Polling.wait(for: "the rest") {
                        try await scene.text("SELECT count(DISTINCT run_id) FROM tenure.runs WHERE state = 'completed'")
                            == "40"
                    }
                }
            }
            // Any starts but the first of a span, against what the span allows; a start is up to a round trip late.
            let most = try await scene.text(
                """
                WITH starts AS (
                    SELECT extract(epoch FROM started_at) AS at, row_number() OVER (ORDER BY started_at) AS place
                    FROM tenure.runs WHERE started_at IS NOT NULL)
                SELECT max((b.place - a.place + 1) - (5 + 10 * (b.at - a.at + 0.25)))::float8 <= 0
                FROM starts AS a JOIN starts AS b ON b.place > a.place
                """
            )
            #expect(most == "t")
            #expect(try await scene.text("SELECT count(DISTINCT node) >= 2 FROM tenure.runs") == "t")
        }
    }
}
