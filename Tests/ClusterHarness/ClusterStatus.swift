internal import Foundation
internal import TestSupport

/// What `tenure cluster status` says, as far as tests need it.
package struct ClusterStatus: Sendable {
    /// The node that leads.
    package var leader: String?
    /// All nodes.
    package var nodes: [String]
    /// Those that take part.
    package var activeNodes: [String]
    /// Owner of each tenant.
    package var owners: [String: String]

    init(json: String) throws {
        guard let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any] else {
            throw ChildProcess.Failure("no object: \(json)")
        }
        self.leader = object["leader"] as? String
        let nodes = object["nodes"] as? [[String: Any]] ?? []
        self.nodes = nodes.compactMap { $0["id"] as? String }
        self.activeNodes = nodes.filter { $0["state"] as? String == "active" }.compactMap { $0["id"] as? String }
        let tenants = object["tenants"] as? [[String: Any]] ?? []
        self.owners = Dictionary(
            tenants.compactMap { row in
                guard let id = row["id"] as? String, let owner = row["owner"] as? String else { return nil }
                return (id, owner)
            },
            uniquingKeysWith: { $1 }
        )
    }
}

extension TestCluster {
    /// Asks the program.
    package func status() async throws -> ClusterStatus {
        try ClusterStatus(json: try await self.tenure("cluster", "status", "--output", "json"))
    }

    /// The node that leads, once there is one.
    package func leader() async throws -> String {
        var leader: String?
        try await self.waitUntil(within: .seconds(10), "a leader") {
            leader = try await self.status().leader
            return leader != nil
        }
        guard let leader else { throw ChildProcess.Failure("no leader") }
        return leader
    }

    /// Waits until so many nodes are active and one leads.
    package func waitUntilMembers(_ count: Int, within limit: Duration = .seconds(20)) async throws {
        // Seldom: each question is a process, which takes the machine away from what is measured.
        try await self.waitUntil(within: limit, every: .seconds(2), "\(count) nodes and a leader") {
            let status = try await self.status()
            return status.activeNodes.count == count && status.leader != nil
        }
    }

    /// Waits until the tenants are spread evenly and none has changed hands for three seconds.
    package func waitUntilBalanced(within limit: Duration = .seconds(60)) async throws {
        var last: [String: Int] = [:]
        var since = ContinuousClock.now
        try await self.waitUntil(within: limit, "an even spread") {
            let epochs = try await self.epochs()
            if epochs != last {
                last = epochs
                since = .now
            }
            let counts = Dictionary(grouping: try await self.owners().values, by: { $0 }).mapValues(\.count)
            let spread = (counts.values.max() ?? 0) - (counts.values.min() ?? 0)
            return spread <= 4 && since.duration(to: .now) > .seconds(3)
        }
    }

    /// Asks again and again until something holds.
    package func waitUntil(
        within limit: Duration,
        every interval: Duration = .milliseconds(200),
        _ what: String,
        _ condition: () async throws -> Bool
    ) async throws {
        let clock = ContinuousClock()
        let deadline = clock.now + limit
        while try await !condition() {
            guard clock.now < deadline else { throw ChildProcess.Failure("\(what): not within \(limit)") }
            try await Task.sleep(for: interval)
        }
    }
}
