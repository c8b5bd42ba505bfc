internal import PostgresStore
internal import TenureCore

/// Tells from what was read what became of a run or an occurrence, and what it waited for. Pure.
///
/// It says what the record supports, and where the record says nothing, that.
struct RunExplainer {
    let facts: ExplanationFacts

    /// A wait that is not worth a word.
    static let shortWait = Duration.seconds(1)

    func explanation() -> RunExplanation {
        let isRecorded = !self.facts.attempts.isEmpty || self.facts.work != nil || self.facts.deadLetter != nil
        var explanation = isRecorded ? self.recorded() : self.unrecorded()
        explanation.id = self.facts.id
        explanation.jobName = self.facts.jobName
        explanation.scheduledFor = self.facts.scheduledFor
        explanation.attempts = self.facts.attempts.map(RunInfo.init)
        explanation.includesEvents = self.facts.history != nil
        if let standing = self.facts.standing, standing.epoch > .none {
            explanation.owner = .init(node: standing.node, epoch: standing.epoch, since: standing.since)
        }
        return explanation
    }

    // MARK: What became work

    private func recorded() -> RunExplanation {
        let state = self.state
        var explanation = RunExplanation(
            tenant: self.facts.tenant,
            state: state,
            summary: self.summary(of: state)
        )
        explanation.steps = self.steps()
        if state != .skipped, let due = self.firstDue, let end = self.firstStart ?? self.facts.standing?.now {
            explanation.waits = self.waits(from: due, to: end, hasStarted: self.firstStart != nil)
        }
        return explanation
    }

    private var state: RunExplanation.State {
        if let work = self.facts.work { return RunExplanation.State(rawValue: work.state) ?? .available }
        if self.facts.deadLetter != nil { return .discarded }
        return self.facts.attempts.last.flatMap { RunExplanation.State(rawValue: $0.state) } ?? .completed
    }

    /// When it was first due, as far as that is still known: a retry is due anew.
    private var firstDue: ServerTime? {
        if let only = self.facts.attempts.first, self.facts.attempts.count == 1, let due = only.dueAt { return due }
        if let work = self.facts.work, work.attempts == 0 { return work.dueAt }
        return self.facts.scheduledFor
    }

    private var firstStart: ServerTime? {
        self.facts.attempts.lazy.compactMap(\.startedAt).first ?? self.facts.work?.claimedAt
    }

    private func summary(of state: RunExplanation.State) -> String {
        switch state {
        case .skipped:
            let last = self.facts.attempts.last
            return "It did not run: \(Self.meaning(ofSkip: last?.reason ?? "")) (decided under epoch "
                + "\(last?.epoch?.description ?? "unknown"))."
        case .completed, .cancelled, .discarded, .interrupted, .crashed:
            return self.ending(state)
        case .running:
            guard let work = self.facts.work, let at = work.claimedAt, let now = self.facts.standing?.now else { break }
            let node = work.node ?? "its owner"
            let epoch = work.epoch?.description ?? "unknown"
            return "It runs on \(node) under epoch \(epoch), attempt \(work.attempts + 1), for \(at.text(until: now))."
        case .retryable:
            guard let work = self.facts.work else { break }
            let error = self.facts.attempts.last?.error.map { ": \($0)" } ?? ""
            return "It failed \(Self.times(work.attempts)) of \(work.maxAttempts)\(error). The next attempt is due at "
                + "\(work.dueAt.text)."
        case .scheduled:
            return "It has not come: it is due at \(self.facts.work?.dueAt.text ?? "an unknown instant")."
        case .available:
            guard let work = self.facts.work, let now = self.facts.standing?.now else { break }
            let again = self.facts.attempts.last.map { " Its last attempt was \($0.state)." } ?? ""
            return "It has been due for \(work.dueAt.text(until: now)), and nobody has claimed it.\(again)"
        case .upcoming, .due, .paused, .deleted, .before, .forgotten, .missing: break
        }
        return "It is \(state.rawValue)."
    }

    private func ending(_ state: RunExplanation.State) -> String {
        guard let last = self.facts.attempts.last else {
            let reason = self.facts.deadLetter?.reason.map { " (\($0))" } ?? ""
            return "It is among the dead letters\(reason); its history is gone."
        }
        var text = "It \(Self.verb(of: state))"
        if let node = last.node { text += " on \(node)" }
        if let epoch = last.epoch { text += " under epoch \(epoch)" }
        if last.attempt > 1 { text += ", at attempt \(last.attempt)" }
        if let started = last.startedAt {
            if let due = self.firstDue, last.attempt <= 1, started >= due {
                text += ", started \(due.text(until: started)) after it was due"
            }
            text += ", after \(started.text(until: last.finishedAt))"
        }
        let why = [last.reason, last.error].compactMap(\.self).joined(separator: ": ")
        if !why.isEmpty { text += " (\(why))" }
        text += "."
        if self.facts.deadLetter != nil { text += " It is among the dead letters." }
        return text
    }

    private static func verb(of state: RunExplanation.State) -> String {
        switch state {
        case .completed: "completed"
        case .cancelled: "was cancelled"
        case .discarded: "failed for good"
        case .interrupted: "was interrupted"
        case .crashed: "ended with its process"
        case .scheduled, .available, .running, .retryable, .skipped, .upcoming, .due, .paused, .deleted, .before,
            .forgotten, .missing:
            "is \(state.rawValue)"
        }
    }

    private static func meaning(ofSkip reason: String) -> String {
        if reason.hasSuffix(SkipReason.earlierToo) {
            return self.meaning(ofSkip: String(reason.dropLast(SkipReason.earlierToo.count)))
                + "; the row stands for all that were due before as well"
        }
        let calendar = SkipReason.calendar("")
        if reason.hasPrefix(calendar) {
            return "the calendar \(reason.dropFirst(calendar.count)) leaves its date out"
        }
        return switch reason {
        case SkipReason.overlap: "its predecessor had not ended, and the job's overlap policy does not let it run"
        case SkipReason.misfire: "it could not start within the grace, and the job's misfire policy skips it"
        case SkipReason.paused: "the job was paused, and its misfire policy does not run it after the resumption"
        case "": "no reason is recorded"
        default: reason
        }
    }

    private static func times(_ count: Int) -> String { count == 1 ? "once" : "\(count) times" }

    private func steps() -> [RunExplanation.Step] {
        var steps: [RunExplanation.Step] = []
        if let scheduledFor = self.facts.scheduledFor { steps.append(.init(scheduledFor, "scheduled for")) }
        if let created = self.facts.work?.createdAt ?? self.facts.deadLetter?.createdAt {
            steps.append(.init(created, self.facts.jobName == nil ? "enqueued" : "made into work"))
        }
        if let due = self.firstDue, due != self.facts.scheduledFor {
            steps.append(.init(due, self.facts.scheduledFor == nil ? "due" : "due, put off by the job's jitter"))
        }
        for attempt in self.facts.attempts { steps += Self.steps(of: attempt) }
        if let work = self.facts.work {
            if work.attempts > 0 { steps.append(.init(work.dueAt, "due again, for attempt \(work.attempts + 1)")) }
            if let at = work.claimedAt {
                let owner = "\(work.node ?? "a node") under epoch \(work.epoch?.description ?? "unknown")"
                steps.append(.init(at, "claimed by \(owner)"))
            }
        }
        if let dead = self.facts.deadLetter {
            let why = dead.reason.map { ": \($0)" } ?? ""
            steps.append(.init(dead.failedAt, "put among the dead letters\(why)"))
        }
        steps += self.ownerSteps(around: steps.map(\.at))
        return steps.sorted { $0.at < $1.at }
    }

    private static func steps(of attempt: RunRecord) -> [RunExplanation.Step] {
        var steps: [RunExplanation.Step] = []
        let owner = attempt.node.map { "on \($0) under epoch \(attempt.epoch?.description ?? "unknown")" } ?? ""
        if let started = attempt.startedAt {
            // What its claimant never told is known from the claim.
            let verb = attempt.state == "crashed" ? "claimed" : "started"
            steps.append(.init(started, "attempt \(attempt.attempt) \(verb) \(owner)"))
        }
        let why = [attempt.reason, attempt.error].compactMap(\.self).joined(separator: ": ")
        let what =
            attempt.attempt == 0 || attempt.startedAt == nil
            ? attempt.state : "attempt \(attempt.attempt) \(attempt.state)"
        steps.append(.init(attempt.finishedAt, why.isEmpty ? what : "\(what) (\(why))"))
        return steps
    }

    /// Changes of hands between the first and the last of what happened.
    private func ownerSteps(around instants: [ServerTime]) -> [RunExplanation.Step] {
        guard let history = self.facts.history, let first = instants.min(), let last = instants.max() else { return [] }
        return history.tenures.filter { first <= $0.at && $0.at <= last }.map {
            .init($0.at, "\($0.node) became the owner, epoch \($0.epoch)")
        }
    }
}

extension ServerTime {
    /// The instant for people.
    var text: String {
        switch self {
        case .distantPast: "-infinity"
        case .distantFuture: "infinity"
        default: UTCTimestamp.text(microseconds: self.microseconds)
        }
    }

    /// The time to another instant for people: milliseconds below ten seconds, seconds beyond.
    func text(until other: ServerTime) -> String {
        let duration = self.duration(to: other)
        return duration < .seconds(10) ? "\(duration.milliseconds) ms" : "\(duration.components.seconds) s"
    }
}
