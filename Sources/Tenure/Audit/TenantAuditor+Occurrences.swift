internal import PostgresStore
internal import TenureCore

extension TenantAuditor {
    func occurrences() -> [AuditFinding] {
        var findings = self.facts.invalid.map { self.finding(.schema, $0.description, severity: .warning) }
        for job in self.facts.jobs {
            if let ledger = job.ledger { findings += self.findings(of: job, ledger) }
            findings += self.overdue(job)
        }
        return findings + self.asleep()
    }

    private func findings(of job: TenantFacts.Job, _ ledger: OccurrenceLedger) -> [AuditFinding] {
        let name = job.definition.name
        var findings: [AuditFinding] = []
        func add(_ check: AuditCheck, _ what: String, _ instants: [(instant: Int64, id: Int64?)]) {
            guard let first = instants.first else { return }
            let count = instants.count == 1 ? "1 occurrence" : "\(instants.count) occurrences"
            let detail = "job \(name): \(count) \(what), the first at \(UTCTimestamp.text(microseconds: first.instant))"
            let rows = instants.map { occurrence in
                var fields: [ClusterEvent.Field] = [
                    .init("job_name", .string(name)),
                    .init("scheduled_for", .string(UTCTimestamp.text(microseconds: occurrence.instant))),
                ]
                if let id = occurrence.id { fields.append(.init("run_id", .integer(id))) }
                return AuditFinding.Row(fields)
            }
            findings.append(self.finding(check, detail, rows: rows))
        }
        add(.occurrenceMissing, "left nothing", ledger.missing.map { ($0, nil) })
        add(.occurrenceOffSchedule, "not on the schedule", ledger.offSchedule.map { ($0.instant, $0.id) })
        add(.occurrenceAhead, "later than the last one that was dealt with", ledger.ahead.map { ($0.instant, $0.id) })
        if ledger.isCut {
            let detail = "job \(name): only the newest \(ledger.expected) occurrences were compared with its schedule"
            findings.append(self.finding(.unread, detail, severity: .warning))
        }
        return findings
    }

    /// An owner that has been there for long enough makes every occurrence into work, or skips it.
    private func overdue(_ job: TenantFacts.Job) -> [AuditFinding] {
        guard let standing = self.facts.standing, let instant = job.overdue, !self.tenant.isSuspended else { return [] }
        guard self.cluster == nil || self.isOwned else { return [] }
        guard standing.since.duration(to: standing.now) > self.options.overdue else { return [] }
        let text = UTCTimestamp.text(microseconds: instant.microseconds)
        return [
            self.finding(
                .occurrenceOverdue,
                "job \(job.definition.name): due since \(text), and not made into work",
                // Whether the owner is there, only Redis knows.
                severity: self.cluster == nil ? .warning : .violation,
                rows: [
                    AuditFinding.Row([
                        .init("job_name", .string(job.definition.name)), .init("scheduled_for", .string(text)),
                        .init("node", .string(standing.node)), .init("epoch", .integer(standing.epoch.value)),
                    ])
                ],
                persistence: "\(job.definition.name) \(text)"
            )
        ]
    }

    /// An owner that sleeps knows of nothing that it could start, unless it has no slot for it.
    private func asleep() -> [AuditFinding] {
        guard let standing = self.facts.standing, let waiting = standing.waiting, !self.tenant.isSuspended else {
            return []
        }
        let limit = standing.now.advanced(by: .zero - self.options.overdue)
        guard waiting.dueAt < limit, standing.sleepUntil > standing.now, standing.since < limit else { return [] }
        guard self.facts.claims.isEmpty else { return [] }
        if self.cluster != nil {
            guard self.isOwned, let load = self.lock.flatMap({ self.cluster?.loads[$0.holder.node] }) else { return [] }
            guard load.busySlots < load.maxSlots else { return [] }
        }
        let due = UTCTimestamp.text(microseconds: waiting.dueAt.microseconds)
        let sleep = UTCTimestamp.text(microseconds: min(standing.sleepUntil, .lastInText).microseconds)
        return [
            self.finding(
                .asleep,
                "work \(waiting.id) has been due since \(due), and its owner sleeps until \(sleep)",
                // A limit of the topic or of a key, which leaves no trace, may hold it back.
                severity: .warning,
                rows: [
                    AuditFinding.Row([
                        .init("id", .integer(waiting.id.value)), .init("due_at", .string(due)),
                        .init("sleep_until", .string(sleep)), .init("node", .string(standing.node)),
                        .init("epoch", .integer(standing.epoch.value)),
                    ])
                ],
                persistence: "\(waiting.id) \(standing.epoch)"
            )
        ]
    }
}

extension ServerTime {
    /// The end of the year 9999: what lies beyond has no text.
    fileprivate static let lastInText = ServerTime(microseconds: 253_402_300_799_999_000)
}
