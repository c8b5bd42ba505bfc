import Foundation
import Synchronization
import Tenure
import TenureCore
import TestSupport
import Testing

@Suite("How runs end, on whole nodes", .needsPostgres, .needsRedis, .timeLimit(.minutes(1)))
struct RunOutcomeTests {
    private struct Failure: Error, CustomStringConvertible {
        let description = "it fails"
    }

    private static var handlers: Handlers {
        var handlers = Handlers()
        handlers.onRaw("good") { _, _ in }
        handlers.onRaw("bad") { _, _ in throw Failure() }
        handlers.onRaw("hopeless") { _, _ in throw PermanentFailure("never") }
        handlers.onRaw("slow") { _, _ in try await Task.sleep(for: .seconds(3600)) }
        let snoozed = Mutex<Set<WorkID>>([])
        handlers.onRaw("sleepy") { _, context in
            if snoozed.withLock({ $0.insert(context.runID).inserted }) { throw Snooze(for: .milliseconds(30)) }
        }
        return handlers
    }

    @Test("A40: history tells start, end, state, error, attempt, node and epoch of each attempt")
    func history() async throws {
        try await withNodeScene { scene in
            try await scene.withNode("node-1", Self.handlers) { _ in
                var options = WorkOptions()
                options.retry = RetryPolicy(maxAttempts: 2)
                options.retry.delays = .fixed(.milliseconds(10))
                options.correlationID = "order-7"
                let id = try await scene.client.enqueue("bad", options: options)
                try await scene.waitUntilEnded(id)

                let runs = try await scene.client.runs(of: id)
                #expect(runs.map(\.attempt) == [2, 1])
                #expect(runs.map(\.state) == ["discarded", "retryable"])
                #expect(runs.map(\.reason) == ["attempts exhausted", nil])
                for run in runs {
                    #expect(run.error == "it fails" && run.node == "node-1" && run.correlationID == "order-7")
                    #expect(run.epoch?.value ?? 0 > 0)
                    #expect(run.startedAt ?? .distantFuture <= run.finishedAt)
                }
            }
        }
    }

    @Test("A42: delays are as the policy says, the limit of time ends them, and a dead letter is revived")
    func retries() async throws {
        try await withNodeScene { scene in
            try await scene.withNode("node-1", Self.handlers) { _ in
                let listed = try await scene.text(
                    """
                    SELECT tenure.enqueue('bad', max_attempts => 4, retry => 'delays(20ms, 60ms, 120ms)')
                    """
                ).flatMap { Int64($0) }.map { WorkID($0) }
                var limited = WorkOptions()
                limited.retry = RetryPolicy(maxAttempts: 1000)
                limited.retry.delays = .fixed(.milliseconds(50))
                limited.retry.retryFor = .milliseconds(220)
                let timed = try await scene.client.enqueue("bad", options: limited)
                let id = try #require(listed)
                try await scene.waitUntilEnded(id)
                try await scene.waitUntilEnded(timed)

                let runs = try await scene.client.runs(of: id).reversed()
                #expect(runs.count == 4)
                for (pair, delay) in zip(zip(runs, runs.dropFirst()), [20, 60, 120]) {
                    let pause = pair.0.finishedAt.duration(to: pair.1.startedAt ?? .distantPast)
                    #expect(pause >= .milliseconds(delay - 5), "\(pause) after attempt \(pair.0.attempt)")
                }
                let letter = try #require(try await scene.client.deadLetter(timed))
                #expect(letter.reason == "retry time exhausted")
                #expect((1...5).contains(letter.attempts))

                try await scene.client.retryDeadLetter(timed)
                try await scene.waitUntilEnded(timed)
                let again = try #require(try await scene.client.deadLetter(timed))
                #expect(again.reason == "retry time exhausted", "its time begins anew, and is over again")
                #expect(try await scene.client.runs(of: timed).count > letter.attempts)
            }
        }
    }

    @Test("A44: rows that fail, never end or cannot succeed do not hold others up")
    func poison() async throws {
        try await withNodeScene { scene in
            var options = WorkOptions()
            options.priority = 9
            options.timeout = .milliseconds(100)
            options.retry = RetryPolicy(maxAttempts: 2, baseDelayMilliseconds: 10, maxDelayMilliseconds: 10)
            var poison: [WorkID] = []
            for topic in ["bad", "slow", "hopeless", "nobody-knows"] {
                poison.append(try await scene.client.enqueue(topic, options: options))
            }
            var good: [WorkID] = []
            for _ in 0..<50 { good.append(try await scene.client.enqueue("good")) }
            try await scene.withNode("node-1", Self.handlers) { _ in
                for id in good + poison.dropLast() { try await scene.waitUntilEnded(id) }
            }
            for id in good { #expect(try await scene.history(id) == ["completed"]) }
            let reasons = try await scene.client.deadLetters().map { "\($0.topic): \($0.reason ?? "")" }
            #expect(reasons.sorted() == ["bad: attempts exhausted", "hopeless: permanent", "slow: attempts exhausted"])
            #expect(try await scene.client.work(poison[3])?.state == "available", "it waits for a handler")
        }
    }

    @Test("A46: what a lost node had in progress runs again without anybody's doing, and only that counts a crash")
    func reaper() async throws {
        try await withNodeScene { scene in
            let started = Mutex<Set<WorkID>>([])
            var handlers = Handlers()
            handlers.onRaw("*") { _, context in
                let isFirst = started.withLock { $0.insert(context.runID).inserted }
                if isFirst { try await Task.sleep(for: .seconds(3600)) }
            }
            let id = try await scene.client.enqueue("work")
            let other = try await scene.client.enqueue("work")
            try await scene.withLostNode("node-1", handlers) {
                // Polling throws after its deadline: then the test fails below.
                try? await Polling.wait(for: "both to start") { started.withLock { $0.count } == 2 }
            }
            try await scene.withNode("node-2", handlers) { _ in
                try await scene.waitUntilEnded(id)
                try await scene.waitUntilEnded(other)
            }
            for id in [id, other] {
                #expect(try await scene.history(id) == ["completed", "crashed"])
                #expect(try await scene.client.runs(of: id).map(\.attempt) == [1, 1], "a crash is no attempt")
            }
        }
    }

    @Test("A snooze counts no attempt, and states are seen while work waits")
    func states() async throws {
        try await withNodeScene { scene in
            let later = try await scene.client.schedule("good", after: .seconds(3600))
            let waiting = try await scene.client.enqueue("good")
            func state(_ id: WorkID) async throws -> String? { try await scene.client.work(id)?.state }
            #expect(try await state(later) == "scheduled")
            #expect(try await state(waiting) == "available")
            #expect(try await scene.client.work(states: ["scheduled"]).map(\.id) == [later])
            let sql = try await scene.text("SELECT string_agg(state, ' ' ORDER BY run_id) FROM tenure.live")
            #expect(sql == "scheduled available")
            try await scene.withNode("node-1", Self.handlers) { _ in
                let sleepy = try await scene.client.enqueue("sleepy")
                var options = WorkOptions()
                options.retry.delays = .fixed(.seconds(3600))
                let failing = try await scene.client.enqueue("bad", options: options)
                let running = try await scene.client.enqueue("slow")
                try await scene.waitUntilEnded(sleepy)
                #expect(try await scene.client.runs(of: sleepy).map(\.attempt) == [1])
                try await Polling.wait(for: "the failure") { try await state(failing) == "retryable" }
                try await Polling.wait(for: "the start") { try await state(running) == "running" }
                #expect(try await scene.client.cancelRun(running) == .requested)
                try await scene.waitUntilEnded(running)
                #expect(try await scene.history(running) == ["cancelled"])
            }
        }
    }
}
