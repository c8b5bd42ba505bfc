internal import PostgresStore
internal import TenureCore

/// Tells from what was read of one tenant, and from what the cluster says, which promises are broken. Pure.
///
/// What may also be a hand-over or a takeover seen half-way carries what it must still be when it is looked at again.
struct TenantAuditor {
    let tenant: Tenant
    /// What Redis says; `nil` when only the databases are asked.
    let cluster: ClusterState?
    let facts: TenantFacts
    let options: AuditOptions

    /// Everything that is wrong, in the order of the checks.
    func findings() -> [AuditFinding] {
        self.ownership() + self.epochs() + self.rows() + self.occurrences() + self.claims()
    }

    // MARK: Help

    /// The tenant's lock, if Redis was asked and has one.
    var lock: TenantLock? { self.cluster?.locks[self.tenant.id] }

    /// The registrations that Redis knows; `nil` when it was not asked.
    var registered: Set<Incarnation>? {
        self.cluster.map { Set($0.nodes.values.map(\.incarnation)) }
    }

    func finding(
        _ check: AuditCheck,
        _ detail: String,
        severity: AuditFinding.Severity = .violation,
        rows: [AuditFinding.Row] = [],
        persistence: String? = nil
    ) -> AuditFinding {
        AuditFinding(
            check,
            self.tenant.id,
            detail,
            severity: severity,
            rows: Array(rows.prefix(AuditFinding.rowLimit)),
            persistence: persistence
        )
    }

    // MARK: What statements find

    private func rows() -> [AuditFinding] {
        AuditQuery.allCases.compactMap { query in
            guard let rows = self.facts.rows[query], !rows.isEmpty else { return nil }
            let (check, noun) = Self.meaning(of: query)
            return self.finding(
                check,
                "\(AuditFinding.count(rows.count, noun)): \(check.title)",
                rows: rows.map(AuditFinding.Row.init(json:))
            )
        }
    }

    private static func meaning(of query: AuditQuery) -> (check: AuditCheck, noun: String) {
        switch query {
        case .controlRows: (.controlRows, "table")
        case .completedTwice: (.completedTwice, "row")
        case .occurrenceTwice: (.occurrenceTwice, "row")
        case .endedAndToDo: (.endedAndToDo, "row")
        case .deadAndToDo: (.deadAndToDo, "row")
        case .deadEpochs: (.epochAboveFence, "dead letter")
        case .partitions: (.partitionMissing, "partition")
        case .indexes: (.indexMissing, "index entry")
        }
    }
}
