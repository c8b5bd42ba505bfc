import ClusterHarness
import Foundation
import TestSupport
import Testing

/// The auditor against whole clusters: sound while tenants change hands, and not when somebody meddles.
// One at a time: each test starts a whole cluster.
@Suite("Audit of a live cluster", .needsPrivatePostgres, .needsPrivateRedis, .serialized)
struct AuditTests {
    private struct Verdict {
        let status: ChildProcess.Ending
        let isSound: Bool
        let checks: [String]
        let text: String
    }

    private func audit(_ cluster: TestCluster, _ arguments: String...) async throws -> Verdict {
        let (ending, text) = try await cluster.run(["audit", "--output", "json"] + arguments)
        // Progress on standard error may come first, what else is wrong last.
        let start = text.range(of: "{\n")?.lowerBound ?? text.startIndex
        let end = text.range(of: "\n}\n")?.upperBound ?? text.endIndex
        let json = start < end ? text[start..<end] : text[...]
        let value = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        let violations = value?["violations"] as? [[String: Any]] ?? []
        return Verdict(
            status: ending,
            isSound: value?["sound"] as? Bool == true,
            checks: violations.compactMap { $0["check"] as? String },
            text: text
        )
    }

    @Test("Sound in the middle of hand-overs, of takeovers and after them", .timeLimit(.minutes(4)))
    func moving() async throws {
        let cluster = try await TestCluster.start(databases: 10, schemasInTwoMore: 10)
        var nodes = try await cluster.startNodes(3)
        let timers = TimerStream.start(cluster)
        var looks = 0

        for round in 0..<6 {
            let victim = nodes.removeFirst()
            // By turns: it leaves in an orderly way, or crashes.
            victim.process.signal(round.isMultiple(of: 2) ? SIGTERM : SIGKILL)
            nodes.append(try cluster.startNode("node-\(4 + round)"))
            for _ in 0..<2 {
                let verdict = try await self.audit(cluster)
                looks += 1
                #expect(verdict.isSound && verdict.status == .exited(0), "\(verdict.text)")
            }
            _ = try await victim.waitForEnd(within: .seconds(45))
            try await cluster.waitUntilMembers(3)
        }
        try await timers.stop()
        try await cluster.expectTimersDone(within: .seconds(60))
        let last = try await self.audit(cluster)
        #expect(last.isSound, "\(last.text)")
        #expect(looks == 12)
        try await cluster.stop()
    }

    @Test(
        "An occurrence that somebody deletes is found, and nothing else",
        .timeLimit(.minutes(2))
    )
    func meddling() async throws {
        let cluster = try await TestCluster.start(databases: 2, schemasInTwoMore: 2)
        let nodes = try await cluster.startNodes(2)
        let victim = cluster.tenants[0]
        _ = try await cluster.query(
            victim,
            "DELETE FROM @.runs WHERE scheduled_for = (SELECT min(scheduled_for) FROM @.runs WHERE job_name = 'tick')"
        )

        let whole = try await self.audit(cluster)
        let databases = try await self.audit(cluster, "--databases-only", "--tenant", victim.id)
        let other = try await self.audit(cluster, "--tenant", cluster.tenants[1].id)

        #expect(whole.status == .exited(1))
        #expect(whole.checks == ["occurrence_missing"], "\(whole.text)")
        #expect(databases.checks == ["occurrence_missing"], "\(databases.text)")
        #expect(other.isSound, "\(other.text)")
        for node in nodes { node.process.signal(SIGTERM) }
        try await cluster.stop()
    }
}
