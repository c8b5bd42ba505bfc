internal import ClusterHarness
internal import Foundation
internal import TestSupport

/// One node whose connections are opened and closed all the time: it must stay as large as it was.
package actor GrowthTrial {
    /// What a process takes of the machine.
    package struct Footprint: Sendable {
        /// Memory in use, in KiB.
        package var residentKiB: Int
        /// Open files and sockets.
        package var descriptors: Int
        /// Threads.
        package var threads: Int
        /// Sessions that the tenants' Postgres has seen so far.
        package var sessions: Int
        /// Connections that Redis has seen so far.
        package var redisConnections: Int
    }

    private let cluster: TestCluster
    private let node: TestNode

    private init() async throws {
        self.cluster = try await TestCluster.start(databases: 20, schemasInTwoMore: 0)
        // Connections that nobody uses are closed at once, and opened again for the next second's work.
        self.node = try self.cluster.startNode("node-1", arguments: ["--set", "connections.idle_timeout=50ms"])
    }

    /// Lets so many connections come and go, after as many for the warming up.
    ///
    /// - Returns: What the node took before and after, and how it ended.
    package static func run(connections count: Int) async throws -> GrowthReport {
        let trial = try await GrowthTrial()
        let report = try await trial.run(count)
        try await trial.cluster.stop()
        return report
    }

    private func run(_ count: Int) async throws -> GrowthReport {
        try await self.cluster.waitUntilAllRun()
        let start = try await self.footprint()
        let before = try await self.churn(until: start.sessions + count)
        let after = try await self.churn(until: before.sessions + count)
        self.node.process.signal(SIGTERM)
        let ending = try await self.node.waitForEnd(within: .seconds(60))
        try await HelperThread.run { [process = self.node.process] in try process.waitForOutputEnd() }
        return GrowthReport(before: before, after: after, ending: ending, output: self.node.process.output)
    }

    /// Ends connections from the servers' side too, until so many sessions have been seen.
    private func churn(until sessions: Int) async throws -> Footprint {
        let deadline = ContinuousClock.now + .seconds(300)
        while true {
            let footprint = try await self.footprint()
            if footprint.sessions >= sessions { return footprint }
            guard ContinuousClock.now < deadline else {
                throw ChildProcess.Failure("\(footprint.sessions) sessions of \(sessions) after 300 s")
            }
            _ = try await self.cluster.postgres.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'tenure%' "
                    + "AND pid <> pg_backend_pid()"
            )
            _ = try await self.cluster.redis.command("CLIENT", "KILL", "TYPE", "normal")
            try await Task.sleep(for: .seconds(1))
        }
    }

    private func footprint() async throws -> Footprint {
        let folder = "/proc/\(self.node.process.pid)"
        let status = try String(contentsOfFile: "\(folder)/status", encoding: .utf8)
        func number(_ name: String) -> Int {
            let line = status.split(separator: "\n").first { $0.hasPrefix("\(name):") }
            return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0
        }
        let sessions = try await self.cluster.postgres.query(
            "SELECT sum(sessions) FROM pg_stat_database WHERE datname LIKE 'own%'"
        )
        let redis = try await self.cluster.redis.command("INFO", "stats")
        let received = redis.split(whereSeparator: \.isNewline).first { $0.hasPrefix("total_connections_received:") }
        return Footprint(
            residentKiB: number("VmRSS"),
            descriptors: try FileManager.default.contentsOfDirectory(atPath: "\(folder)/fd").count,
            threads: number("Threads"),
            sessions: Int(sessions) ?? 0,
            redisConnections: received.flatMap { Int($0.drop { $0 != ":" }.dropFirst()) } ?? 0
        )
    }
}

/// What a node took before and after many connections.
package struct GrowthReport: Sendable {
    /// Before them.
    package let before: GrowthTrial.Footprint
    /// After them.
    package let after: GrowthTrial.Footprint
    let ending: ChildProcess.Ending
    let output: String

    /// Connections that came and went.
    package var connections: Int { self.after.sessions - self.before.sessions }

    /// Growth of the memory in use, in KiB.
    package var growthKiB: Int { self.after.residentKiB - self.before.residentKiB }

    /// What the node reported at its end, if a sanitizer was in it and found something; or how it ended.
    package var failure: String? {
        if let report = self.output.firstRange(of: "ERROR: LeakSanitizer") {
            return String(self.output[report.lowerBound...].prefix(6000))
        }
        return self.ending == .exited(0) ? nil : "it ended with \(self.ending)\n\(self.output.suffix(6000))"
    }

    /// A line about it.
    package var text: String {
        "\(self.connections) connections to Postgres and "
            + "\(self.after.redisConnections - self.before.redisConnections) to Redis: "
            + "\(self.before.residentKiB) KiB before, \(self.after.residentKiB) KiB after; "
            + "descriptors \(self.before.descriptors) and \(self.after.descriptors), "
            + "threads \(self.before.threads) and \(self.after.threads)"
    }
}
