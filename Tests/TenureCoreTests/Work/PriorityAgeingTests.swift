import Testing

@testable import TenureCore

@Suite("Ageing of priorities in TenantQueue")
struct PriorityAgeingTests {
    private func item(_ id: Int64, priority: Int, due: Int64) -> WorkItem {
        WorkItem(
            id: WorkID(id),
            kind: .timer,
            topic: "t",
            dueAt: ServerTime(microseconds: due * 1_000_000),
            priority: priority
        )
    }

    private func take(_ queue: inout TenantQueue, _ items: [WorkItem]) {
        let cursor = ScanCursor(positions: [], snapshot: 1, dueUpTo: .distantPast)
        queue.take(PassResult.Scan(items: items, cursor: cursor, hasMore: false, nextDue: nil))
    }

    /// Puts a queue under the permanent pressure of fresh urgent work, a start a second. Returns when each row of low
    /// priority started.
    private func starts(ofLow low: [WorkItem], ageing: Duration, seconds: Int64) -> [Int64: Int64] {
        var queue = TenantQueue(batchSize: 100, ageing: ageing, now: .zero)
        self.take(&queue, low)
        var starts: [Int64: Int64] = [:]
        for second in 0..<seconds {
            self.take(&queue, (0..<2).map { self.item(1_000_000 + second * 2 + $0, priority: 9, due: second) })
            for item in queue.takeReady(1) where item.priority < 9 { starts[item.id.value] = second }
        }
        return starts
    }

    @Test("The least urgent work starts under permanent pressure, within the bound, and not before its turn")
    func noStarvation() {
        let step: Int64 = 10
        let low = (1...3).map { self.item($0, priority: -9, due: 0) }
        let starts = self.starts(ofLow: low, ageing: .seconds(step), seconds: 1_000)

        // Urgent work grows here by one a second, so that its oldest row has waited for half of the time.
        let bound = 18 * step * 2 + 8 * 3 + 8
        #expect(starts.count == 3)
        for (id, second) in starts { #expect(second >= 18 * step && second <= bound, "\(id) started at \(second)") }
    }

    @Test("Without ageing it would not")
    func strict() {
        let starts = self.starts(ofLow: [self.item(1, priority: -9, due: 0)], ageing: .zero, seconds: 1_000)
        #expect(starts.isEmpty)
    }

    @Test("Urgent work goes first, however old the backlog: seven of eight starts are the most urgent")
    func urgentFirst() {
        var queue = TenantQueue(batchSize: 1_000, ageing: .seconds(10), now: .zero)
        self.take(&queue, (1...500).map { self.item($0, priority: 0, due: 0) })
        self.take(&queue, (501...600).map { self.item($0, priority: 9, due: 86_400) })

        let taken = queue.takeReady(112).map(\.priority)

        #expect(taken.count { $0 == 9 } >= 98)
        #expect(taken.prefix(7).allSatisfy { $0 == 9 }, "the first ones are the urgent ones")
    }

    @Test("A lower priority that has not waited for longer than its levels are worth does not go ahead")
    func notYet() {
        var queue = TenantQueue(batchSize: 1_000, ageing: .seconds(10), now: .zero)
        self.take(&queue, (1...50).map { self.item($0, priority: 3, due: 100) })
        self.take(&queue, [self.item(101, priority: 1, due: 79), self.item(100, priority: 1, due: 81)])

        let taken = queue.takeReady(50).map(\.id.value)

        #expect(!taken.contains(100), "19 s are less than two levels of 10 s")
        #expect(taken.firstIndex(of: 101) == 7, "21 s are more")
    }

    @Test("While more urgent rows fill the read-ahead, lower priorities are asked for now and then")
    func reserve() {
        var queue = TenantQueue(batchSize: 10, ageing: .seconds(10), now: .zero)
        let later = MonotonicInstant.zero.advanced(by: .seconds(5))
        let first = queue.scanRequest(now: later)
        #expect(first.reserve == nil, "nothing is known yet")
        let cursor = ScanCursor(positions: [], snapshot: 1, dueUpTo: .distantPast)
        let urgent = (1...30).map { self.item($0, priority: 9, due: 0) }
        queue.take(PassResult.Scan(items: urgent, cursor: cursor, hasMore: true, nextDue: nil, cutAt: 9))

        let second = queue.scanRequest(now: later)
        #expect(second.reserve == ScanRequest.Reserve(below: 9, rows: 8))
        let third = queue.scanRequest(now: later.advanced(by: .milliseconds(999)))
        #expect(third.reserve == nil, "not each time")
        let fourth = queue.scanRequest(now: later.advanced(by: .seconds(1)))
        #expect(fourth.reserve != nil)
    }
}
