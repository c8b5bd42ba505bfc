internal import PostgresStore
internal import TenureCore

/// Occurrences of which nothing is recorded: neither work, nor history, nor a dead letter.
extension RunExplainer {
    func unrecorded() -> RunExplanation {
        var explanation = RunExplanation(
            tenant: self.facts.tenant,
            state: .missing,
            summary: "Nothing is recorded of it."
        )
        guard let instant = self.facts.scheduledFor, let standing = self.facts.standing else { return explanation }
        explanation.steps = [.init(instant, "scheduled for")]
        guard let job = self.facts.job?.definition else {
            explanation.state = .deleted
            let at = self.facts.times?.deletedAt.map { " since \($0.text)" } ?? ""
            explanation.summary = "Nothing is recorded of it, and the job has been deleted\(at)."
            return explanation
        }
        let dealtWith = max(job.lastOccurrence ?? .distantPast, job.plannedFrom)
        if instant > dealtWith {
            self.describePending(&explanation, job, instant, standing)
        } else {
            (explanation.state, explanation.summary) = self.past(job, instant, standing)
        }
        return explanation
    }

    /// The schedule has not come to it.
    private func describePending(
        _ explanation: inout RunExplanation,
        _ job: JobDefinition,
        _ instant: ServerTime,
        _ standing: TenantStanding
    ) {
        if job.isPaused {
            let since = self.facts.times?.pausedAt.map { " since \($0.text)" } ?? ""
            explanation.state = .paused
            explanation.summary =
                "The job is paused\(since). When it is resumed, its misfire policy (\(job.misfire.rawValue)) decides "
                + "about what has passed."
            explanation.steps += (self.facts.times?.pausedAt).map { [.init($0, "the job was paused")] } ?? []
        } else if instant > standing.now {
            explanation.state = .upcoming
            explanation.summary = "It is yet to come, in \(standing.now.text(until: instant))."
        } else {
            explanation.state = .due
            explanation.summary =
                "It has been due for \(instant.text(until: standing.now)), and the owner has not made it into work."
            explanation.waits = self.waits(from: instant, to: standing.now, hasStarted: false)
        }
    }

    /// The schedule has passed it.
    private func past(
        _ job: JobDefinition,
        _ instant: ServerTime,
        _ standing: TenantStanding
    ) -> (RunExplanation.State, String) {
        if instant <= job.plannedFrom {
            return (
                .before,
                "The present schedule counts from \(job.plannedFrom.text) on: when the job was put, rescheduled, or "
                    + "resumed. Nothing is recorded of what was before."
            )
        }
        if let historyFrom = standing.historyFrom, instant < historyFrom.advanced(by: .seconds(60)) {
            return (.forgotten, "The history goes back to \(historyFrom.text) only.")
        }
        if let row = self.standIn(for: instant) {
            let at = ServerTime(microseconds: row.instant)
            return (
                .skipped,
                "It did not run: it was skipped together with others, and the row of \(at.text) (run \(row.id)) stands "
                    + "for it: \(SkipReason.earlierToo.dropFirst())."
            )
        }
        return (
            .missing,
            "Nothing is recorded of it, and it should be: the schedule has passed it. 'tenure audit' tells what "
                + "else is missing."
        )
    }

    /// The row that says why an occurrence did not run, together with later ones.
    private func standIn(for instant: ServerTime) -> RecordedOccurrence? {
        for (index, row) in self.facts.later.enumerated() where row.standsForEarlier {
            // What became work before that row ends what it stands for.
            return self.facts.later[..<index].contains { $0.id < row.id } ? nil : row
        }
        return nil
    }
}
