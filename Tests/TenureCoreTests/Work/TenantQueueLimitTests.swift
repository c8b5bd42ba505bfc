import Testing

@testable import TenureCore

@Suite("TenantQueue with limits")
struct TenantQueueLimitTests {
    private func item(
        _ id: Int64,
        _ topic: String = "t",
        key: String? = nil,
        priority: Int = 0,
        isSuspect: Bool = false
    ) -> WorkItem {
        WorkItem(
            id: WorkID(id),
            kind: .timer,
            topic: topic,
            dueAt: ServerTime(microseconds: id),
            priority: priority,
            limitKey: key,
            isSuspect: isSuspect
        )
    }

    private func queue(batchSize: Int = 100, _ definitions: LimitDefinition...) -> TenantQueue {
        var queue = TenantQueue(batchSize: batchSize, now: .zero)
        queue.replaceLimits(LimitsSnapshot(definitions: definitions))
        queue.note(ServerTime(microseconds: 1_000_000))
        return queue
    }

    private func scan(_ items: [WorkItem], hasMore: Bool = false) -> PassResult.Scan {
        let last = items.last.map { ScanCursor.Position(priority: $0.priority, dueAt: $0.dueAt, id: $0.id) }
        let cursor = ScanCursor(positions: last.map { [$0] } ?? [], snapshot: 1, dueUpTo: .distantPast)
        return PassResult.Scan(items: items, cursor: cursor, hasMore: hasMore, nextDue: nil)
    }

    private func ids(_ items: [WorkItem]) -> [Int64] { items.map(\.id.value) }

    @Test("Work that a limit holds up keeps no other work back, and is ready again when a run has ended")
    func othersGoOn() {
        var queue = self.queue(LimitDefinition(name: "slow", topic: "slow", maxRunning: 1))
        queue.take(self.scan([1, 2, 3].map { self.item($0, "slow") } + [4, 5].map { self.item($0) }))
        #expect(queue.readyCount == 3, "one of the slow ones, and the others")

        let first = self.ids(queue.takeReady(10))
        #expect(first == [1, 4, 5])
        #expect(queue.readyCount == 0)
        #expect(queue.limitInstant == nil, "nobody asks before a run has ended")
        let none = queue.takeReady(10)
        #expect(none.isEmpty)

        queue.ended([WorkID(4)])
        #expect(queue.readyCount == 0)
        queue.ended([WorkID(1)])
        #expect(queue.readyCount == 1)
        let second = self.ids(queue.takeReady(10))
        #expect(second == [2])
    }

    @Test("Work that a rate holds up is ready at an instant that is known before")
    func rates() {
        var queue = self.queue(LimitDefinition(name: "r", rate: LimitRate(10), burst: 1))
        queue.take(self.scan([1, 2].map { self.item($0) }))
        let first = self.ids(queue.takeReady(10))
        #expect(first == [1])
        #expect(queue.readyCount == 0)
        #expect(queue.limitInstant == ServerTime(microseconds: 1_100_000))

        queue.note(ServerTime(microseconds: 1_099_999))
        #expect(queue.readyCount == 0)
        queue.note(ServerTime(microseconds: 1_100_000))
        #expect(queue.readyCount == 1)
        #expect(queue.limitInstant == nil)
        let second = self.ids(queue.takeReady(10))
        #expect(second == [2])
        let uses = queue.takeUses()
        #expect(uses.map(\.limit) == ["r"])
    }

    @Test("What a rate holds up is waited for, also before anybody asked to start it")
    func untried() {
        var queue = TenantQueue(batchSize: 100, now: .zero)
        let use = LimitUse(limit: "r", key: "", paidAt: ServerTime(microseconds: 5_000_000))
        let limit = LimitDefinition(name: "r", rate: LimitRate(1), burst: 1)
        queue.replaceLimits(LimitsSnapshot(definitions: [limit], uses: [use]))
        queue.note(ServerTime(microseconds: 1_000_000))
        queue.take(self.scan([self.item(1)]))

        #expect(queue.readyCount == 0)
        #expect(queue.limitInstant == ServerTime(microseconds: 5_000_000))
        queue.note(ServerTime(microseconds: 5_000_000))
        #expect(queue.readyCount == 1)
        #expect(queue.limitInstant == nil)
    }

    @Test("Each limit key has room of its own")
    func keys() {
        var queue = self.queue(LimitDefinition(name: "k", key: "*", maxRunning: 1))
        queue.take(self.scan([self.item(1, key: "a"), self.item(2, key: "a"), self.item(3, key: "b"), self.item(4)]))

        let taken = self.ids(queue.takeReady(10))
        #expect(taken == [1, 3, 4])
    }

    @Test("What runs of a former owner counts until its lending is over")
    func lent() {
        var queue = self.queue(LimitDefinition(name: "l", topic: "t", maxRunning: 1))
        queue.setLent([
            LentClaim(
                batch: BatchID("b"),
                incarnation: Incarnation("i"),
                ids: [WorkID(1)],
                orderingKeys: [],
                until: ServerTime(microseconds: 9),
                subjects: [LimitBook.Subject(topic: "t")]
            )
        ])
        queue.take(self.scan([self.item(2)]))
        let none = queue.takeReady(10)
        #expect(none.isEmpty)

        queue.setLent([])
        let taken = self.ids(queue.takeReady(10))
        #expect(taken == [2])
    }

    @Test("A claim that did not happen makes room again, and a suspect needs room too")
    func returned() {
        var queue = self.queue(LimitDefinition(name: "l", topic: "t", maxRunning: 1))
        queue.take(self.scan([self.item(1), self.item(2, isSuspect: true), self.item(3, "other", isSuspect: true)]))
        let first = queue.takeReady(10)
        #expect(self.ids(first) == [1])
        let suspect = queue.takeSuspect()
        #expect(suspect?.id == WorkID(3), "the first one has no room, and keeps the other not back")
        queue.settled([WorkID(3)], wasLone: true)
        let none = queue.takeSuspect()
        #expect(none == nil)

        queue.putBack(first, wasLone: false)
        let lone = queue.takeSuspect()
        #expect(lone?.id == WorkID(2))
        let taken = queue.takeReady(10)
        #expect(taken.isEmpty)
    }

    @Test("New limits are about what is waiting already, and about what is running")
    func replaced() {
        var queue = self.queue(LimitDefinition(name: "l", topic: "other", maxRunning: 1))
        queue.take(self.scan([1, 2, 3].map { self.item($0) }))
        let running = queue.takeReady(1)

        queue.replaceLimits(LimitsSnapshot(definitions: [LimitDefinition(name: "t", topic: "t", maxRunning: 2)]))
        queue.setHeld(running)
        let taken = self.ids(queue.takeReady(10))
        #expect(taken == [2])
        queue.replaceLimits(LimitsSnapshot())
        let rest = self.ids(queue.takeReady(10))
        #expect(rest == [3])
    }

    /// A table of due rows, read as the store reads it.
    private struct Table {
        var rows: [WorkItem]
        var scans = 0

        mutating func scan(_ request: ScanRequest) -> PassResult.Scan {
            self.scans += 1
            let positions = Dictionary(
                uniqueKeysWithValues: (request.cursor?.positions ?? []).map { ($0.priority, $0) }
            )
            let ahead = self.rows.filter { row in
                positions[row.priority].map { (row.dueAt, row.id) > ($0.dueAt, $0.id) } ?? true
            }.prefix(request.limit)
            var ends = positions
            for row in ahead { ends[row.priority] = .init(priority: row.priority, dueAt: row.dueAt, id: row.id) }
            return PassResult.Scan(
                items: Array(ahead),
                cursor: ScanCursor(
                    positions: ends.values.sorted { $0.priority < $1.priority },
                    snapshot: 1,
                    dueUpTo: .distantPast
                ),
                hasMore: ahead.count == request.limit,
                nextDue: nil
            )
        }
    }

    @Test("A backlog that a limit holds up is not read into memory, hides nothing behind it, and is run to its end")
    func backlog() {
        var table = Table(rows: (1...5_000).map { self.item($0, $0 % 100 == 0 ? "quick" : $0 % 2 == 0 ? "a" : "b") })
        var queue = self.queue(
            batchSize: 80,
            LimitDefinition(name: "a", topic: "a", maxRunning: 3),
            LimitDefinition(name: "b", topic: "b", maxRunning: 5)
        )
        var ran: [Int64] = []
        var running: [WorkItem] = []
        var mostInMemory = 0
        var rounds = 0
        while ran.count < 5_000, rounds < 20_000 {
            rounds += 1
            if queue.wantsScan(serverNow: .distantPast, now: .zero) {
                queue.take(table.scan(queue.scanRequest()))
            } else if let request = queue.refillRequest() {
                queue.take(table.scan(request))
            }
            mostInMemory = max(mostInMemory, queue.heldCount)
            running += queue.takeReady(20)
            #expect(running.count { $0.topic == "a" } <= 3)
            #expect(running.count { $0.topic == "b" } <= 5)
            let ended = running.filter { $0.topic == "quick" } + running.filter { $0.topic != "quick" }.prefix(4)
            running.removeAll { row in ended.contains { $0.id == row.id } }
            ran += self.ids(ended)
            let done = Set(ended.map(\.id))
            table.rows.removeAll { done.contains($0.id) }
            queue.ended(ended.map(\.id))
            queue.settled(ended.map(\.id), wasLone: false)
        }
        #expect(Set(ran).count == 5_000, "everything runs, once")
        let quick = ran.enumerated().filter { $0.element % 100 == 0 }.map(\.offset)
        #expect(quick.count == 50 && quick.allSatisfy { $0 < 1_000 }, "what is not limited waits for nobody")
        #expect(mostInMemory < 80 * 4, "the backlog stays in the table")
        #expect(table.scans < 1_200, "and is read about once for each group: \(table.scans)")
    }
}
