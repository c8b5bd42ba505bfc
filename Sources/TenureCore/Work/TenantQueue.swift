/// Decides what one owned tenant does next: which rows are ready, which are in flight, when to look again. Pure.
///
/// It keeps the invariant that an ID is never claimed twice at once by a healthy owner: an ID is *known* from the
/// moment that a scan returned it until its settlement was acknowledged, and a known ID is not taken from a scan again.
/// Scans run after the settlements of the same round trip, and there is one round trip at a time, so a scan that
/// returns an ID that was settled before it returns a row that is due again.
///
/// - Complexity: O(1) per row, O(p) per claim for p priorities.
package struct TenantQueue: Sendable {
    /// How many rows are read ahead, in multiples of a batch.
    private static let readAhead = 3
    /// The front of the index is read again this often, for whatever a cursor may have passed.
    private static let sweepInterval = Duration.seconds(60)
    /// How soon the front is read after rows were seen that could not be claimed.
    private static let recheckInterval = Duration.milliseconds(500)

    private let batchSize: Int
    private var ready: [Int: RowBuffer] = [:]
    private var suspects: [WorkItem] = []
    private var known: Set<WorkID> = []
    private var lent: [LentClaim] = []
    private var cursor: ScanCursor?
    private var hasMore = true
    private var nextDue: ServerTime?
    private var nextSweep: MonotonicInstant
    private var isLoneInFlight = false

    /// Rows that are ready to be claimed.
    package private(set) var readyCount = 0

    /// A queue that knows nothing yet: its first scan reads from the front.
    package init(batchSize: Int, now: MonotonicInstant) {
        self.batchSize = batchSize
        self.nextSweep = now.advanced(by: Self.sweepInterval)
    }

    // MARK: Looking

    /// Leaves alone what living registrations may still settle.
    package mutating func setLent(_ claims: [LentClaim]) {
        for claim in self.lent { self.known.subtract(claim.ids) }
        self.lent = claims
        for claim in claims { self.known.formUnion(claim.ids) }
        self.rescan()
    }

    /// When the first lent claim may be revoked.
    package var lentUntil: ServerTime? {
        self.lent.map(\.until).min()
    }

    /// Whether rows may be due that have not been read.
    package mutating func wantsScan(serverNow: ServerTime, now: MonotonicInstant) -> Bool {
        if now >= self.nextSweep {
            self.rescan()
            self.nextSweep = now.advanced(by: Self.sweepInterval)
        }
        guard self.wantsMore else { return false }
        return self.hasMore || self.nextDue.map { $0 <= serverNow } ?? false
    }

    /// The scan to make.
    package func scanRequest() -> ScanRequest {
        ScanRequest(limit: max(1, self.batchSize * Self.readAhead - self.readyCount), cursor: self.cursor)
    }

    /// Says that rows may have appeared.
    package mutating func noteArrival() {
        self.hasMore = true
    }

    /// Reads from the front next time.
    package mutating func rescan() {
        self.cursor = nil
        self.hasMore = true
    }

    /// Takes over what a scan returned; rows that are known already are left out.
    package mutating func take(_ scan: PassResult.Scan) {
        for item in scan.items { self.add(item) }
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
        if item.isSuspect {
            self.suspects.append(item)
        } else {
            self.ready[item.priority, default: RowBuffer()].append(item)
        }
        self.readyCount += 1
    }

    // MARK: Claiming

    /// Takes up to `limit` rows, most urgent first.
    package mutating func takeReady(_ limit: Int) -> [WorkItem] {
        var taken: [WorkItem] = []
        guard limit > 0 else { return taken }
        taken.reserveCapacity(min(limit, self.readyCount))
        for priority in self.ready.keys.sorted(by: >) where taken.count < limit {
            self.ready[priority]?.popFirst(limit - taken.count, into: &taken)
            if self.ready[priority]?.isEmpty ?? false { self.ready[priority] = nil }
        }
        self.readyCount -= taken.count
        return taken
    }

    /// Takes one suspect, unless another is in flight: a suspect runs alone.
    package mutating func takeSuspect() -> WorkItem? {
        guard !self.isLoneInFlight, !self.suspects.isEmpty else { return nil }
        self.isLoneInFlight = true
        self.readyCount -= 1
        return self.suspects.removeFirst()
    }

    /// Rows that could not be claimed because they are gone, or somebody is about to cancel them.
    package mutating func notClaimed(_ ids: [WorkID], wasLone: Bool, now: MonotonicInstant) {
        if wasLone { self.isLoneInFlight = false }
        guard !ids.isEmpty else { return }
        self.known.subtract(ids)
        // A cancellation that is rolled back leaves its row behind the cursor.
        self.nextSweep = min(self.nextSweep, now.advanced(by: Self.recheckInterval))
    }

    /// Rows that were taken and whose claim did not happen: ready again.
    package mutating func putBack(_ items: [WorkItem], wasLone: Bool) {
        if wasLone { self.isLoneInFlight = false }
        self.known.subtract(items.map(\.id))
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
        self.ready.keys.max() ?? self.suspects.map(\.priority).max()
    }

    /// Since when the longest-waiting ready row has been due.
    package var earliestReady: ServerTime? {
        (self.ready.values.compactMap(\.first?.dueAt) + self.suspects.map(\.dueAt)).min()
    }

    /// The next due instant of a row that has been seen.
    package var nextDueInstant: ServerTime? { self.nextDue }

    /// Whether there is room for more rows, so that a due instant is worth waking for.
    package var wantsMore: Bool { self.readyCount < self.batchSize * (Self.readAhead - 1) }

    /// When the front is to be read again.
    package var sweepInstant: MonotonicInstant { self.nextSweep }
}

/// Rows in order of arrival, taken from the front.
private struct RowBuffer: Sendable {
    private var rows: [WorkItem] = []
    private var head = 0

    var isEmpty: Bool { self.head == self.rows.count }

    var first: WorkItem? { self.isEmpty ? nil : self.rows[self.head] }

    mutating func append(_ row: WorkItem) {
        self.rows.append(row)
    }

    mutating func popFirst(_ limit: Int, into taken: inout [WorkItem]) {
        let end = min(self.rows.count, self.head + limit)
        taken.append(contentsOf: self.rows[self.head..<end])
        self.head = end
        if self.isEmpty {
            self.rows.removeAll(keepingCapacity: true)
            self.head = 0
        } else if self.head > 4096, self.head * 2 > self.rows.count {
            self.rows.removeFirst(self.head)
            self.head = 0
        }
    }
}
