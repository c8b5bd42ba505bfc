/// What the databases say about the work of a cluster.
package struct Audit: Sendable {
    /// Occurrences of the job that is due every second which have no completed run, between the first and the last that
    /// was recorded, as `tenant@instant`.
    package var missing: [String] = []
    /// Runs that completed more than once, and occurrences with more than one run.
    package var doubled: [String] = []
    /// Occurrences that did not run, with the reason.
    package var skipped: [String] = []
    /// The longest time from an occurrence's instant to the end of its run, per tenant, in seconds.
    package var worstLateness: [String: Double] = [:]
    /// Occurrences that ran.
    package var completed = 0

    /// Reads the history of the given tenants.
    ///
    /// - Parameters:
    ///   - cluster: The cluster.
    ///   - since: Lateness counts for occurrences from this instant on, in seconds since 1970.
    ///   - tenants: Whose history; `nil` for all.
    package static func of(
        _ cluster: TestCluster,
        since: Double = 0,
        tenants: [TestCluster.Tenant]? = nil
    ) async throws -> Audit {
        var audit = Audit()
        let ticks = """
            SELECT extract(epoch FROM scheduled_for)::bigint, count(*) FILTER (WHERE state = 'completed'),
                count(DISTINCT run_id), count(*) FILTER (WHERE state = 'skipped'),
                coalesce(max(extract(epoch FROM finished_at - scheduled_for)) FILTER (WHERE state = 'completed'), 0)
            FROM @.runs WHERE job_name = 'tick' GROUP BY scheduled_for ORDER BY scheduled_for
            """
        var last: [String: Int] = [:]
        for row in try await cluster.queryAll(ticks, tenants: tenants) {
            let (tenant, instant) = (row[0], Int(row[1]) ?? 0)
            let (completed, runs, skipped) = (Int(row[2]) ?? 0, Int(row[3]) ?? 0, Int(row[4]) ?? 0)
            if let previous = last[tenant], instant > previous + 1 {
                audit.missing += (previous + 1..<instant).map { "\(tenant)@\($0)" }
            }
            last[tenant] = instant
            if completed > 1 || (runs > 1 && skipped == 0) { audit.doubled.append("\(tenant)@\(instant)") }
            if skipped > 0 { audit.skipped.append("\(tenant)@\(instant)") }
            audit.completed += completed
            if Double(instant) >= since {
                audit.worstLateness[tenant] = max(audit.worstLateness[tenant] ?? 0, Double(row[5]) ?? 0)
            }
        }
        let twice = "SELECT run_id FROM @.runs WHERE state = 'completed' GROUP BY run_id HAVING count(*) > 1"
        audit.doubled += try await cluster.queryAll(twice, tenants: tenants).map { "\($0[0]) run \($0[1])" }
        return audit
    }
}

extension TestCluster {
    /// Waits until no timer is left to run, and returns what is wrong with them: each is to have completed.
    package func unsoundTimers(within limit: Duration = .seconds(30), tenants: [Tenant]? = nil) async throws -> [String]
    {
        let clock = ContinuousClock()
        let deadline = clock.now + limit
        while true {
            let left = try await self.queryAll(
                "SELECT id, topic, due_at, attempts FROM @.work WHERE kind = 'timer' LIMIT 3",
                tenants: tenants
            )
            if left.isEmpty { break }
            guard clock.now < deadline else { return ["timers are left: \(left.prefix(5))"] }
            try await Task.sleep(for: .milliseconds(300))
        }
        var problems: [String] = []
        let unrecorded = try await self.queryAll(
            "SELECT id FROM public.ledger l WHERE tenant = '@tenant' AND NOT EXISTS (SELECT FROM @.runs r "
                + "WHERE r.run_id = l.id AND r.state = 'completed')",
            tenants: tenants
        )
        if !unrecorded.isEmpty {
            problems.append("\(unrecorded.count) timers are gone without a run: \(unrecorded.prefix(5))")
        }
        let dead = try await self.queryAll("SELECT * FROM @.dead_letters LIMIT 1", tenants: tenants)
        if !dead.isEmpty { problems.append("dead letters: \(dead.prefix(3))") }
        return problems
    }
}
