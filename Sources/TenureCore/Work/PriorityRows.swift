/// Rows by priority, those of one priority in the order of arrival.
struct PriorityRows: Sendable {
    private var bands: [Int: RowBuffer] = [:]
    /// Rows in all.
    private(set) var count = 0

    var isEmpty: Bool { self.count == 0 }

    /// Whether all rows have one priority.
    var hasOneBand: Bool { self.bands.count <= 1 }

    /// The highest priority of a row.
    var highest: Int? { self.bands.keys.max() }

    /// The next row of the highest priority.
    var first: WorkItem? { self.highest.flatMap { self.bands[$0]?.first } }

    /// The next row of each priority, in no order.
    var heads: [WorkItem] { self.bands.values.compactMap(\.first) }

    /// Every row, by priority, then by arrival.
    var all: [WorkItem] { self.bands.sorted { $0.key > $1.key }.flatMap { $0.value.all } }

    /// Rows that are not of the highest priority.
    var countBelowHighest: Int { self.count - (self.highest.flatMap { self.bands[$0]?.count } ?? 0) }

    mutating func append(_ row: WorkItem) {
        self.bands[row.priority, default: RowBuffer()].append(row)
        self.count += 1
    }

    /// Takes the next rows of one priority.
    mutating func popFirst(_ limit: Int, of priority: Int, into taken: inout [WorkItem]) {
        let before = taken.count
        self.bands[priority]?.popFirst(limit, into: &taken)
        self.count -= taken.count - before
        if self.bands[priority]?.isEmpty ?? false { self.bands[priority] = nil }
    }
}

/// Rows in order of arrival, taken from the front.
struct RowBuffer: Sendable {
    private var rows: [WorkItem] = []
    private var head = 0

    var isEmpty: Bool { self.head == self.rows.count }

    var count: Int { self.rows.count - self.head }

    var first: WorkItem? { self.isEmpty ? nil : self.rows[self.head] }

    var all: ArraySlice<WorkItem> { self.rows[self.head...] }

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
