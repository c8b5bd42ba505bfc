internal import ClusterHarness
internal import TestSupport

/// Tenants that come and go while nodes die.
extension FaultCell {
    static let churn = FaultCell(
        "tenant-churn",
        "ten tenants are added and removed again while nodes die"
    ) { trial in
        let cluster = trial.cluster
        let guests = (0..<10).map {
            TestCluster.Tenant(id: "guest-\($0)", database: "shared_\($0 % 2)", schema: "guest_\($0)")
        }
        for (number, guest) in guests.enumerated() {
            await trial.admit(guest)
            try await cluster.tenure(
                "tenants",
                "add",
                guest.id,
                "--connection",
                cluster.connection(to: guest),
                "--schema",
                guest.schema
            )
            try await cluster.tenure("tenants", "migrate", guest.id)
            try await cluster.scheduleTick([guest])
            if number % 4 == 1 { try await trial.replaceOne() }
        }
        try await cluster.waitUntilAllRun(within: .seconds(30), tenants: guests)
        for (number, guest) in guests.enumerated() {
            try await cluster.tenure("tenants", "remove", guest.id)
            if number % 4 == 1 { try await trial.replaceOne() }
        }
        try await cluster.waitUntil(within: .seconds(30), every: .seconds(1), "nobody owns a removed tenant") {
            try await cluster.status().owners.keys.allSatisfy { !$0.hasPrefix("guest") }
        }
        let left = try await cluster.queryAll("SELECT batch FROM @.claims", tenants: guests)
        await trial.expect(left.isEmpty, "claims of removed tenants still stand: \(left.prefix(3))")
        let end = try await cluster.now()
        try await trial.pass(.seconds(3))
        let late = try await cluster.queryAll(
            "SELECT run_id FROM @.runs WHERE started_at > to_timestamp(\(end))",
            tenants: guests
        )
        await trial.expect(late.isEmpty, "removed tenants still run: \(late.prefix(3))")
    }
}

extension FaultTrial {
    /// Kills any node and starts it again at once.
    fileprivate func replaceOne() async throws {
        let victim = try self.anyNode()
        try await self.kill(victim)
        try self.start(victim.id)
    }
}
