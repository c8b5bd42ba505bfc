/// Decides what one owned tenant does next: which rows are ready, which are in flight, when to look again. Pure.
///
/// It keeps the invariant that an ID is never claimed twice at once by a healthy owner: an ID is *known* from the
/// moment that a scan returned it until its settlement was acknowledged, and a known ID is not taken from a scan again.
/// Scans run after the settlements of the same round trip, and there is one round trip at a time, so a scan that
/// returns an ID that was settled before it returns a row that is due again.
///
/// ## Who is next
///
/// Seven of eight starts go to the highest priority, the longest-waiting row first. Every eighth goes to the row with
/// the highest *effective* priority, `priority + waited / ageing`. So urgent work goes first, whatever the backlog, and
/// the least urgent row starts too: under permanent pressure it waits for `ageing` times the levels above it, and for
/// the rows that have a higher effective priority by then.
///
/// Work that a limit holds up keeps no other work back (``LimitedRows``).
///
/// - Complexity: O(1) per row, O(p) per claim for p priorities; O(log g) per row for g groups of limited rows.
package struct TenantQueue: Sendable {
    /// How many rows are read ahead, in multiples of a batch.
    private static let readAhead = 3
    /// The front of the index is read again this often, for whatever a cursor may have passed.
    private static let sweepInterval = Duration.seconds(60)
    /// The same while rows were left in the table because of limits: then it reads them all.
    private static let sparingSweepInterval = Duration.seconds(900)
    /// One start of so many goes to the highest effective priority.
    private static let agedShare = 8
    /// While there is more to read than fits, so many rows of each lower priority are read too, so often.
    private static let reserveRows = 8
    private static let reserveInterval = Duration.seconds(1)
    /// How soon the front is read after rows were seen that could not be claimed.
    private static let recheckInterval = Duration.milliseconds(500)

    private let batchSize: Int
    private let ageing: Duration
    private var ready = PriorityRows()
    private var limited: LimitedRows
    private var starts = 0
    /// Whose rest the look is about that is under way.
    private var refilling: LimitBook.Group?
    /// Below which priority nothing has been read, since there is more above.
    private var unreadBelow: Int?
    private var nextReserve = MonotonicInstant.zero
    private var suspects: [WorkItem] = []
    private var known: Set<WorkID> = []
    private var lent: [LentClaim] = []
    private var cursor: ScanCursor?
    private var hasMore = true
    private var nextDue: ServerTime?
    private var nextSweep: MonotonicInstant
    private var isLoneInFlight = false

    /// A queue that knows nothing yet: its first scan reads from the front.
    ///
    /// - Parameters:
    ///   - batchSize: Rows of one claim.
    ///   - ageing: After so much waiting work counts as one priority higher; zero: it never does.
    package init(batchSize: Int, ageing: Duration = .seconds(30), now: MonotonicInstant) {
        self.batchSize = batchSize
        self.ageing = ageing
        self.limited = LimitedRows(batchSize: batchSize)
        self.nextSweep = now.advanced(by: Self.sweepInterval)
    }

    /// Rows that are ready to be claimed.
    package var readyCount: Int { self.unlimitedCount + self.limited.runnableCount }

    /// Rows in memory that are not in flight.
    package var heldCount: Int { self.unlimitedCount + self.limited.count }

    private var unlimitedCount: Int { self.ready.count + self.suspects.count }

    // MARK: Limits

    /// Replaces the limits.
    package mutating func replaceLimits(_ snapshot: LimitsSnapshot) {
        let hadRest = self.limited.hasRest
        let rows = self.limited.replace(snapshot) + self.ready.all
        self.ready = PriorityRows()
        for row in rows { self.place(row) }
        if hadRest { self.rescan() }
    }

    /// Whether something is limited.
    package var isLimited: Bool { !self.limited.book.isEmpty }

    /// Counts the runs that are in progress here.
    package mutating func setHeld(_ items: [WorkItem]) {
        self.limited.setHeld(items)
    }

    /// Runs that have ended make room.
    package mutating func ended(_ ids: some Sequence<WorkID>) {
        guard self.isLimited else { return }
        self.limited.end(ids)
    }

    /// Tells the time by the tenant's Postgres, on which rates are counted.
    package mutating func note(_ serverNow: ServerTime) {
        guard self.isLimited else { return }
        self.limited.note(serverNow)
    }

    /// How far rates are used up since this was last asked; to be written down with the claims.
    package mutating func takeUses() -> [LimitUse] { self.limited.takeUses() }

    /// When work that a rate holds up may start.
    package var limitInstant: ServerTime? {
        guard self.isLimited else { return nil }
        let suspects = self.suspects.first.flatMap { self.limited.instant(of: $0) }
        return [self.limited.nextInstant, suspects].compactMap { $0 }.min()
    }

    // MARK: Looking

    /// Leaves alone what living registrations may still settle.
    package mutating func setLent(_ claims: [LentClaim]) {
        let before = Set(self.lent.flatMap(\.ids))
        let ids = Set(claims.flatMap(\.ids))
        self.known.subtract(before)
        self.lent = claims
        self.known.formUnion(ids)
        self.limited.setLent(claims.flatMap(\.subjects))
        // What is lent no longer may have been passed by.
        if !before.isSubset(of: ids) { self.rescan() }
    }

    /// When the first lent claim may be revoked.
    package var lentUntil: ServerTime? {
        self.lent.map(\.until).min()
    }

    /// Whether rows may be due that have not been read.
    package mutating func wantsScan(serverNow: ServerTime, now: MonotonicInstant) -> Bool {
        if now >= self.nextSweep {
            let interval = self.limited.hasRest ? Self.sparingSweepInterval : Self.sweepInterval
            self.rescan()
            self.nextSweep = now.advanced(by: interval)
        }
        guard self.wantsMore else { return false }
        return self.hasMore || self.nextDue.map { $0 <= serverNow } ?? false
    }

    /// The scan to make.
    package mutating func scanRequest(now: MonotonicInstant = .zero) -> ScanRequest {
        self.refilling = nil
        let limit = max(1, self.batchSize * Self.readAhead - self.unlimitedCount)
        var request = ScanRequest(limit: limit, cursor: self.cursor)
        if let unreadBelow = self.unreadBelow, self.ageing > .zero, now >= self.nextReserve,
            self.ready.countBelowHighest < Self.reserveRows * 8
        {
            request.reserve = ScanRequest.Reserve(below: unreadBelow, rows: Self.reserveRows)
            self.nextReserve = now.advanced(by: Self.reserveInterval)
        }
        return request
    }

    /// A scan for limited rows that were left in the table because they did not fit; `nil` if none is needed.
    package mutating func refillRequest() -> ScanRequest? {
        guard let cursor = self.cursor, let group = self.limited.hungry else { return nil }
        self.refilling = group
        let positions = self.limited.positions(ofRest: group)
        var request = ScanRequest(
            limit: self.batchSize,
            cursor: ScanCursor(positions: positions, snapshot: cursor.snapshot, dueUpTo: cursor.dueUpTo)
        )
        request.keepsSnapshot = true
        return request
    }

    /// Says that rows may have appeared.
    package mutating func noteArrival() {
        self.hasMore = true
    }

    /// Reads from the front next time.
    package mutating func rescan() {
        self.cursor = nil
        self.hasMore = true
        self.unreadBelow = nil
        self.limited.forgetRests()
    }

    /// Takes over what a scan returned; rows that are known already are left out.
    package mutating func take(_ scan: PassResult.Scan) {
        if let group = self.refilling {
            self.refilling = nil
            guard !scan.cursor.positions.isEmpty else { return self.rescan() }
            self.limited.noteRest(of: group, scan)
            for item in scan.items { self.add(item) }
            self.limited.endRest()
            return
        }
        for item in scan.items { self.add(item) }
        self.unreadBelow = scan.hasMore ? scan.cutAt : nil
        self.cursor = scan.cursor
        self.hasMore = scan.hasMore
        self.nextDue = scan.nextDue
    }

    /// Leaves rows alone: they are in flight already, or nobody here can run them.
    package mutating func park(_ ids: some Sequence<WorkID>) {
        self.known.formUnion(ids)
    }

    /// Takes over a row that was just inserted.
    package mutating func add(_ item: WorkItem) {
        guard self.known.insert(item.id).inserted else { return }
        self.place(item)
    }

    private mutating func place(_ item: WorkItem) {
        if item.isSuspect { return self.suspects.append(item) }
        let group = self.isLimited ? self.limited.book.group(of: LimitBook.Subject(item)) : []
        if group.isEmpty {
            self.ready.append(item)
        } else if !self.limited.append(item, of: group) {
            self.known.remove(item.id)
        }
    }

    // MARK: Claiming

    /// Takes up to `limit` rows that limits allow.
    package mutating func takeReady(_ limit: Int) -> [WorkItem] {
        var taken: [WorkItem] = []
        guard limit > 0 else { return taken }
        taken.reserveCapacity(min(limit, self.readyCount))
        if self.limited.isEmpty {
            self.takeUnlimited(limit, into: &taken)
        } else {
            self.takeMerged(limit, into: &taken)
        }
        return taken
    }

    private mutating func takeUnlimited(_ limit: Int, into taken: inout [WorkItem]) {
        while taken.count < limit, let highest = self.ready.highest {
            let isPlain = self.ready.hasOneBand || self.ageing == .zero
            let until = isPlain ? limit : Self.agedShare - 1 - self.starts % Self.agedShare
            let before = taken.count
            if until > 0 {
                self.ready.popFirst(min(limit - taken.count, until), of: highest, into: &taken)
            } else {
                let aged = self.ready.heads.min(by: self.isOlder)
                self.ready.popFirst(1, of: aged?.priority ?? highest, into: &taken)
            }
            self.starts += taken.count - before
        }
    }

    /// Takes rows of groups and others in one order.
    private mutating func takeMerged(_ limit: Int, into taken: inout [WorkItem]) {
        var next = self.nextRows()
        while taken.count < limit {
            let isAged = self.ageing > .zero && self.starts % Self.agedShare == Self.agedShare - 1
            let aged = isAged ? self.oldest() : nil
            guard let row = aged ?? next.pop() else { return }
            let count = taken.count
            if let group = row.group {
                if let item = self.limited.take(row.priority, of: group) { taken.append(item) }
            } else {
                self.ready.popFirst(1, of: row.priority, into: &taken)
            }
            self.starts += taken.count - count
            if aged != nil {
                next = self.nextRows()
            } else if let group = row.group {
                if let first = self.limited.first(of: group) { next.push(NextRow(first, group: group)) }
            } else if let first = self.ready.first {
                next.push(NextRow(first, group: nil))
            }
        }
    }

    /// The most urgent row of each group that may have room, and of those that nothing limits.
    private func nextRows() -> Heap<NextRow> {
        var next = Heap<NextRow>()
        if let first = self.ready.first { next.push(NextRow(first, group: nil)) }
        for group in self.limited.open {
            if let first = self.limited.first(of: group) { next.push(NextRow(first, group: group)) }
        }
        return next
    }

    /// The row with the highest effective priority among the next ones.
    private func oldest() -> NextRow? {
        var rows = self.ready.heads.map { NextRow($0, group: nil) }
        for group in self.limited.open {
            rows += self.limited.heads(of: group).map { NextRow($0, group: group) }
        }
        return rows.min { self.isOlder($0.item, $1.item) }
    }

    /// Whether the effective priority of a row is higher; the difference does not change with time.
    private func isOlder(_ left: WorkItem, _ right: WorkItem) -> Bool {
        let step = Double(self.ageing.microseconds)
        let (since, other) = (
            Double(left.dueAt.microseconds) - Double(left.priority) * step,
            Double(right.dueAt.microseconds) - Double(right.priority) * step
        )
        return since == other ? left.id < right.id : since < other
    }

    /// Takes one suspect, unless another is in flight: a suspect runs alone. One that limits hold up is passed by.
    package mutating func takeSuspect() -> WorkItem? {
        guard !self.isLoneInFlight, !self.suspects.isEmpty else { return nil }
        let index = self.isLimited ? self.suspects.firstIndex { self.limited.takeAlone($0) } : 0
        guard let index else { return nil }
        self.isLoneInFlight = true
        return self.suspects.remove(at: index)
    }

    /// Rows that could not be claimed because they are gone, or somebody is about to cancel them.
    package mutating func notClaimed(_ ids: [WorkID], wasLone: Bool, now: MonotonicInstant) {
        if wasLone { self.isLoneInFlight = false }
        guard !ids.isEmpty else { return }
        self.known.subtract(ids)
        if self.isLimited { self.limited.giveBack(ids) }
        // A cancellation that is rolled back leaves its row behind the cursor.
        self.nextSweep = min(self.nextSweep, now.advanced(by: Self.recheckInterval))
    }

    /// Rows that were taken and whose claim did not happen: ready again.
    package mutating func putBack(_ items: [WorkItem], wasLone: Bool) {
        if wasLone { self.isLoneInFlight = false }
        self.known.subtract(items.map(\.id))
        if self.isLimited { self.limited.giveBack(items.map(\.id)) }
        for item in items { self.add(item) }
    }

    /// Rows whose settlement was acknowledged.
    package mutating func settled(_ ids: some Sequence<WorkID>, wasLone: Bool) {
        if wasLone { self.isLoneInFlight = false }
        for id in ids { self.known.remove(id) }
    }

    /// Rows that will come due: the earliest instant that the last scan saw.
    package mutating func noteDue(_ instant: ServerTime) {
        self.nextDue = self.nextDue.map { min($0, instant) } ?? instant
    }

    // MARK: Waiting

    /// How urgent the most urgent ready row is.
    package var highestPriority: Int? {
        let limited = self.limited.open.compactMap { self.limited.first(of: $0)?.priority }
        return (limited + [self.ready.highest].compactMap { $0 }).max() ?? self.suspects.map(\.priority).max()
    }

    /// Since when the longest-waiting ready row has been due.
    package var earliestReady: ServerTime? {
        let limited = self.limited.open.flatMap { self.limited.heads(of: $0) }
        return (limited + self.ready.heads + self.suspects).map(\.dueAt).min()
    }

    /// The next due instant of a row that has been seen.
    package var nextDueInstant: ServerTime? { self.nextDue }

    /// Whether there is room for more rows, so that a due instant is worth waking for.
    package var wantsMore: Bool { self.unlimitedCount < self.batchSize * (Self.readAhead - 1) }

    /// When the front is to be read again.
    package var sweepInstant: MonotonicInstant { self.nextSweep }
}

/// A row that is next of its group, or of those that nothing limits; the most urgent one comes first.
private struct NextRow: Comparable {
    let item: WorkItem
    let group: LimitBook.Group?

    init(_ item: WorkItem, group: LimitBook.Group?) {
        self.item = item
        self.group = group
    }

    var priority: Int { self.item.priority }

    static func == (lhs: Self, rhs: Self) -> Bool { lhs.item.id == rhs.item.id }

    static func < (lhs: Self, rhs: Self) -> Bool {
        (rhs.priority, lhs.item.dueAt, lhs.item.id) < (lhs.priority, rhs.item.dueAt, rhs.item.id)
    }
}
