internal import PostgresStore
internal import TenureCore

/// What was read of one tenant at one instant, in a form that decides nothing.
struct TenantFacts: Sendable {
    /// One job, compared with its schedule.
    struct Job: Sendable {
        let definition: JobDefinition
        /// `nil` when the history is not there to be compared with.
        let ledger: OccurrenceLedger?
        /// The first occurrence that is due for too long.
        let overdue: ServerTime?
    }

    /// `nil` when the control rows are not as they should be.
    var standing: TenantStanding?
    var claims: [ClaimFacts] = []
    var epochs: [EpochFacts] = []
    var jobs: [Job] = []
    /// Jobs that cannot be planned.
    var invalid: [InvalidSchedule] = []
    /// What the queries found, each row a JSON object.
    var rows: [AuditQuery: [String]] = [:]
}

extension TenantFacts {
    /// Reads a tenant.
    ///
    /// - Throws: ``StoreError``.
    static func read(_ client: PostgresTenantClient, _ options: AuditOptions) async throws -> TenantFacts {
        try await client.withSnapshot(timeout: options.tenantTimeout) { snapshot in
            var facts = TenantFacts()
            // First: what follows assumes these tables.
            facts.standing = try await snapshot.standing()
            for query in AuditQuery.allCases {
                facts.rows[query] = try await snapshot.rows(
                    of: query,
                    since: options.since,
                    limit: AuditFinding.rowLimit
                )
            }
            facts.claims = try await snapshot.claims()
            facts.epochs = try await snapshot.epochs(since: options.since)
            for job in try await snapshot.jobs().map(\.definition) {
                switch Self.timetable(of: job) {
                case .success(let timetable):
                    let ledger = try await Self.ledger(of: job, timetable, facts.standing, snapshot, options)
                    let overdue = facts.standing.flatMap { standing in
                        let limit = standing.now.advanced(by: .zero - options.overdue)
                        return OccurrenceLedger.overdue(job, timetable, before: limit)
                    }
                    facts.jobs.append(Job(definition: job, ledger: ledger, overdue: overdue))
                case .failure(let error):
                    facts.invalid.append(error)
                }
            }
            return facts
        }
    }

    private static func timetable(of job: JobDefinition) -> Result<JobTimetable, InvalidSchedule> {
        Result { () throws(InvalidSchedule) in
            try JobTimetable(job.schedule, timeZone: job.timeZone, daylight: job.daylight, job: job.name)
        }
    }

    private static func ledger(
        of job: JobDefinition,
        _ timetable: JobTimetable,
        _ standing: TenantStanding?,
        _ snapshot: TenantSnapshot,
        _ options: AuditOptions
    ) async throws -> OccurrenceLedger? {
        guard let historyFrom = standing?.historyFrom else { return nil }
        let first = OccurrenceLedger.firstInstant(of: job, since: options.since, historyFrom: historyFrom)
        let recorded = try await snapshot.occurrences(of: job.name, after: ServerTime(microseconds: first))
        return OccurrenceLedger(
            of: job,
            timetable,
            after: first,
            recorded: recorded,
            limit: options.occurrenceLimit
        )
    }
}
