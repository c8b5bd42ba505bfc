internal import TenureCore

extension InMemoryTenantState {
    /// From this many rows on a scan marks the owner as awake, which spares users the hints.
    private static let busyRows = 16

    /// Reads due work in order beyond a cursor, and what appeared behind it since the scan that made it.
    ///
    /// With `sleepUntil`, publishes until when the owner sleeps, if there is nothing due and no user's transaction that
    /// added work is under way.
    mutating func scan(
        _ request: ScanRequest,
        sleepUntil: ServerTime?,
        at now: ServerTime
    ) -> (scan: PassResult.Scan, isAsleep: Bool) {
        let limit = max(1, request.limit)
        let heads = self.heads()
        var positions = Dictionary(uniqueKeysWithValues: (request.cursor?.positions ?? []).map { ($0.priority, $0) })
        let behind = request.cursor.map { self.rowsBehind(positions, since: $0.snapshot, heads, limit, at: now) } ?? []
        if let cursor = request.cursor {
            // What the earlier scan saw has been dealt with.
            self.released.removeAll { $0.version <= cursor.snapshot }
        }
        let ahead = self.rowsAhead(positions, limit, at: now)
        let reserve = request.reserve.map { self.reserveRows($0, positions, at: now) } ?? []
        for item in ahead + reserve {
            let position = ScanCursor.Position(priority: item.priority, dueAt: item.dueAt, id: item.id)
            let present = positions[item.priority] ?? position
            if (present.dueAt, present.id) <= (position.dueAt, position.id) { positions[item.priority] = position }
        }

        let hasMoreAhead = ahead.count >= limit
        let hasMoreBehind = behind.count >= limit
        let nextDue = hasMoreAhead ? nil : self.work.values.map(\.item.dueAt).filter { $0 > now }.min()
        let isAsleep = sleepUntil != nil && self.openAdditions == 0 && ahead.isEmpty && behind.isEmpty
        if isAsleep, let sleepUntil {
            self.sleepUntil = min(sleepUntil, nextDue ?? sleepUntil)
        } else if ahead.count + behind.count >= Self.busyRows, self.sleepUntil > now {
            self.sleepUntil = .distantPast
        }
        var seen: Set<WorkID> = []
        let items = (behind + ahead + reserve).filter { item in
            (item.orderingKey.map { heads[$0] == item.id } ?? true) && seen.insert(item.id).inserted
        }
        let cursor = ScanCursor(
            // More appeared behind the cursor than was asked for: the front has all of it.
            positions: hasMoreBehind ? [] : positions.values.sorted { $0.priority > $1.priority },
            snapshot: request.keepsSnapshot ? request.cursor?.snapshot ?? self.version : self.version,
            dueUpTo: now
        )
        let scan = PassResult.Scan(
            items: items.sorted(by: Self.precedes),
            cursor: cursor,
            hasMore: hasMoreAhead || hasMoreBehind,
            nextDue: nextDue,
            cutAt: hasMoreAhead ? ahead.last?.priority : nil
        )
        return (scan, isAsleep)
    }

    /// Due rows that were written since a version, and heads of ordering keys that were released since.
    private func rowsBehind(
        _ positions: [Int: ScanCursor.Position],
        since version: UInt64,
        _ heads: [String: WorkID],
        _ limit: Int,
        at now: ServerTime
    ) -> [WorkItem] {
        func isBehind(_ item: WorkItem) -> Bool {
            guard item.dueAt <= now, let position = positions[item.priority] else { return false }
            return (item.dueAt, item.id) <= (position.dueAt, position.id)
        }
        let late = self.work.values.filter { $0.version > version && isBehind($0.item) }
            .sorted { ($0.version, $0.item.dueAt, $0.item.id) < ($1.version, $1.item.dueAt, $1.item.id) }
            .map(\.item)
        let freed = Set(self.released.filter { $0.version > version }.flatMap(\.keys)).sorted()
            .compactMap { heads[$0].flatMap { self.work[$0]?.item } }
            .filter(isBehind)
        return Array((late + freed).prefix(limit))
    }

    /// Due rows beyond the positions, the most urgent first.
    private func rowsAhead(
        _ positions: [Int: ScanCursor.Position],
        _ limit: Int,
        at now: ServerTime
    ) -> [WorkItem] {
        let rows = self.work.values.map(\.item).filter { item in
            guard item.dueAt <= now else { return false }
            guard let position = positions[item.priority] else { return true }
            return (item.dueAt, item.id) > (position.dueAt, position.id)
        }
        return Array(rows.sorted(by: Self.precedes).prefix(limit))
    }

    /// The first due rows beyond the positions of each lower priority.
    private func reserveRows(
        _ reserve: ScanRequest.Reserve,
        _ positions: [Int: ScanCursor.Position],
        at now: ServerTime
    ) -> [WorkItem] {
        let rows = self.rowsAhead(positions, .max, at: now).filter { $0.priority < reserve.below }
        return Dictionary(grouping: rows, by: \.priority).sorted { $0.key > $1.key }
            .flatMap { $0.value.prefix(reserve.rows) }
    }

    private static func precedes(_ left: WorkItem, _ right: WorkItem) -> Bool {
        (right.priority, left.dueAt, left.id) < (left.priority, right.dueAt, right.id)
    }
}
