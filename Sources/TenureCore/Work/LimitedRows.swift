/// Rows that limits are about, so that what has no room keeps nothing else back.
///
/// Rows that count against the same counters are a group: they have room, or wait, together. A group that has no room
/// is closed until a run has ended or an instant has come; nobody asks in between.
///
/// So much fits in here that each group has something to start at any time. What does not fit is left in the table and
/// read again, from where it was first met, when the group has run down to half.
struct LimitedRows: Sendable {
    typealias Group = LimitBook.Group

    /// Where in the table rows of a group were left, by priority: a position before the first one.
    private typealias Rest = [Int: ScanCursor.Position]

    private let groupCapacity: Int
    private let capacity: Int

    private(set) var book = LimitBook()
    private var groups: [Group: PriorityRows] = [:]
    /// Groups with rows that may have room.
    private(set) var open: Set<Group> = []
    private var timed: [Group: ServerTime] = [:]
    private var waiting: [LimitBook.Counter: Set<Group>] = [:]
    private var rests: [Group: Rest] = [:]
    /// Whose rest is being taken in.
    private var filling: Group?
    /// The server's clock when it was last told.
    private var now = ServerTime.distantPast

    /// Rows in all.
    private(set) var count = 0

    init(batchSize: Int) {
        self.groupCapacity = max(16, batchSize / 8)
        self.capacity = batchSize * 8
    }

    var isEmpty: Bool { self.count == 0 }

    /// Rows that could start now, or a few more: limits that overlap are not added up.
    var runnableCount: Int {
        self.open.reduce(0) { $0 + min(self.groups[$1]?.count ?? 0, self.book.room($1, at: self.now)) }
    }

    /// The most urgent row of a group that may have room.
    func first(of group: Group) -> WorkItem? { self.open.contains(group) ? self.groups[group]?.first : nil }

    /// The next rows of a group, one of each priority, in no order.
    func heads(of group: Group) -> [WorkItem] { self.groups[group]?.heads ?? [] }

    /// The earliest instant at which a group has room again; also of those that nobody has asked for yet.
    var nextInstant: ServerTime? {
        let asked = self.open.compactMap { group -> ServerTime? in
            guard case .at(let instant) = self.book.verdict(group, at: self.now) else { return nil }
            return instant
        }
        return (self.timed.values + asked).min()
    }

    // MARK: Definitions

    /// Replaces the limits. Returns all rows, to be added again.
    mutating func replace(_ snapshot: LimitsSnapshot) -> [WorkItem] {
        let rows = self.groups.values.flatMap(\.all).sorted { ($0.dueAt, $0.id) < ($1.dueAt, $1.id) }
        self.groups = [:]
        self.open = []
        self.timed = [:]
        self.waiting = [:]
        self.rests = [:]
        self.count = 0
        self.book.replace(snapshot)
        return rows
    }

    /// Whether rows were left in the table.
    var hasRest: Bool { !self.rests.isEmpty }

    /// The table is read from the front: what was left is met again.
    mutating func forgetRests() {
        self.rests = [:]
    }

    // MARK: Rows

    /// Takes a row. False if it does not fit, and is left in the table.
    mutating func append(_ item: WorkItem, of group: Group) -> Bool {
        let present = self.groups[group]?.count ?? 0
        // As long as there is a rest, what comes later waits behind it.
        guard present < self.room(for: group), self.rests[group] == nil || self.filling == group else {
            let before = ScanCursor.Position(
                priority: item.priority,
                dueAt: item.dueAt,
                id: WorkID(item.id.value - 1)
            )
            let known = self.rests[group]?[item.priority]
            if let known, (known.dueAt, known.id) <= (before.dueAt, before.id) { return false }
            self.rests[group, default: [:]][item.priority] = before
            return false
        }
        self.groups[group, default: PriorityRows()].append(item)
        self.count += 1
        if present == 0 { self.open.insert(group) }
        return true
    }

    /// Whatever is full, a group that has nothing takes something.
    private func room(for group: Group) -> Int { self.count < self.capacity ? self.groupCapacity : 1 }

    /// Takes the next row of a priority of a group, if there is room for it; otherwise the group is closed.
    mutating func take(_ priority: Int, of group: Group) -> WorkItem? {
        let verdict = self.book.verdict(group, at: self.now)
        switch verdict {
        case .room: break
        case .at(let instant): self.close(group) { $0.timed[group] = instant }
        case .afterEnd(let counter): self.close(group) { $0.waiting[counter, default: []].insert(group) }
        }
        guard verdict == .room else { return nil }
        var taken: [WorkItem] = []
        self.groups[group]?.popFirst(1, of: priority, into: &taken)
        guard let item = taken.first else { return nil }
        self.count -= 1
        if self.groups[group]?.isEmpty ?? true {
            self.groups[group] = nil
            self.open.remove(group)
        }
        self.book.take(item.id, LimitBook.Subject(item), group, at: self.now)
        return item
    }

    private mutating func close(_ group: Group, _ note: (inout Self) -> Void) {
        self.open.remove(group)
        note(&self)
    }

    // MARK: Room

    /// Tells the time: groups whose instant has come may have room.
    mutating func note(_ now: ServerTime) {
        self.now = max(self.now, now)
        for (group, instant) in self.timed where instant <= self.now { self.reopen(group) }
    }

    /// A row that is no group's counts too: suspects.
    mutating func takeAlone(_ item: WorkItem) -> Bool {
        let subject = LimitBook.Subject(item)
        let group = self.book.group(of: subject)
        guard self.book.verdict(group, at: self.now) == .room else { return false }
        if !group.isEmpty { self.book.take(item.id, subject, group, at: self.now) }
        return true
    }

    /// When a row that is no group's may start, if it waits for an instant.
    func instant(of item: WorkItem) -> ServerTime? {
        guard case .at(let instant) = self.book.verdict(self.book.group(of: .init(item)), at: self.now) else {
            return nil
        }
        return instant
    }

    /// Runs that have ended.
    mutating func end(_ ids: some Sequence<WorkID>) {
        for id in ids { self.reopen(after: self.book.end(id)) }
    }

    /// Rows that were taken and did not start.
    mutating func giveBack(_ ids: some Sequence<WorkID>) {
        for id in ids {
            let counters = self.book.giveBack(id)
            guard !counters.isEmpty else { continue }
            self.reopen(after: counters)
            for group in self.timed.keys where group.contains(where: counters.contains) { self.reopen(group) }
        }
    }

    mutating func setLent(_ subjects: [LimitBook.Subject]) {
        self.book.setLent(subjects)
        self.reopenAll()
    }

    mutating func setHeld(_ items: [WorkItem]) {
        self.book.setHeld(items.map { ($0.id, LimitBook.Subject($0)) })
        self.reopenAll()
    }

    /// Uses to be written down.
    mutating func takeUses() -> [LimitUse] { self.book.takeUses() }

    private mutating func reopen(after counters: Group) {
        for counter in counters {
            for group in self.waiting.removeValue(forKey: counter) ?? [] { self.reopen(group) }
        }
    }

    private mutating func reopen(_ group: Group) {
        self.timed[group] = nil
        if self.groups[group] != nil { self.open.insert(group) }
    }

    private mutating func reopenAll() {
        self.timed = [:]
        self.waiting = [:]
        self.open = Set(self.groups.keys)
    }

    // MARK: The rest in the table

    /// The group whose rest is to be read, if one has run down.
    var hungry: Group? {
        guard !self.rests.isEmpty else { return nil }
        return self.rests.keys.filter { (self.groups[$0]?.count ?? 0) * 2 <= self.room(for: $0) }
            .min { $0.lexicographicallyPrecedes($1) }
    }

    /// Where the rest of a group begins; of other priorities nothing is read.
    func positions(ofRest group: Group) -> [ScanCursor.Position] {
        (-9...9).map { priority in
            self.rests[group]?[priority]
                ?? ScanCursor.Position(priority: priority, dueAt: .distantFuture, id: WorkID(.max))
        }
    }

    /// Takes over where a look at the rest of a group ended, before its rows are appended again.
    mutating func noteRest(of group: Group, _ scan: PassResult.Scan) {
        self.filling = group
        let before = self.rests.removeValue(forKey: group) ?? [:]
        guard scan.hasMore else { return }
        let ends = Dictionary(scan.cursor.positions.map { ($0.priority, $0) }, uniquingKeysWith: { first, _ in first })
        self.rests[group] = before.mapValues { ends[$0.priority] ?? $0 }
    }

    /// Its rows have been appended.
    mutating func endRest() {
        self.filling = nil
    }
}

extension LimitBook.Subject {
    init(_ item: WorkItem) {
        self.init(topic: item.topic, key: item.limitKey)
    }
}

extension LimitBook.Counter: Comparable {
    package static func < (lhs: Self, rhs: Self) -> Bool { (lhs.limit, lhs.key) < (rhs.limit, rhs.key) }
}
