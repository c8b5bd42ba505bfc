internal import PostgresClient
internal import TenureCore

/// Translates between the cursor that an owner keeps and what the server's scan takes.
///
/// A cursor names the server's snapshot by a number; the snapshot itself, which says which transactions were under way,
/// stays here. A cursor whose snapshot is not known any more reads from the front.
struct ScanMemory: Sendable {
    /// Bands of priority, in the order in which they are read.
    private static let bands = Array((-9...9).reversed())
    /// Snapshots that are remembered. An owner goes on from the latest cursor, or, after a lost reply, from the one
    /// before.
    private static let depth = 4

    private var snapshots: [(id: UInt64, text: String)] = []
    /// Numbers start anywhere, so that a cursor of another store is not taken for one of this.
    private var lastID = UInt64.random(in: 0...UInt64.max / 2)

    /// The parameters of `scan.sql` after the epoch.
    func parameters(_ request: ScanRequest, sleepUntil: ServerTime?) -> [PostgresValue] {
        let snapshot = request.cursor.flatMap { cursor in self.snapshots.last { $0.id == cursor.snapshot }?.text }
        let positions = snapshot == nil ? [] : request.cursor?.positions ?? []
        let starts = Self.bands.map { band in positions.first { $0.priority == band } }
        return [
            .text(snapshot),
            .ints(Self.bands),
            .timestamps(microseconds: starts.map { $0?.dueAt.microseconds ?? .min }),
            .ints(starts.map { $0?.id.value ?? 0 }),
            .int(max(1, request.limit)),
            .timestamp(microseconds: sleepUntil?.microseconds),
            .int(request.reserve?.below),
            .int(request.reserve?.rows),
        ]
    }

    /// Takes over an answer of `scan.sql`.
    mutating func result(
        _ rows: PostgresRows,
        _ request: ScanRequest
    ) throws(PostgresError) -> (scan: PassResult.Scan, isAsleep: Bool, serverTime: ServerTime) {
        guard let summary = rows.last else {
            throw PostgresError(.malformed, .answered, operation: "scan", message: "a scan without a last row")
        }
        let snapshot = try summary.string(FoundColumn.snapshot)
        let isKnown = request.cursor.map { cursor in self.snapshots.contains { $0.id == cursor.snapshot } } ?? false
        var positions: [Int: ScanCursor.Position] = [:]
        if isKnown, let cursor = request.cursor {
            for position in cursor.positions { positions[position.priority] = position }
        }
        var items: [WorkItem] = []
        items.reserveCapacity(rows.count - 1)
        var readBehind = false
        var countAhead = 0
        var cutAt: Int?
        for row in rows.dropLast() {
            let item = try WorkItem(row)
            if try row.bool(FoundColumn.ahead) {
                let position = ScanCursor.Position(priority: item.priority, dueAt: item.dueAt, id: item.id)
                let present = positions[item.priority] ?? position
                // A reserve may have been read before, and read again.
                if (present.dueAt, present.id) <= (position.dueAt, position.id) {
                    positions[item.priority] = position
                }
                countAhead += 1
                if countAhead == request.limit { cutAt = item.priority }
            } else {
                readBehind = true
            }
            if try !row.bool(FoundColumn.blocked) { items.append(item) }
        }
        // What was found behind the cursors comes first; by itself each part is in order.
        if readBehind { items.sort { ($1.priority, $0.dueAt, $0.id) < ($0.priority, $1.dueAt, $1.id) } }
        let overflow = try summary.bool(FoundColumn.overflow)
        let serverTime = try summary.time(FoundColumn.serverTime)
        let snapshotID: UInt64
        if request.keepsSnapshot, isKnown, let cursor = request.cursor {
            snapshotID = cursor.snapshot
        } else {
            snapshotID = self.remember(snapshot)
        }
        let cursor = ScanCursor(
            // More appeared behind the cursors than was asked for: the front has all of it.
            positions: overflow ? [] : positions.values.sorted { $0.priority > $1.priority },
            snapshot: snapshotID,
            dueUpTo: serverTime
        )
        let scan = PassResult.Scan(
            items: items,
            cursor: cursor,
            hasMore: try summary.bool(FoundColumn.more) || overflow,
            nextDue: try summary.optionalTime(FoundColumn.nextDue),
            cutAt: cutAt
        )
        return (scan, try summary.bool(FoundColumn.asleep), serverTime)
    }

    private mutating func remember(_ snapshot: String) -> UInt64 {
        self.lastID += 1
        self.snapshots.append((self.lastID, snapshot))
        if self.snapshots.count > Self.depth { self.snapshots.removeFirst() }
        return self.lastID
    }
}
