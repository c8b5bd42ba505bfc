internal import PostgresStore
internal import TenureCore

extension TenantAuditor {
    /// Whether the lock's holder is the owner that the fence names; only then is anybody expected to work.
    var isOwned: Bool {
        guard let standing = self.facts.standing, let lock else { return false }
        return lock.epoch == standing.epoch && lock.holder.incarnation == standing.incarnation
    }

    func ownership() -> [AuditFinding] {
        guard let standing = self.facts.standing, let cluster else { return [] }
        guard let lock else { return self.unowned(standing, cluster) }
        let isSame = lock.holder.incarnation == standing.incarnation && lock.holder.node.description == standing.node
        if lock.epoch == standing.epoch && isSame { return [] }
        let rows = [self.row(of: lock), self.row(of: standing)]
        let persistence = "\(lock.holder) \(lock.epoch) \(standing.incarnation) \(standing.epoch)"
        guard lock.epoch != standing.epoch else {
            let detail =
                "epoch \(lock.epoch) is locked by \(lock.holder) and installed for \(standing.node)/"
                + "\(standing.incarnation)"
            return [self.finding(.twoOwners, detail, rows: rows, persistence: persistence)]
        }
        let load = cluster.loads[lock.holder.node]
        let isBusyOpening =
            load?.openingTenants.contains(self.tenant.id) == true
            || load?.troubledTenants.contains(self.tenant.id) == true
        let detail =
            lock.epoch > standing.epoch
            ? "\(lock.holder.node) holds the lock of epoch \(lock.epoch), and epoch \(standing.epoch) is installed"
            : "\(lock.holder.node) holds the lock of epoch \(lock.epoch), and the later epoch \(standing.epoch) is "
                + "installed for \(standing.node)"
        let severity: AuditFinding.Severity = lock.epoch > standing.epoch && isBusyOpening ? .warning : .violation
        return [self.finding(.lockAndFence, detail, severity: severity, rows: rows, persistence: persistence)]
    }

    private func unowned(_ standing: TenantStanding, _ cluster: ClusterState) -> [AuditFinding] {
        guard !self.tenant.isSuspended else { return [] }
        let persistence = "\(standing.epoch)"
        let rows = [self.row(of: standing)]
        if cluster.nodes.isEmpty {
            let isIdle = standing.waiting == nil && self.facts.claims.isEmpty
            let detail = isIdle ? "no node runs" : "no node runs, and there is work to do"
            return [self.finding(.unowned, detail, severity: .warning, rows: rows, persistence: persistence)]
        }
        if let reason = cluster.unassigned[self.tenant.id] {
            let detail = "the leader has not assigned it: \(reason)"
            return [self.finding(.unowned, detail, severity: .warning, rows: rows, persistence: persistence)]
        }
        let assigned = cluster.owners[self.tenant.id].map { "it is assigned to \($0)" } ?? "it is assigned to nobody"
        return [self.finding(.unowned, "nobody holds its lock; \(assigned)", rows: rows, persistence: persistence)]
    }

    private func row(of lock: TenantLock) -> AuditFinding.Row {
        AuditFinding.Row([
            .init("in", .string("redis")), .init("node", .string(lock.holder.node.description)),
            .init("incarnation", .string(lock.holder.incarnation.description)),
            .init("epoch", .integer(lock.epoch.value)), .init("remaining_ms", .integer(lock.remaining.milliseconds)),
        ])
    }

    private func row(of standing: TenantStanding) -> AuditFinding.Row {
        AuditFinding.Row([
            .init("in", .string("postgres")), .init("node", .string(standing.node)),
            .init("incarnation", .string(standing.incarnation.description)),
            .init("epoch", .integer(standing.epoch.value)),
            .init("since", .string(UTCTimestamp.text(microseconds: standing.since.microseconds))),
        ])
    }

    // MARK: Epochs

    /// By how much clocks that are read in one server may differ: not at all, but for a clock that was set.
    private static let clockTolerance = Duration.seconds(1)

    func epochs() -> [AuditFinding] {
        guard let standing = self.facts.standing else { return [] }
        var findings: [AuditFinding] = []
        let above = self.facts.epochs.filter { $0.epoch > standing.epoch }
        if !above.isEmpty {
            let detail = "the history has epoch \(above.map(\.epoch.description).joined(separator: ", ")), and epoch "
            findings.append(
                self.finding(.epochAboveFence, detail + "\(standing.epoch) is installed", rows: above.map(Self.row))
            )
        }
        let shared = self.facts.epochs.filter { $0.firstNode != $0.lastNode }
        if !shared.isEmpty {
            let detail = "epoch \(shared.map(\.epoch.description).joined(separator: ", ")) was used by two nodes"
            findings.append(self.finding(.epochOfTwoNodes, detail, rows: shared.map(Self.row)))
        }
        return findings + self.epochOrder()
    }

    /// Occurrences are skipped under the epoch lock, by the server's clock: strictly in the order of epochs. Runs are
    /// started by their claimant's estimate of it, and for as long as it is lent its claims.
    private func epochOrder() -> [AuditFinding] {
        var findings: [AuditFinding] = []
        let lending = self.options.drainTimeout + .seconds(5)
        var firstSkip: (epoch: EpochFacts, at: ServerTime)?
        var firstStart: (epoch: EpochFacts, at: ServerTime)?
        for facts in self.facts.epochs.reversed() {
            if let skipped = facts.skipped {
                if let later = firstSkip, skipped.upperBound > later.at.advanced(by: Self.clockTolerance) {
                    findings.append(self.disorder("an occurrence was skipped", facts, later.epoch))
                }
                if skipped.lowerBound < firstSkip?.at ?? .distantFuture { firstSkip = (facts, skipped.lowerBound) }
            }
            if let started = facts.started {
                if let later = firstStart, started.upperBound > later.at.advanced(by: lending) {
                    findings.append(self.disorder("a run was started", facts, later.epoch))
                }
                if started.lowerBound < firstStart?.at ?? .distantFuture { firstStart = (facts, started.lowerBound) }
            }
        }
        return findings
    }

    private func disorder(_ what: String, _ earlier: EpochFacts, _ later: EpochFacts) -> AuditFinding {
        self.finding(
            .epochOrder,
            "\(what) under epoch \(earlier.epoch) after epoch \(later.epoch) was in use",
            rows: [Self.row(earlier), Self.row(later)]
        )
    }

    private static func row(_ facts: EpochFacts) -> AuditFinding.Row {
        var fields: [ClusterEvent.Field] = [
            .init("epoch", .integer(facts.epoch.value)), .init("rows", .integer(Int64(facts.rows))),
        ]
        func add(_ name: String, _ text: String?) {
            if let text { fields.append(.init(name, .string(text))) }
        }
        func add(_ name: String, _ time: ServerTime?) {
            add(name, time.map { UTCTimestamp.text(microseconds: $0.microseconds) })
        }
        add("node", facts.firstNode)
        if facts.lastNode != facts.firstNode { add("other_node", facts.lastNode) }
        add("first_start", facts.started?.lowerBound)
        add("last_start", facts.started?.upperBound)
        add("first_skip", facts.skipped?.lowerBound)
        add("last_skip", facts.skipped?.upperBound)
        return AuditFinding.Row(fields)
    }
}
