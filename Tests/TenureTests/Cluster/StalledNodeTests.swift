import IOReactor
import InMemoryStores
import TenureCore
import TestSupport
import Testing

@testable import Tenure

@Suite("A node whose executor stands still", .timeLimit(.minutes(1)))
struct StalledNodeTests {
    private func cluster() throws -> MemoryCluster {
        var options = NodeOptions(nodeID: try NodeID("any"))
        options.coordination.heartbeatInterval = .milliseconds(100)
        options.coordination.nodeTimeout = .seconds(2)
        options.coordination.leaderLeaseDuration = .milliseconds(600)
        options.coordination.lockDuration = .milliseconds(600)
        options.coordination.safetyMargin = .milliseconds(50)
        return MemoryCluster(options: options)
    }

    @Test("It lets its locks run out; another node gets its tenants, and it lets go of them")
    func takenOver() async throws {
        let cluster = try self.cluster()
        let (first, second) = (try cluster.member("node-1"), try cluster.member("node-2"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await first.run() }
            try await Polling.wait(for: "the first node to own the tenant") {
                try await cluster.holder()?.node == first.agent.descriptor.id
            }
            let before = try #require(try await cluster.holder()?.epoch)

            first.setStalled(true)
            try await Polling.wait(for: "the lock to run out") { try await cluster.holder() == nil }
            group.addTask { try await second.run() }
            try await Polling.wait(for: "the second node to own the tenant") {
                try await cluster.holder()?.node == second.agent.descriptor.id
            }
            #expect(try await cluster.store.state().nodes.count == 2, "the stalled node lives")

            first.setStalled(false)
            try await Polling.wait(for: "the first node to let go") {
                await first.holdsNothing
            }
            let after = try #require(try await cluster.holder())
            #expect(after.node == (await second.agent.descriptor.id) && after.epoch > before)
            group.cancelAll()
        }
        cluster.reactor.shutdown()
    }

    @Test("Alone in the cluster, it takes its tenants again when it recovers, under a newer epoch")
    func alone() async throws {
        let cluster = try self.cluster()
        let node = try cluster.member("node-1")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await node.run() }
            try await Polling.wait(for: "the node to own the tenant") { try await cluster.holder() != nil }
            let before = try #require(try await cluster.holder()?.epoch)

            node.setStalled(true)
            try await Polling.wait(for: "the lock to run out") { try await cluster.holder() == nil }
            node.setStalled(false)
            try await Polling.wait(for: "the node to own the tenant again") {
                try await cluster.holder().map { $0.epoch > before } ?? false
            }
            group.cancelAll()
        }
        cluster.reactor.shutdown()
    }
}
