internal import InMemoryStores
internal import TenureCore

extension TenantStoreConformance {
    static let scans: [TenantStoreConformance] = [
        Self("Due work is found in order of priority, then of the due instant, then of the IDs; the rest when due") {
            scene in
            let owner = try await scene.owner()
            let early = TenantScene.past
            let late = early.advanced(by: .seconds(1))
            let plain = try await scene.added(2) { $0.due = .at(late) }
            let older = try await scene.added(1) { $0.due = .at(early) }
            let urgent = try await scene.added(1) { $0.priority = 9 }
            let idle = try await scene.added(1) {
                $0.priority = -9
                $0.due = .at(early)
            }
            _ = try await scene.added(1) { $0.due = .at(TenantScene.future) }
            let next = TenantScene.future.advanced(by: .seconds(-1))
            _ = try await scene.added(1) {
                $0.due = .at(next)
                $0.priority = 5
            }

            let found = try await owner.scan()

            try expectEqual(found.ids, urgent + older + plain + idle, "what is found")
            try expectEqual(found.nextDue, next, "what is due next")
        },
        Self("A limit cuts a scan into pages that leave nothing out") { scene in
            let owner = try await scene.owner()
            var expected: [WorkID] = []
            for priority in [3, 0, -3] { expected += try await scene.added(5) { $0.priority = priority } }
            _ = try await scene.added(1) { $0.due = .at(TenantScene.future) }

            let scan = try await owner.pass { $0.scan = ScanRequest(limit: 4, cursor: nil) }.scan
            try expectEqual(scan?.items.map(\.id), Array(expected.prefix(4)), "the first page")
            try expectEqual(scan?.hasMore, true, "whether there is more")
            try expectEqual(try await owner.scan(limit: 4).ids, expected, "all pages")
        },
        Self("From its cursor a scan finds what is new, wherever it lies") { scene in
            let owner = try await scene.owner()
            _ = try await scene.added(3)
            let cursor = try await owner.scan().cursor
            let behind = try await scene.added(1) { $0.due = .at(TenantScene.past) }
            let beyond = try await scene.added(1)
            let band = try await scene.added(1) { $0.priority = 7 }

            let found = try await owner.scan(from: cursor)

            try expectEqual(found.ids, band + behind + beyond, "what is found")
            try expectEqual(try await owner.scan(from: found.cursor).ids, [], "what is found afterwards")
        },
        Self("Rows behind a cursor that exceed the limit are found all the same") { scene in
            let owner = try await scene.owner()
            _ = try await scene.added(1)
            let cursor = try await owner.scan(limit: 2).cursor
            let behind = try await scene.added(5) { $0.due = .at(TenantScene.past) }

            let found = Set(try await owner.scan(from: cursor, limit: 2).ids)

            try expect(found.isSuperset(of: behind), "\(behind) must be among \(found.sorted())")
        },
        Self("A row whose transaction commits late is found by the next scan, also behind the cursor") { scene in
            let owner = try await scene.owner()
            var cursor: ScanCursor?
            var ids: [WorkID] = []
            var work = NewWork()
            work.due = .at(TenantScene.past)

            try await scene.harness.whileAdding(work) { id in
                ids = try await scene.added(2)
                let found = try await owner.scan()
                try expectEqual(found.ids, ids, "what is found meanwhile")
                try expectEqual(try await owner.claim(scene.batch(1), [id]), [], "a claim meanwhile")
                cursor = found.cursor
                ids.append(id)
            }

            let found = try await owner.scan(from: cursor)
            try expectEqual(found.ids, [ids[2]], "what is found after the commit")
            try expectEqual(try await owner.scan(from: found.cursor).ids, [], "what is found afterwards")
        },
        Self("A row that becomes due after a scan is found when it has") { scene in
            let owner = try await scene.owner()
            let due = try await scene.harness.now().advanced(by: TenantScene.short)
            let late = try await scene.added(1) { $0.due = .at(due) }
            let first = try await owner.scan()
            // On a slow machine its time may have come already.
            if first.ids.isEmpty { try expectEqual(first.nextDue, due, "what is due next") }

            try await scene.harness.advance(by: TenantScene.short * 2)

            try expectEqual(first.ids + (try await owner.scan(from: first.cursor).ids), late, "what is found")
        },
        Self("A row that was settled and is due again is found again") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(4)
            let cursor = try await owner.scan().cursor
            _ = try await owner.claim(scene.batch(1), ids)
            let verdicts: [Outcome.Verdict] = [.retry(after: .zero), .snoozed(for: .zero), .released, .completed]
            var outcomes: [Outcome] = []
            for (id, verdict) in zip(ids, verdicts) { outcomes += try await owner.outcomes([id], verdict) }

            _ = await owner.store.exchange(
                Exchange(settlements: [Settlement(batch: scene.batch(1), outcomes: outcomes)])
            )

            let found = try await owner.scan(from: cursor).ids.sorted()
            try expectEqual(found, Array(ids.prefix(3)), "what is found")
        },
        Self("What a crash left over is found by a scan that goes on from its cursor") { scene in
            let owner = try await scene.owner("b/2")
            let ids = try await scene.added(1)
            let crashing = try await scene.owner("a/1", epoch: 2)
            _ = try await crashing.claim(scene.batch(1), ids)
            let back = TenantOwner(store: owner.store, holder: owner.holder, epoch: Epoch(3), harness: scene.harness)
            _ = try await back.store.takeOwnership(epoch: back.epoch, holder: back.holder)
            _ = try await back.open(living: ["a/1"])
            let cursor = try await back.scan().cursor

            try expectEqual(try await back.open().crashedRuns, 1, "the crashed runs")

            try expectEqual(try await back.scan(from: cursor).ids, ids, "what is found")
        },
        Self("A cursor of another store reads from the front") { scene in
            let owner = try await scene.owner("a/1")
            let ids = try await scene.added(2)
            let cursor = try await owner.scan().cursor
            let other = try await scene.owner("b/2", epoch: 2)

            try expectEqual(try await other.scan(from: cursor).ids, ids, "what is found")
        },
    ]

    static let sleeping: [TenantStoreConformance] = [
        Self("A sleep is published by a scan that finds nothing, and by no other pass") { scene in
            let owner = try await scene.owner()
            _ = try await scene.added(1)
            func publish(_ cursor: ScanCursor?) async throws -> (isPublished: Bool?, cursor: ScanCursor?) {
                let result = try await owner.pass { pass in
                    pass.scan = ScanRequest(limit: 10, cursor: cursor)
                    pass.sleepUntil = .distantFuture
                }
                return (result.isSleepPublished, result.scan?.cursor)
            }

            let busy = try await publish(nil)
            try expectEqual(busy.isPublished, false, "whether it is published while something is due")
            let quiet = try await publish(busy.cursor)
            try expectEqual(quiet.isPublished, true, "whether it is published when nothing is")
            let blind = try await owner.pass { $0.sleepUntil = .distantFuture }
            try expectEqual(blind.isSleepPublished, false, "whether it is published without a look")
            try expectEqual(try await owner.pass().isSleepPublished, nil, "what is told when it was not asked for")
        },
        Self("A sleep is not published while a user's transaction is adding work") { scene in
            let owner = try await scene.owner()
            func isPublished() async throws -> Bool? {
                let result = try await owner.pass { pass in
                    pass.scan = ScanRequest(limit: 10, cursor: nil)
                    pass.sleepUntil = .distantFuture
                }
                return result.isSleepPublished
            }

            try await scene.harness.whileAdding(NewWork(due: .at(TenantScene.future))) { _ in
                try expectEqual(try await isPublished(), false, "meanwhile")
            }
            try expectEqual(try await isPublished(), true, "afterwards")
        },
        Self("A sleeping owner hears of work, of a changed job, and of a released ordering key") { scene in
            let store = try await scene.harness.makeStore()
            try await store.prepare(migrate: true)
            let holder = try scene.holder("a/1")
            let owner = TenantOwner(store: store, holder: holder, epoch: Epoch(1), harness: scene.harness)
            let signals = await store.signals()
            _ = try await store.takeOwnership(epoch: owner.epoch, holder: holder)
            _ = try await owner.open()
            try await scene.expectSignal(.interrupted, in: signals)
            let keyed = try await scene.added(2) { $0.orderingKey = "key" }
            _ = try await owner.claim(scene.batch(1), keyed)
            var cursor = try await owner.scan().cursor
            func hears(of what: String, _ body: () async throws -> Void) async throws {
                let result = try await owner.pass { pass in
                    pass.scan = ScanRequest(limit: 10, cursor: cursor)
                    pass.sleepUntil = .distantFuture
                }
                try expectEqual(result.isSleepPublished, true, "whether it sleeps before it hears of \(what)")
                cursor = result.scan?.cursor ?? cursor
                try await body()
                try await scene.expectSignal(.work, in: signals)
                cursor = try await owner.scan(from: cursor).cursor
            }

            try await hears(of: "work that is due") { _ = try await scene.added(1) }
            try await hears(of: "work that is due before it wakes") {
                _ = try await scene.added(1) { $0.due = .at(TenantScene.future) }
            }
            try await hears(of: "a job") { _ = try await scene.harness.putJob(Self.hourly) }
            try await hears(of: "a triggered job") { _ = try await scene.harness.triggerJob("job") }
            try await hears(of: "a released ordering key") {
                try expectEqual(try await owner.settle(scene.batch(1), [keyed[0]]), .accepted, "the settlement")
            }
            await store.close()
        },
        Self("A store that was closed refuses every call and ends its hints") { scene in
            let owner = try await scene.owner()
            let signals = await owner.store.signals()
            await owner.store.close()

            for await _ in signals {}
            try await scene.expectFailure(.unavailable, "a pass") { _ = try await owner.pass() }
            try await scene.expectFailure(.unavailable, "the jobs") { _ = try await owner.store.jobs() }
            for await _ in await owner.store.signals() {}
        },
    ]

    private static let hourly = NewJob(name: "job", schedule: .cron("@hourly"))
}
