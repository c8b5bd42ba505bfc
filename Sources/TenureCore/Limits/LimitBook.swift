/// Keeps account of a tenant's limits: what counts against which, what has room, and when it will have. Pure.
///
/// Only the tenant's owner starts work, so its memory is the account. It holds beyond a tenure: runs that a former
/// owner still has in progress are counted (``setLent(_:)``), and how far rates are used up is written down with each
/// claim (``takeUses()``), in the claim's transaction.
///
/// ## Rates
///
/// Each start is paid for with `interval / count`, one after the other. Work may start while at most `burst − 1` starts
/// have not been paid for. So in any time t at most `burst + t · count / interval` begin, counted by the instants that
/// the owner decided at: its estimate of the clock of the tenant's Postgres, which is never ahead of it.
package struct LimitBook: Sendable {
    /// What something counts by.
    package struct Subject: Sendable, Hashable {
        package var topic: String
        package var key: String?

        package init(topic: String, key: String? = nil) {
            self.topic = topic
            self.key = key
        }
    }

    /// One of the things that are counted: a limit, or one key of it.
    package struct Counter: Sendable, Hashable {
        /// The limit's place.
        var limit: Int
        /// Empty where the limit asks for none.
        var key: String
    }

    /// The counters that a piece of work counts against; work of one group has room, or waits, together.
    package typealias Group = [Counter]

    /// Whether work may start.
    package enum Verdict: Sendable, Equatable {
        case room
        /// When a run of this counter has ended.
        case afterEnd(of: Counter)
        /// When the clock of the tenant's Postgres gets there.
        case at(ServerTime)
    }

    fileprivate struct Limit: Sendable {
        let name: String
        let topic: TopicPattern
        let key: TopicPattern?
        let maxRunning: Int?
        /// What a start costs, and how far ahead of being paid for starts may be; in nanoseconds.
        let price: Int64?
        let credit: Int64
    }

    private var limits: [Limit] = []
    private var running: [Counter: Int] = [:]
    /// When all starts will have been paid for, in nanoseconds of the server's clock.
    private var paidAt: [Counter: Int64] = [:]
    private var held: [WorkID: Subject] = [:]
    private var lent: [Subject] = []
    private var used: Set<Counter> = []

    /// No limits.
    package init() {}

    /// Whether nothing is limited.
    package var isEmpty: Bool { self.limits.isEmpty }

    // MARK: Definitions

    /// Replaces the limits. What is known of the use of a limit that stays, by name, is kept.
    ///
    /// - Parameter snapshot: Uses that are behind what is known here are ignored.
    package mutating func replace(_ snapshot: LimitsSnapshot) {
        var known: [LimitUseKey: Int64] = [:]
        for (counter, paidAt) in self.paidAt { known[self.useKey(counter)] = paidAt }
        for use in snapshot.uses {
            let key = LimitUseKey(limit: use.limit, key: use.key)
            known[key] = max(known[key] ?? .min, use.paidAt.nanoseconds)
        }
        self.limits = snapshot.definitions.sorted { $0.name < $1.name }.compactMap(Limit.init)
        let places = Dictionary(
            self.limits.enumerated().map { ($0.element.name, $0.offset) },
            uniquingKeysWith: { first, _ in first }
        )
        self.paidAt = [:]
        self.used = []
        for (use, paidAt) in known {
            guard let place = places[use.limit], self.limits[place].price != nil else { continue }
            self.paidAt[Counter(limit: place, key: use.key)] = paidAt
        }
        self.recount()
    }

    private struct LimitUseKey: Hashable {
        var limit: String
        var key: String
    }

    private func useKey(_ counter: Counter) -> LimitUseKey {
        LimitUseKey(limit: self.limits[counter.limit].name, key: counter.key)
    }

    /// The counters of a piece of work; empty if nothing limits it.
    package func group(of subject: Subject) -> Group {
        var group: Group = []
        for (place, limit) in self.limits.enumerated() where limit.topic.matches(subject.topic) {
            guard let pattern = limit.key else {
                group.append(Counter(limit: place, key: ""))
                continue
            }
            if let key = subject.key, pattern.matches(key) { group.append(Counter(limit: place, key: key)) }
        }
        return group
    }

    // MARK: Asking

    /// Whether one more of a group may start.
    package func verdict(_ group: Group, at now: ServerTime) -> Verdict {
        var latest: ServerTime?
        for counter in group {
            let limit = self.limits[counter.limit]
            if let most = limit.maxRunning, self.running[counter, default: 0] >= most { return .afterEnd(of: counter) }
            if limit.price != nil, let paidAt = self.paidAt[counter], paidAt - limit.credit > now.nanoseconds {
                let instant = ServerTime(nanosecondsRoundedUp: paidAt - limit.credit)
                latest = max(latest ?? instant, instant)
            }
        }
        return latest.map(Verdict.at) ?? .room
    }

    /// How many of a group could start at once, at most; 0 or more.
    package func room(_ group: Group, at now: ServerTime) -> Int {
        var least = Int.max
        for counter in group {
            let limit = self.limits[counter.limit]
            if let most = limit.maxRunning { least = min(least, max(0, most - self.running[counter, default: 0])) }
            if let price = limit.price {
                let now = now.nanoseconds
                let ahead = now + limit.credit - max(self.paidAt[counter] ?? now, now)
                least = min(least, ahead < 0 ? 0 : Int(ahead / price) + 1)
            }
        }
        return least
    }

    // MARK: Counting

    /// Something is about to start.
    package mutating func take(_ id: WorkID, _ subject: Subject, _ group: Group, at now: ServerTime) {
        self.held[id] = subject
        for counter in group {
            self.running[counter, default: 0] += 1
            guard let price = self.limits[counter.limit].price else { continue }
            self.paidAt[counter] = max(self.paidAt[counter] ?? 0, now.nanoseconds) + price
            self.used.insert(counter)
        }
    }

    /// Something has ended. Returns what has room again.
    package mutating func end(_ id: WorkID) -> Group {
        guard let subject = self.held.removeValue(forKey: id) else { return [] }
        let group = self.group(of: subject)
        for counter in group {
            let count = self.running[counter, default: 0] - 1
            self.running[counter] = count > 0 ? count : nil
        }
        return group
    }

    /// Something that was about to start did not. Returns what has room again.
    package mutating func giveBack(_ id: WorkID) -> Group {
        let group = self.end(id)
        for counter in group {
            guard let price = self.limits[counter.limit].price, let paidAt = self.paidAt[counter] else { continue }
            self.paidAt[counter] = paidAt - price
        }
        return group
    }

    /// Runs that are in progress here, whoever counted them before.
    package mutating func setHeld(_ subjects: [(id: WorkID, subject: Subject)]) {
        self.held = Dictionary(subjects.map { ($0.id, $0.subject) }, uniquingKeysWith: { first, _ in first })
        self.recount()
    }

    /// Runs that former owners may have in progress.
    package mutating func setLent(_ subjects: [Subject]) {
        self.lent = subjects
        self.recount()
    }

    private mutating func recount() {
        self.running = [:]
        guard !self.limits.isEmpty else { return }
        // Sums: the order is of no consequence.
        for subject in self.lent + self.held.values {
            for counter in self.group(of: subject) { self.running[counter, default: 0] += 1 }
        }
    }

    /// How far rates are used up since this was last asked, to be written down; by limit and key.
    package mutating func takeUses() -> [LimitUse] {
        guard !self.used.isEmpty else { return [] }
        let uses = self.used.compactMap { counter in
            self.paidAt[counter].map { paidAt in
                LimitUse(
                    limit: self.limits[counter.limit].name,
                    key: counter.key,
                    paidAt: ServerTime(nanosecondsRoundedUp: paidAt)
                )
            }
        }
        self.used = []
        return uses.sorted { ($0.limit, $0.key) < ($1.limit, $1.key) }
    }
}

extension LimitBook {
    /// Runs in progress that count against a limit, by its name; for each key if it counts by key.
    package func running(_ limit: String) -> [String: Int] {
        guard let place = self.limits.firstIndex(where: { $0.name == limit }) else { return [:] }
        return Dictionary(
            uniqueKeysWithValues: self.running.filter { $0.key.limit == place }.map { ($0.key.key, $0.value) }
        )
    }
}

extension LimitBook.Limit {
    /// `nil` for one that limits nothing.
    fileprivate init?(_ definition: LimitDefinition) {
        guard definition.maxRunning != nil || definition.rate != nil else { return nil }
        self.name = definition.name
        self.topic = TopicPattern(definition.topic)
        self.key = definition.key.map(TopicPattern.init)
        self.maxRunning = definition.maxRunning.map { max($0, 1) }
        guard let rate = definition.rate else {
            self.price = nil
            self.credit = 0
            return
        }
        // Rounded up: rather a little slower than faster.
        let interval = rate.interval.milliseconds * 1_000_000
        let price = (interval + Int64(rate.count) - 1) / Int64(rate.count)
        self.price = max(price, 1)
        self.credit = Int64(max(definition.burst ?? rate.count, 1) - 1) * max(price, 1)
    }
}

extension ServerTime {
    fileprivate var nanoseconds: Int64 {
        let (product, overflow) = self.microseconds.multipliedReportingOverflow(by: 1_000)
        return overflow ? (self.microseconds < 0 ? .min / 2 : .max / 2) : product
    }

    fileprivate init(nanosecondsRoundedUp nanoseconds: Int64) {
        self.init(microseconds: nanoseconds / 1_000 + (nanoseconds % 1_000 > 0 ? 1 : 0))
    }
}
