import Testing

@testable import TenureCore

@Suite("TenantQueue")
struct TenantQueueTests {
    private func item(_ id: Int64, due: Int64 = 0, priority: Int = 0, isSuspect: Bool = false) -> WorkItem {
        WorkItem(
            id: WorkID(id),
            kind: .timer,
            topic: "t",
            dueAt: ServerTime(microseconds: due),
            priority: priority,
            isSuspect: isSuspect
        )
    }

    private func scan(_ items: [WorkItem], hasMore: Bool = false, nextDue: Int64? = nil) -> PassResult.Scan {
        PassResult.Scan(
            items: items,
            cursor: ScanCursor(positions: [], snapshot: 1, dueUpTo: ServerTime(microseconds: 0)),
            hasMore: hasMore,
            nextDue: nextDue.map(ServerTime.init(microseconds:))
        )
    }

    private func ids(_ items: [WorkItem]) -> [Int64] { items.map(\.id.value) }

    @Test("A row that a scan returns again while it is in flight is not taken twice")
    func noDoubles() {
        var queue = TenantQueue(batchSize: 10, now: .zero)
        queue.take(self.scan([self.item(1), self.item(2)]))
        let taken1 = self.ids(queue.takeReady(10))
        #expect(taken1 == [1, 2])

        queue.take(self.scan([self.item(1), self.item(2), self.item(3)]))

        let taken2 = self.ids(queue.takeReady(10))
        #expect(taken2 == [3])
    }

    @Test("A row that was settled and is due again is taken again")
    func retried() {
        var queue = TenantQueue(batchSize: 10, now: .zero)
        queue.take(self.scan([self.item(1)]))
        _ = queue.takeReady(10)

        queue.settled([WorkID(1)], wasLone: false)
        queue.take(self.scan([self.item(1)]))

        let taken3 = self.ids(queue.takeReady(10))
        #expect(taken3 == [1])
    }

    @Test("Higher priorities come first, each in its order")
    func priorities() {
        var queue = TenantQueue(batchSize: 10, now: .zero)
        queue.take(self.scan([self.item(1), self.item(2, priority: 5), self.item(3), self.item(4, priority: 5)]))

        let taken4 = self.ids(queue.takeReady(3))
        #expect(taken4 == [2, 4, 1])
        #expect(queue.readyCount == 1)
    }

    @Test("A44: suspects are taken one at a time")
    func suspects() {
        var queue = TenantQueue(batchSize: 10, now: .zero)
        queue.take(self.scan([self.item(1, isSuspect: true), self.item(2, isSuspect: true), self.item(3)]))

        let taken9 = queue.takeSuspect()?.id
        #expect(taken9 == WorkID(1))
        let taken11 = queue.takeSuspect()
        #expect(taken11 == nil)
        let taken5 = self.ids(queue.takeReady(10))
        #expect(taken5 == [3])
        queue.settled([WorkID(1)], wasLone: true)
        let taken10 = queue.takeSuspect()?.id
        #expect(taken10 == WorkID(2))
    }

    @Test("What is lent is left alone, and read from the front when it is lent no longer")
    func lent() {
        var queue = TenantQueue(batchSize: 10, now: .zero)
        let claim = LentClaim(
            batch: BatchID("b"),
            incarnation: Incarnation("i"),
            ids: [WorkID(1)],
            orderingKeys: [],
            until: ServerTime(microseconds: 9)
        )
        queue.setLent([claim])
        queue.take(self.scan([self.item(1), self.item(2)]))
        let taken6 = self.ids(queue.takeReady(10))
        #expect(taken6 == [2])

        queue.setLent([])

        let request1 = queue.scanRequest()
        #expect(request1.cursor == nil)
        queue.take(self.scan([self.item(1)]))
        let taken7 = self.ids(queue.takeReady(10))
        #expect(taken7 == [1])
    }

    @Test("A48: nothing is read before the next due instant, unless something arrived")
    func waits() {
        var queue = TenantQueue(batchSize: 10, now: .zero)
        queue.take(self.scan([], nextDue: 1_000))

        let wants1 = queue.wantsScan(serverNow: ServerTime(microseconds: 999), now: .zero)
        #expect(!wants1)
        let wants2 = queue.wantsScan(serverNow: ServerTime(microseconds: 1_000), now: .zero)
        #expect(wants2)
        queue.noteArrival()
        let wants3 = queue.wantsScan(serverNow: ServerTime(microseconds: 1), now: .zero)
        #expect(wants3)
    }

    @Test("Rows that could not be claimed are looked for again soon: their cancellation may be rolled back")
    func busyRows() {
        var queue = TenantQueue(batchSize: 10, now: .zero)
        queue.take(self.scan([self.item(1)]))
        _ = queue.takeReady(10)
        queue.notClaimed([WorkID(1)], wasLone: false, now: .zero)
        let later = MonotonicInstant.zero.advanced(by: .seconds(1))

        let wants4 = queue.wantsScan(serverNow: ServerTime(microseconds: 0), now: later)
        #expect(wants4)
        let request2 = queue.scanRequest()
        #expect(request2.cursor == nil)
        queue.take(self.scan([self.item(1)]))
        let taken8 = self.ids(queue.takeReady(10))
        #expect(taken8 == [1])
    }

    @Test("The read-ahead is bounded")
    func bounded() {
        var queue = TenantQueue(batchSize: 10, now: .zero)
        queue.take(self.scan((1...25).map { self.item($0) }, hasMore: true))

        let wants5 = queue.wantsScan(serverNow: ServerTime(microseconds: 0), now: .zero)
        #expect(!wants5)
        _ = queue.takeReady(10)
        let wants6 = queue.wantsScan(serverNow: ServerTime(microseconds: 0), now: .zero)
        #expect(wants6)
        let request3 = queue.scanRequest()
        #expect(request3.limit == 15)
    }
}
