internal import Logging

/// Speaks up about what takes too long: the conditions are gathered here, ``Watchdog`` decides when they are told.
extension ClusterAgent {
    /// Looks at everything that this node can see: its own tenants and runs, and, as the leader, tenants without owner.
    func watch() {
        let now = self.now
        let stuckBefore = now.advanced(by: .zero - self.configuration.watchdog.stuck)
        var present: [Watchdog.Condition: Watchdog.Beginning] = [:]
        var topics: [Watchdog.Condition: String] = [:]
        for (tenant, hosting) in self.hostings {
            let lag = self.machines[tenant]?.heldEpoch == nil ? 0 : hosting.scheduler.lagMilliseconds
            if lag > 0 { present[.overdue(tenant)] = .at(now.advanced(by: .zero - .milliseconds(lag))) }
            for attempt in hosting.scheduler.runs.attempts(dueBefore: stuckBefore) {
                let condition = Watchdog.Condition.stuck(tenant, attempt.item.id)
                present[condition] = .at(attempt.deadline)
                topics[condition] = attempt.item.topic
            }
        }
        if self.election.isLeader(at: now) {
            for tenant in self.unowned.keys { present[.unowned(tenant)] = .firstSight }
        } else {
            self.unowned = [:]
        }
        let verdict = self.watchdog.look(at: present, now: now)
        for alert in verdict.raised { self.tell(alert, topic: topics[alert.condition]) }
        for condition in verdict.ended {
            self.log.notice("what the watchdog told of is over", metadata: ["condition": "\(condition)"])
        }
    }

    private func tell(_ alert: Watchdog.Alert, topic: String?) {
        switch alert.condition {
        case .overdue(let tenant):
            self.emit(.watchdogOverdue, [.tenant(tenant), .milliseconds("lag_ms", alert.lasting)])
        case .stuck(let tenant, let run):
            self.emit(
                .watchdogStuck,
                [
                    .tenant(tenant), .text("run_id", run.description), .text("topic", topic ?? ""),
                    .milliseconds("overdue_ms", alert.lasting),
                ]
            )
        case .unowned(let tenant):
            self.emit(
                .watchdogUnowned,
                [
                    .tenant(tenant), .milliseconds("unowned_ms", alert.lasting),
                    .text("reason", self.unowned[tenant] ?? ""),
                ]
            )
        }
    }

    /// Keeps in mind which tenants were without an owner when the leader planned.
    func noteUnowned(_ state: ClusterState, _ changes: PlanChanges) {
        var unowned: [TenantID: String] = [:]
        for (id, tenant) in state.tenants where state.locks[id] == nil && !tenant.isSuspended {
            let node = changes.assign[id] ?? state.owners[id]
            let isLeft = changes.assign[id] == nil
            unowned[id] =
                (isLeft ? changes.unassign[id] : nil) ?? node.map { "node \($0) has not taken it" }
                ?? state.unassigned[id] ?? "it has not been assigned"
        }
        self.unowned = unowned
    }
}
