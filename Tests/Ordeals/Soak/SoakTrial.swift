internal import ClusterHarness
internal import Foundation
internal import TestSupport

/// Three nodes and 30 tenants with every kind of work, for minutes; nodes are killed all the time. Then quiet, and a
/// checker reads the databases.
package actor SoakTrial {
    /// How long, how often, and what follows from chance.
    package struct Plan: Sendable {
        /// How long work is handed over and nodes are killed.
        package var length: Duration = .seconds(600)
        /// Between two kills.
        package var killInterval: Duration = .seconds(30)
        /// What is left to chance follows from it.
        package var seed: UInt64 = 1
        /// Tenants with a database each.
        package var databases = 10
        /// Tenants that are schemas of two more databases.
        package var schemasInTwoMore = 20

        /// Ten minutes.
        package init() {}
    }

    private let plan: Plan
    private let cluster: TestCluster
    private var random: SeededGenerator
    private var nodes: [TestNode] = []
    private var everyNode: [TestNode] = []

    private init(_ plan: Plan) async throws {
        self.plan = plan
        self.random = SeededGenerator(seed: plan.seed)
        self.cluster = try await TestCluster.start(
            databases: plan.databases,
            schemasInTwoMore: plan.schemasInTwoMore
        )
    }

    /// Runs a soak from the first server to the checks.
    package static func run(_ plan: Plan) async throws -> SoakReport {
        let trial = try await SoakTrial(plan)
        let report = try await trial.run()
        try await trial.cluster.stop()
        return report
    }

    private func run() async throws -> SoakReport {
        try await SoakLoad.prepare(self.cluster)
        for number in 1...3 { try self.start("node-\(number)") }
        try await self.cluster.waitUntilAllRun()
        let load = SoakLoad.start(self.cluster, seed: self.plan.seed)
        let kills = try await self.killNodes()
        try await load.stop()
        try await self.settle()
        var report = try await SoakReport.of(self.cluster)
        report.kills = kills
        report.moves = self.everyNode.reduce(0) { $0 + $1.events("handover.completed").count }
        report.takeovers = Figures(
            self.everyNode.flatMap { $0.events("takeover.completed") }.compactMap { $0["gap_ms"] as? Double }
                .map { $0 / 1000 }
        )
        try await self.end(&report)
        return report
    }

    private func start(_ id: String) throws {
        let node = try self.cluster.startNode(id)
        self.nodes.append(node)
        self.everyNode.append(node)
    }

    /// Kills one node after the other, and starts each again a few seconds later. Returns how many.
    private func killNodes() async throws -> Int {
        let clock = ContinuousClock()
        let end = clock.now + self.plan.length
        var kills = 0
        while clock.now + self.plan.killInterval < end {
            let absence = Duration.milliseconds(Int.random(in: 1000...8000, using: &self.random))
            try await Task.sleep(for: self.plan.killInterval - min(absence, self.plan.killInterval / 2))
            guard let victim = self.nodes.randomElement(using: &self.random) else { break }
            victim.process.signal(SIGKILL)
            _ = try await victim.waitForEnd(within: .seconds(5))
            self.nodes.removeAll { $0 === victim }
            kills += 1
            try await Task.sleep(for: min(absence, self.plan.killInterval / 2))
            try self.start(victim.id)
        }
        try await Task.sleep(until: end, clock: clock)
        return kills
    }

    /// No more occurrences, and whatever was handed over comes to its end.
    private func settle() async throws {
        try await self.cluster.waitUntilAllRun(within: .seconds(40))
        for tenant in self.cluster.tenants {
            _ = try await self.cluster.query(tenant, SoakLoad.cancellations(tenant))
            _ = try await self.cluster.query(tenant, "SELECT @.pause_job(name) FROM @.jobs WHERE deleted_at IS NULL")
        }
        // What is still there after that, the checks tell.
        try? await self.cluster.waitUntil(within: .seconds(90), every: .seconds(1), "the end of all work") {
            try await self.cluster.queryAll("SELECT id FROM @.work LIMIT 1").isEmpty
        }
    }

    private func end(_ report: inout SoakReport) async throws {
        let (audit, output) = try await self.cluster.run(["audit"])
        report.checks += 1
        if audit != .exited(0) { report.violations.append("tenure audit: \(audit)\n\(output)") }
        for node in self.nodes { node.process.signal(SIGTERM) }
        for node in self.nodes {
            let ending = try await node.waitForEnd(within: .seconds(45))
            if ending != .exited(0) { report.violations.append("\(node.id) ended with \(ending)") }
        }
    }
}
