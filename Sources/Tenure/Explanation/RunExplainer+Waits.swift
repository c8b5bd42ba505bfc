internal import PostgresStore
internal import TenureCore

extension RunExplainer {
    /// What the record says about a wait.
    ///
    /// - Parameters:
    ///   - due: From when on it could have run.
    ///   - end: When it began, or now.
    ///   - hasStarted: Whether it began.
    func waits(from due: ServerTime, to end: ServerTime, hasStarted: Bool) -> [String] {
        guard due < end, due.duration(to: end) >= Self.shortWait else { return [] }
        var waits = self.ownerless(due...end)
        waits += self.pauses(due...end)
        waits += self.predecessors(due...end, hasStarted: hasStarted)
        if !hasStarted { waits += self.obstacles() }
        if waits.isEmpty {
            waits.append(
                "Nothing that is recorded explains these \(due.text(until: end)): a wait for a free slot, or for a "
                    + "limit of the tenant or the topic, leaves no trace."
            )
        }
        return waits
    }

    /// Times without an owner.
    private func ownerless(_ range: ClosedRange<ServerTime>) -> [String] {
        var waits = (self.facts.history?.gaps(in: range) ?? []).map { gap in
            let until = gap.to.map { " until \($0.text)" } ?? ""
            let next = gap.successor.map { ", when \($0) took it" } ?? ", and nobody has taken it since"
            return "No owner from \(gap.from.text) (\(gap.ending))\(until)\(next)."
        }
        if waits.isEmpty, let standing = self.facts.standing, standing.epoch > .none, range.contains(standing.since),
            standing.since > range.lowerBound
        {
            waits.append(
                "\(standing.node) has been the owner, epoch \(standing.epoch), only since \(standing.since.text); who "
                    + "was before is not in the events that are kept."
            )
        }
        return waits
    }

    /// Times in which the job was paused.
    private func pauses(_ range: ClosedRange<ServerTime>) -> [String] {
        var waits: [String] = []
        var pausedAt: (at: ServerTime, role: String)?
        for change in self.facts.changes {
            switch change.what {
            case "job.paused": pausedAt = pausedAt ?? (change.at, change.role)
            case "job.resumed":
                if let pause = pausedAt, pause.at < range.upperBound, change.at > range.lowerBound {
                    waits.append("The job was paused from \(pause.at.text) (by \(pause.role)) until \(change.at.text).")
                }
                pausedAt = nil
            default: continue
            }
        }
        return waits
    }

    /// Earlier runs of the same job, where they run one at a time.
    private func predecessors(_ range: ClosedRange<ServerTime>, hasStarted: Bool) -> [String] {
        guard self.facts.times?.overlap == "queue" else { return [] }
        return self.facts.blocking.compactMap { run in
            let name = "run \(run.id)" + (run.scheduledFor.map { " of \($0.text)" } ?? "")
            guard let end = run.endedAt else {
                return hasStarted ? nil : "Runs of this job go one at a time, and \(name) has not ended."
            }
            guard range.contains(end) else { return nil }
            return "Runs of this job go one at a time, and \(name) ended at \(end.text)."
        }
    }

    /// What stands in the way now.
    func obstacles() -> [String] {
        var waits: [String] = []
        if self.facts.isSuspended { waits.append("The tenant is suspended.") }
        if let head = self.facts.head, self.facts.times?.overlap != "queue" {
            waits.append("Work of its ordering key goes one at a time, and \(head) is ahead.")
        }
        if self.facts.work?.isSuspect == true {
            waits.append("It was left over by a process that ended: such work is claimed alone, one at a time.")
        }
        if let cluster = self.facts.cluster, cluster.locks[self.facts.tenant] == nil, !self.facts.isSuspended {
            let reason = cluster.unassigned[self.facts.tenant].map { ": \($0)" } ?? ""
            waits.append("Nobody owns the tenant now\(reason).")
        }
        return waits
    }
}
