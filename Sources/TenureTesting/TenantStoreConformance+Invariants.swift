internal import InMemoryStores
internal import TenureCore

/// What holds for every tenant at every time.
struct TenantInvariants {
    /// Ends after which a row never comes back; a dead letter may, when a user retries it.
    private static let terminal: Set<String> = ["completed", "cancelled", "skipped"]

    private struct Occurrence: Hashable {
        var job: String
        var instant: ServerTime
    }

    private var epoch = Epoch.none

    mutating func check(_ contents: TenantContents) throws {
        try expect(contents.fence.epoch >= self.epoch, "the epoch went back from \(self.epoch)")
        self.epoch = contents.fence.epoch
        try Self.checkClaims(contents)
        try Self.checkEnds(contents)
        try Self.checkKeys(contents)
    }

    /// Claims are disjoint, by IDs and by ordering keys, and hold rows that are still there.
    ///
    /// What runs need not be the head of its key: an older dead letter may have been put back.
    private static func checkClaims(_ contents: TenantContents) throws {
        let ids = contents.claims.flatMap(\.ids)
        try expect(Set(ids).count == ids.count, "an ID is claimed twice: \(contents.claims)")
        let keys = contents.claims.flatMap(\.keys)
        try expect(Set(keys).count == keys.count, "an ordering key is claimed twice: \(contents.claims)")
        let keysByID = Dictionary(uniqueKeysWithValues: contents.work.map { ($0.item.id, $0.item.orderingKey) })
        for claim in contents.claims {
            let present = claim.ids.compactMap { keysByID[$0] }
            try expect(present.count == claim.ids.count, "a row of the claim is gone: \(claim)")
            try expectEqual(claim.keys, present.compactMap { $0 }.sorted(), "the keys of \(claim.batch)")
        }
    }

    /// Each run ends once, and each occurrence is one run.
    private static func checkEnds(_ contents: TenantContents) throws {
        let ends = contents.runs.filter { self.terminal.contains($0.state) }.map(\.id)
        let ended = Set(ends)
        try expect(ended.count == ends.count, "a run ended twice: \(ends.map(\.value))")
        let present = contents.work.map(\.item.id) + contents.deadLetters.map(\.work.item.id)
        try expect(Set(present).count == present.count, "a row is there twice: \(present)")
        for id in present { try expect(!ended.contains(id), "\(id) is there, though it has ended") }

        var runs: [Occurrence: WorkID] = [:]
        func note(_ job: String?, _ instant: ServerTime?, _ id: WorkID) throws {
            guard let job, let instant else { return }
            let former = runs.updateValue(id, forKey: Occurrence(job: job, instant: instant)) ?? id
            try expect(former == id, "an occurrence of \(job) is both \(former) and \(id)")
        }
        for run in contents.runs { try note(run.jobName, run.scheduledFor, run.id) }
        for item in contents.work.map(\.item) { try note(item.jobName, item.scheduledFor, item.id) }
    }

    private static func checkKeys(_ contents: TenantContents) throws {
        let keys = contents.work.compactMap(\.uniqueKey)
        try expect(Set(keys).count == keys.count, "a unique key is there twice: \(keys)")
    }
}

extension TenantContents {
    /// Rows that may run when they are due: of each ordering key the first.
    var heads: [WorkItem] {
        var keys: Set<String> = []
        return self.work.map(\.item).filter { item in item.orderingKey.map { keys.insert($0).inserted } ?? true }
    }

    /// A line for each thing, with instants close to now rounded.
    func lines(now: ServerTime) -> [String] {
        func about(_ instant: ServerTime?) -> String {
            guard let instant else { return "never" }
            // Years away from now: an instant that a user chose.
            let seconds = now.duration(to: instant).microseconds / 1_000_000
            guard abs(seconds) < 100_000_000 else { return instant.description }
            return "now+\(Int((Double(seconds) / 600).rounded()) * 600)"
        }
        var lines = ["fence \(self.fence.epoch) \(self.fence.holder.map(\.description) ?? "")"]
        lines += self.work.map {
            "work \($0.item.line(about)) unique \($0.uniqueKey ?? "") \($0.retryFor?.description ?? "") "
                + "\($0.errors.map(\.line))"
        }
        lines += self.claims.map {
            "claim \($0.batch) \($0.holder) \($0.epoch) \($0.ids) \($0.keys) lone \($0.isLone) lent "
                + about($0.lentUntil)
        }
        lines.append("cancelled \(self.cancellations)")
        lines += self.jobs.map { job in
            var definition = job.definition
            if case .interval(let microseconds, let anchor) = definition.schedule {
                let rounded = anchor == definition.startsAt ? anchor : .distantPast
                definition.schedule = .interval(microseconds: microseconds, anchor: rounded)
            }
            definition.plannedFrom = .distantPast
            definition.pausedAt = nil
            definition.resumedAt = nil
            let instants = [job.definition.plannedFrom, job.definition.pausedAt, job.definition.resumedAt].map(about)
            return "job \(definition) \(job.request) planned from, paused and resumed \(instants)"
        }
        lines += self.calendars.map { "calendar \($0.definition) \($0.revision)" }
        lines += self.runs.map { run in
            let instants = [run.scheduledFor, run.dueAt, run.startedAt, run.finishedAt].map(about)
            let texts = [run.reason, run.error, run.node, run.jobName].map { $0 ?? "-" }
            let epoch = run.epoch.map(\.description) ?? "-"
            return "run \(run.id) \(run.attempt) \(run.state) \(run.kind) \(epoch) \(texts) \(instants)"
        }.sorted()
        lines += self.deadLetters.map {
            let texts = [
                $0.work.uniqueKey, $0.reason, $0.error, $0.node, $0.epoch?.description,
                $0.work.retryFor?.description,
            ].map { $0 ?? "-" }
            return "dead \($0.work.item.withoutLimit.line(about)) \(texts) \(about($0.failedAt)) "
                + "\($0.work.errors.map(\.line))"
        }
        lines += self.messages.map { "message \($0.source) \($0.messageID) \($0.id) \(about($0.receivedAt))" }
        return lines
    }
}

extension AttemptError {
    fileprivate var line: String {
        let texts = [self.node, self.state == "retried" ? nil : self.reason, self.error].map { $0 ?? "-" }
        return "\(self.attempt ?? 0) \(self.state) \(self.epoch ?? .none) \(texts)"
    }
}

extension WorkItem {
    /// A dead letter's limit of time is over.
    fileprivate var withoutLimit: WorkItem {
        var item = self
        item.retryUntil = nil
        return item
    }

    fileprivate func line(_ about: (ServerTime?) -> String) -> String {
        let texts = [
            self.orderingKey, self.jobName, self.limitKey, self.retry.delays?.description, about(self.retryUntil),
        ].map { $0 ?? "-" }
        return "\(self.id) \(self.kind) \(self.topic) \(self.payload) \(about(self.dueAt)) \(self.priority) "
            + "\(self.attempts) \(self.crashes) \(self.isSuspect) \(texts) \(about(self.scheduledFor))"
    }
}
