internal import InMemoryStores
internal import TenureCore

/// One operation on a tenant with all its arguments.
enum TenantOperation: Sendable {
    /// A round trip of a node.
    struct Exchange: Sendable {
        struct Scan: Sendable {
            var limit: Int
            var isFromFront: Bool
        }

        var node: Int
        var epoch: Epoch
        var settlements: [(batch: BatchID, verdicts: [(id: WorkID, verdict: Outcome.Verdict)])] = []
        var materialise: [Materialisation] = []
        var claims: [ClaimRequest] = []
        var scan: Scan?
        var sleeps = false
    }

    case take(Int, Epoch)
    case assume(Int, Epoch, living: [Incarnation], lending: Duration)
    case open(Int, Epoch, living: [Incarnation], lending: Duration)
    case exchange(Exchange)
    case addLate(NewWork, during: Exchange)
    case add(NewWork)
    case receive(NewWork, source: String, messageID: String)
    case cancel(WorkID, [WorkKind])
    case cancelRun(WorkID)
    case retry(WorkID)
    case discard(WorkID)
    case putJob(NewJob)
    case pauseJob(String)
    case resumeJob(String)
    case triggerJob(String)
    case deleteJob(String)
    case putCalendar(JobCalendar)
    case deleteCalendar(String)
}

/// Chooses operations that mean something for what a tenant holds. The sequence depends on the seed and the contents
/// only.
struct TenantGenerator: RandomNumberGenerator {
    /// Three nodes, one of which was restarted. Constant forms that are always names.
    static let holders = [("n0", "i0"), ("n1", "i1"), ("n2", "i2"), ("n0", "i3")].map { node, incarnation in
        Holder(node: try! NodeID(node), incarnation: Incarnation(incarnation))
    }

    private var state: UInt64
    private var batches = 0

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    private mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
    private mutating func oneIn(_ chances: Int) -> Bool { self.below(chances) == 0 }
    private mutating func one<Value>(of values: [Value]) -> Value { values[self.below(values.count)] }

    mutating func operation(on contents: TenantContents) -> TenantOperation {
        switch self.below(100) {
        case 0..<5: return self.takeover(contents)
        case 5..<9:
            let (node, epoch) = self.standing(contents)
            return .open(node, epoch, living: self.living(), lending: self.lending())
        case 9..<54: return .exchange(self.exchange(contents))
        case 54..<57:
            var late = NewWork(due: self.due())
            late.priority = self.one(of: [-1, 0, 3])
            return .addLate(late, during: self.exchange(contents))
        case 57..<77: return .add(self.work())
        case 77..<80:
            return .receive(
                self.work(),
                source: self.one(of: ["s0", "s1"]),
                messageID: "m\(self.below(6))"
            )
        case 80..<83: return .cancel(self.id(contents), self.oneIn(3) ? [.timer] : WorkKind.allCases)
        case 83, 84: return .cancelRun(self.id(contents))
        case 85..<88: return .retry(self.deadID(contents))
        case 88: return .discard(self.deadID(contents))
        case 89..<92: return .putJob(self.job(contents))
        case 92: return .putCalendar(self.calendar())
        case 93: return self.oneIn(3) ? .deleteCalendar(self.calendarName()) : .putJob(self.job(contents))
        case 94: return .pauseJob(self.jobName())
        case 95..<97: return .resumeJob(self.jobName())
        case 97, 98: return .triggerJob(self.jobName())
        default: return .deleteJob(self.jobName())
        }
    }

    // MARK: Owners

    private mutating func takeover(_ contents: TenantContents) -> TenantOperation {
        let epoch = Epoch(contents.fence.epoch.value + Int64(self.one(of: [-1, 0, 1, 1, 1, 1, 2])))
        let node = self.below(Self.holders.count)
        if self.oneIn(2) { return .take(node, epoch) }
        return .assume(node, epoch, living: self.living(), lending: self.lending())
    }

    /// Mostly the owner with its epoch; otherwise somebody with an epoch that is not installed.
    private mutating func standing(_ contents: TenantContents) -> (node: Int, epoch: Epoch) {
        let installed = contents.fence.epoch
        if let holder = contents.fence.holder, let owner = Self.holders.firstIndex(of: holder), !self.oneIn(12) {
            return (owner, installed)
        }
        return (self.below(Self.holders.count), Epoch(installed.value + (self.oneIn(2) ? 1 : -1)))
    }

    private mutating func living() -> [Incarnation] {
        let isDead = self.below(Self.holders.count * 2)
        return Self.holders.enumerated().filter { $0.offset != isDead }.map(\.element.incarnation)
    }

    private mutating func lending() -> Duration { self.oneIn(3) ? .zero : TenantScene.long }

    // MARK: Exchanges

    private mutating func exchange(_ contents: TenantContents) -> TenantOperation.Exchange {
        let (node, epoch) = self.standing(contents)
        var exchange = TenantOperation.Exchange(node: node, epoch: epoch)
        while self.oneIn(2), exchange.settlements.count < 3 { exchange.settlements.append(self.settlement(contents)) }
        if self.oneIn(6) { exchange.materialise = self.materialisations(contents) }
        if !self.oneIn(3) { exchange.claims = self.claims(contents, isOwner: epoch == contents.fence.epoch) }
        if self.oneIn(2) {
            exchange.scan = .init(limit: self.oneIn(4) ? 1 + self.below(4) : 500, isFromFront: self.oneIn(6))
        }
        exchange.sleeps = self.oneIn(3)
        return exchange
    }

    private mutating func settlement(
        _ contents: TenantContents
    ) -> (batch: BatchID, verdicts: [(id: WorkID, verdict: Outcome.Verdict)]) {
        guard !contents.claims.isEmpty, !self.oneIn(12) else {
            return (self.batch(), [(self.id(contents), .completed)])
        }
        let claim = self.one(of: contents.claims)
        var ids = claim.ids
        if self.oneIn(3) { ids = ids.shuffled(using: &self).dropLast(self.below(ids.count)) }
        if self.oneIn(20) { ids.append(self.id(contents)) }
        let isPlain = self.oneIn(3)
        return (claim.batch, ids.map { ($0, isPlain ? .completed : self.verdict()) })
    }

    private mutating func verdict() -> Outcome.Verdict {
        switch self.below(12) {
        case 0..<4: .completed
        case 4, 5: .retry(after: self.oneIn(2) ? .zero : .seconds(3600))
        case 6, 7: .discarded(reason: "failed")
        case 8: .snoozed(for: self.oneIn(2) ? .zero : .seconds(3600))
        case 9, 10: .released
        default: .cancelled
        }
    }

    /// Claims of rows, of rows that are gone, lent or blocked, and repetitions; an owner keeps off what is its own.
    private mutating func claims(_ contents: TenantContents, isOwner: Bool) -> [ClaimRequest] {
        let own = Set(isOwner ? contents.claims.filter { $0.lentUntil == nil }.flatMap(\.ids) : [])
        var taken: Set<WorkID> = []
        return (0...self.below(3)).map { _ in
            if self.oneIn(8), !contents.claims.isEmpty {
                let claim = self.one(of: contents.claims)
                guard taken.isDisjoint(with: claim.ids) else { return ClaimRequest(batch: claim.batch, ids: []) }
                taken.formUnion(claim.ids)
                return ClaimRequest(batch: claim.batch, ids: claim.ids, isLone: claim.isLone)
            }
            var ids: [WorkID] = []
            for _ in 0...self.below(4) {
                let id = self.id(contents)
                if !own.contains(id), taken.insert(id).inserted { ids.append(id) }
            }
            let isLone = self.oneIn(2)
            return ClaimRequest(batch: self.batch(), ids: isLone ? Array(ids.prefix(1)) : ids, isLone: isLone)
        }
    }

    private mutating func materialisations(_ contents: TenantContents) -> [Materialisation] {
        guard !contents.jobs.isEmpty else { return [] }
        return (0...self.below(2)).map { _ in
            let job = self.one(of: contents.jobs).definition
            var instant = self.oneIn(20) ? TenantScene.past : job.lastOccurrence ?? TenantScene.past
            var occurrences: [ServerTime] = []
            var skipped: [Materialisation.Skip] = []
            for _ in 0..<self.below(4) {
                instant = instant.advanced(by: .seconds(60))
                if self.oneIn(4) {
                    let reason = self.one(of: [SkipReason.misfire, SkipReason.paused, SkipReason.calendar("c0")])
                    skipped.append(.init(scheduledFor: instant, reason: reason))
                } else {
                    occurrences.append(instant)
                }
            }
            return Materialisation(
                job: job.name,
                revision: job.revision + (self.oneIn(12) ? 1 : 0),
                lastOccurrence: self.oneIn(12) ? nil : job.lastOccurrence,
                occurrences: occurrences,
                skipped: skipped,
                nextDue: self.oneIn(2) ? nil : TenantScene.future,
                pauses: self.oneIn(12)
            )
        }
    }

    // MARK: Users

    // Few names and small numbers, so that operations meet each other.

    private mutating func batch() -> BatchID {
        self.batches += 1
        let digits = String(self.batches)
        return BatchID("00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits)
    }

    private mutating func work() -> NewWork {
        var work = NewWork(self.oneIn(3) ? .timer : .outbox, topic: "t\(self.below(3))", due: self.due())
        work.priority = self.one(of: [-1, 0, 0, 0, 3])
        if self.oneIn(3) {
            work.uniqueKey = "u\(self.below(4))"
            work.onConflict = self.one(of: [.ignore, .ignore, .replace, .error])
            work.uniqueStates = self.one(of: [.live, .waiting])
            if work.uniqueStates == .live, self.oneIn(3) { work.uniqueFor = .seconds(3600) }
        }
        if self.oneIn(4) { work.limitKey = "l\(self.below(2))" }
        if self.oneIn(4) { work.retry.delays = self.one(of: [.fixed(.seconds(1)), .linear(.seconds(1))]) }
        if self.oneIn(4) { work.retry.retryFor = .seconds(3600) }
        if self.oneIn(2) { work.orderingKey = "k\(self.below(3))" }
        return work
    }

    private mutating func due() -> NewWork.Due {
        switch self.below(6) {
        case 0: .at(TenantScene.future)
        case 1: .at(TenantScene.past.advanced(by: .seconds(self.below(5))))
        case 2: .after(.seconds(3600))
        default: .now
        }
    }

    private mutating func job(_ contents: TenantContents) -> NewJob {
        var job = NewJob(name: self.jobName(), schedule: self.oneIn(2) ? .cron("@hourly") : .every(.seconds(60)))
        job.overlap = self.one(of: NewJob.Overlap.allCases)
        job.overlapBound = 1 + self.below(2)
        job.misfire = self.oneIn(3) ? .pause : .latest
        job.jitterMilliseconds = self.one(of: [0, 0, 5_000])
        if self.oneIn(2), !contents.calendars.isEmpty {
            job.calendar = self.one(of: contents.calendars).definition.name
        }
        job.priority = self.one(of: [0, 3])
        if self.oneIn(3) { job.limitKey = "l0" }
        if self.oneIn(3) { job.retry.delays = .exponential(.seconds(1), jitter: .decorrelated) }
        if self.oneIn(3) { job.retry.retryFor = .seconds(3600) }
        return job
    }

    private mutating func calendar() -> JobCalendar {
        let excluded = ["2026-12-25", "SAT", "12-24", "2026-12-24..2026-12-31"].filter { _ in self.oneIn(2) }
        return JobCalendar(name: self.calendarName(), excluded: excluded, timeZone: self.oneIn(2) ? "UTC" : nil)
    }

    private mutating func calendarName() -> String { "c\(self.below(2))" }

    private mutating func jobName() -> String { "j\(self.below(3))" }

    /// Mostly work that is there.
    private mutating func id(_ contents: TenantContents) -> WorkID {
        guard !contents.work.isEmpty, !self.oneIn(10) else { return WorkID(Int64(1 + self.below(40))) }
        return self.one(of: contents.work).item.id
    }

    private mutating func deadID(_ contents: TenantContents) -> WorkID {
        contents.deadLetters.isEmpty ? self.id(contents) : self.one(of: contents.deadLetters).work.item.id
    }
}
