import Foundation
import Tenure
import TenureCore
import TestSupport
import Testing

@testable import tenure

@Suite("Lists of tenants that differ")
struct TenantListDifferenceTests {
    private let one: NodeID
    private let two: NodeID
    private let acme: TenantID
    private let globex: TenantID

    init() throws {
        self.one = try NodeID("node-1")
        self.two = try NodeID("node-2")
        self.acme = try TenantID("acme")
        self.globex = try TenantID("globex")
    }

    /// Two nodes, of which the first leads and knows acme.
    private func state() -> ClusterState {
        var state = ClusterState()
        for node in [self.one, self.two] {
            state.nodes[node] = NodeDescriptor(
                id: node,
                incarnation: Incarnation("\(node)-1"),
                host: "h",
                pid: 1,
                version: "1"
            )
        }
        let holder = Holder(node: self.one, incarnation: Incarnation("node-1-1"))
        state.leader = Leadership(holder: holder, term: Term(1), remaining: .seconds(3))
        state.tenants[self.acme] = TenantDescriptor(id: self.acme)
        return state
    }

    private func differences(
        of node: NodeID,
        known: Set<TenantID>,
        listed: [TenantID] = [],
        in state: ClusterState
    ) -> [TenantListDifference] {
        TenantListDifference.all(of: node, known: known, listed: listed, in: state)
    }

    @Test("A tenant that was assigned to a node that does not know it")
    func unknownHere() {
        var state = self.state()
        state.owners[self.acme] = self.two

        #expect(self.differences(of: self.two, known: [], in: state) == [.unknownHere(self.acme)])
        #expect(self.differences(of: self.two, known: [self.acme], in: state).isEmpty)
        #expect(self.differences(of: self.one, known: [], in: state).isEmpty)
    }

    @Test("A tenant that is to move to a node that does not know it")
    func unknownTarget() {
        var state = self.state()
        let source = Holder(node: self.one, incarnation: Incarnation("node-1-1"))
        let target = Holder(node: self.two, incarnation: Incarnation("node-2-1"))
        state.owners[self.acme] = self.one
        state.moves[self.acme] = PlannedMove(id: "1", tenant: self.acme, from: source, to: target, reason: "rebalance")

        #expect(self.differences(of: self.two, known: [], in: state) == [.unknownHere(self.acme)])
    }

    @Test("A listed tenant of which the leader has not heard, unless this node leads itself")
    func unknownToLeader() {
        let state = self.state()
        let listed = [self.acme, self.globex]

        let seen = self.differences(of: self.two, known: Set(listed), listed: listed, in: state)

        #expect(seen == [.unknownToLeader(self.globex, leader: self.one)])
        #expect(seen.first?.message.contains("--tenant") == true)
        #expect(self.differences(of: self.one, known: Set(listed), listed: listed, in: state).isEmpty)
    }

    @Test("Without a leader, or before this node has joined, nothing can be said")
    func undecided() throws {
        var leaderless = self.state()
        leaderless.leader = nil
        let listed = [self.globex]

        #expect(self.differences(of: self.two, known: [], listed: listed, in: leaderless).isEmpty)
        let stranger = try NodeID("node-3")
        #expect(self.differences(of: stranger, known: [], listed: listed, in: self.state()).isEmpty)
    }

    @Test(
        "Nodes with different lists: each runs what it knows, and nothing waits",
        .timeLimit(.minutes(1)),
        .needsPostgres,
        .needsRedis
    )
    func running() async throws {
        try await TenantScene.run { scene in
            let database = try await Database(scene.url, reactor: scene.reactor)
            try await database.execute("CREATE DATABASE \(scene.name)_2")
            var environment = scene.environment
            environment["TENURE_REGISTRY_URL"] = ""
            environment["DATABASE_URL"] = ""
            let first = try RunningNode(
                ["--node-id", "node-1", "--tenant", "acme=\(scene.url)"],
                environment: environment
            )
            try await first.wait(for: "tenant.opened node-1 tenant=acme")
            let second = try RunningNode(
                ["--node-id", "node-2", "--tenant", "globex=\(scene.url)_2"],
                environment: environment
            )

            try await second.wait(for: "tenant.opened node-2 tenant=globex")

            #expect(try await second.stop() == .exited(0))
            #expect(try await first.stop() == .exited(0))
            #expect(!first.output.contains("tenant=globex epoch"), "\(first.output)")
            #expect(!second.output.contains("tenant=acme epoch"), "\(second.output)")
            try await database.execute("DROP DATABASE \(scene.name)_2 WITH (FORCE)")
            await database.close()
        }
    }
}

/// A node of the built program.
private struct RunningNode {
    private let process: ChildProcess

    init(_ arguments: [String], environment: [String: String]) throws {
        self.process = try ChildProcess(
            path: try ProgramRun.path(of: "tenure"),
            arguments: ["node"] + arguments,
            environment: environment
        )
    }

    var output: String { self.process.output }

    func wait(for text: String) async throws {
        try await HelperThread.run { try self.process.waitForOutput(text) }
    }

    func stop() async throws -> ChildProcess.Ending {
        self.process.signal(SIGTERM)
        return try await HelperThread.run { try self.process.waitForEnd(within: .seconds(20)) }
    }
}
