internal import ClusterHarness

/// What the databases said after a soak.
package struct SoakReport: Sendable {
    /// Nodes that were killed.
    package var kills = 0
    /// Planned moves.
    package var moves = 0
    /// Seconds from a dead owner's last heartbeat to the new one's first pass, for each tenant.
    package var takeovers = Figures([])
    /// Seconds from due to started, for each timer and each run of the job that is due every second.
    package var lateness = Figures([])
    /// The same for those of them that a crash interrupted: they run again alone, one at a time for each tenant.
    package var latenessAfterCrash = Figures([])
    /// Pieces that were handed over, by their purpose.
    package var handedOver: [(purpose: String, count: Int)] = []
    /// Rows of history, by their state and reason.
    package var history: [(state: String, count: Int)] = []
    /// Promises that were checked.
    package var checks = 0
    /// What broke them.
    package var violations: [String] = []

    /// Reads the databases.
    static func of(_ cluster: TestCluster) async throws -> SoakReport {
        var report = SoakReport()
        for check in SoakCheck.all {
            let rows = try await cluster.queryAll(check.violations)
            report.checks += 1
            if !rows.isEmpty {
                report.violations.append("\(check.promise): \(rows.count) rows break it, such as \(rows.prefix(3))")
            }
        }
        let late = try await cluster.queryAll(
            """
            SELECT round(extract(epoch FROM r.started_at - r.due_at), 3), c.run_id IS NOT NULL FROM @.runs AS r
            LEFT JOIN (SELECT DISTINCT run_id FROM @.runs WHERE state = 'crashed') AS c ON c.run_id = r.run_id
            WHERE r.state = 'completed' AND r.attempt = 1 AND (r.job_name = 'tick' OR r.kind = 'timer')
            """
        )
        report.lateness = Figures(late.filter { $0[2] == "f" }.compactMap { Double($0[1]) })
        report.latenessAfterCrash = Figures(late.filter { $0[2] == "t" }.compactMap { Double($0[1]) })
        report.handedOver = try await cluster.sums(
            "SELECT purpose, count(*) FROM public.soak WHERE tenant = '@tenant' GROUP BY 1"
        )
        .map { (purpose: $0.key, count: $0.value) }
        report.history = try await cluster.sums(
            "SELECT state || coalesce(', ' || nullif(reason, ''), ''), count(*) FROM @.runs GROUP BY 1"
        ).map { (state: $0.key, count: $0.value) }
        return report
    }

    /// A page about it.
    package var text: String {
        var lines = [
            "kills         \(self.kills)",
            "takeovers     \(self.takeovers.count) tenants, worst \(Figures.text(self.takeovers.worst, digits: 1)) s",
            "hand-overs    \(self.moves)",
            "lateness      \(Self.line(self.lateness)) timers and runs each second",
            "after a crash \(Self.line(self.latenessAfterCrash)) of them, which run again one at a time",
        ]
        lines += ["handed over:"] + self.handedOver.map { "  \($0.count) \($0.purpose)" }
        lines += ["history:"] + self.history.map { "  \($0.count) \($0.state)" }
        lines.append("\(self.checks) promises checked, \(self.violations.count) broken")
        return (lines + self.violations.map { "  \($0)" }).joined(separator: "\n")
    }

    private static func line(_ lateness: Figures) -> String {
        let figures = [lateness.percentile(0.5), lateness.percentile(0.99), lateness.worst].map {
            Figures.text($0, digits: 3)
        }
        return "p50 \(figures[0]) s, p99 \(figures[1]) s, worst \(figures[2]) s of \(lateness.count)"
    }
}

extension TestCluster {
    /// Adds up counts over all tenants, in the order of their names.
    fileprivate func sums(_ sql: String) async throws -> [(key: String, value: Int)] {
        var sums: [String: Int] = [:]
        for row in try await self.queryAll(sql) { sums[row[1], default: 0] += Int(row[2]) ?? 0 }
        return sums.sorted { $0.key < $1.key }
    }
}
