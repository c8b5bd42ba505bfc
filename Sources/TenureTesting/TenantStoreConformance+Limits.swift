internal import InMemoryStores
internal import TenureCore

extension TenantStoreConformance {
    /// Limits, how far their rates are used up, and what a new owner has to count.
    static let limits: [TenantStoreConformance] = [
        Self("Limits are read with the jobs, as they were put, and the version changes with every change") { scene in
            let owner = try await scene.owner()
            let first = LimitDefinition(name: "a", topic: "mail.*", key: "c-*", maxRunning: 2)
            let second = LimitDefinition(name: "b", rate: LimitRate(3, per: .seconds(10)), burst: 5)
            try expect(try await scene.harness.putLimit(second), "the first time it changes something")
            try expect(try await scene.harness.putLimit(first), "the first time it changes something")
            let before = try await owner.pass().jobsVersion
            try expect(try await !scene.harness.putLimit(first), "the second time it does not")
            try expectEqual(try await owner.store.jobs().limits.definitions, [first, second], "the limits")

            try expect(try await scene.harness.deleteLimit("a"), "there is one to delete")
            try expect(try await !scene.harness.deleteLimit("a"), "it is deleted once")

            try expect(try await owner.pass().jobsVersion != before, "the version must change")
            try expectEqual(try await owner.store.jobs().limits.definitions, [second], "the limits that are left")
        },
        Self("What is written down of the use of a rate is read by the next owner, never goes back, and is fenced") {
            scene in
            let owner = try await scene.owner()
            func note(_ uses: [LimitUse]) async throws { _ = try await owner.pass { $0.uses = uses } }
            let later = try await scene.harness.now().advanced(by: .seconds(100))
            let use = LimitUse(limit: "a", key: "k", paidAt: later)
            let past = LimitUse(limit: "a", key: "", paidAt: TenantScene.past)
            try await note([past, use])
            try await note([LimitUse(limit: "a", key: "k", paidAt: later.advanced(by: .seconds(-50)))])

            let next = try await scene.owner("b/2", epoch: 2)
            try expectEqual(try await next.store.jobs().limits.uses, [use], "what is used up")
            try await scene.expectFailure(.fenced, "a former owner") {
                try await note([LimitUse(limit: "a", key: "k", paidAt: later.advanced(by: .seconds(50)))])
            }
            try expectEqual(try await next.store.jobs().limits.uses, [use], "what is used up afterwards")
        },
        Self("A new owner is told what lent runs count by") { scene in
            let owner = try await scene.owner()
            let ids =
                try await scene.added(1) { $0.topic = "mail.send" }
                + scene.added(1) {
                    $0.topic = "mail.sort"
                    $0.limitKey = "c-1"
                }
            _ = try await owner.claim(scene.batch(1), ids)

            let store = try await scene.harness.makeStore()
            try await store.prepare(migrate: true)
            let holder = try scene.holder("b/2")
            let epoch = Epoch(2)
            _ = try await store.takeOwnership(epoch: epoch, holder: holder)
            let opening = try await store.open(
                epoch: epoch,
                holder: holder,
                living: [holder.incarnation, owner.holder.incarnation],
                lending: TenantScene.long
            )

            try expectEqual(
                opening.lent.map(\.subjects),
                [[LimitBook.Subject(topic: "mail.send"), LimitBook.Subject(topic: "mail.sort", key: "c-1")]],
                "what counts"
            )
        },
        Self("A reserve reads rows of lower priorities although more urgent ones fill the limit") { scene in
            let owner = try await scene.owner()
            _ = try await scene.added(5) { $0.priority = 9 }
            let middle = try await scene.added(3)
            let low = try await scene.added(3) { $0.priority = -9 }
            let request = ScanRequest(
                limit: 2,
                cursor: nil,
                reserve: ScanRequest.Reserve(below: 9, rows: 2)
            )
            guard let scan = try await owner.pass({ $0.scan = request }).scan else { return }

            let found = Array(scan.items.map(\.id).suffix(4))
            try expectEqual(found, Array(middle.prefix(2)) + low.prefix(2), "the reserve")
            try expect(scan.hasMore, "there is more")
            try expectEqual(scan.cutAt, 9, "where it was cut short")
            let rest = try await owner.scan(from: scan.cursor)
            try expectEqual(Set(rest.ids).union(scan.items.map(\.id)).count, 11, "nothing is left out")
        },
        Self("A look at another place keeps the cursor's snapshot: what came late is still found behind the cursor") {
            scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(4)
            let cursor = try await owner.scan().cursor
            let late = try await scene.added(1) { $0.due = .at(TenantScene.past) }
            guard let start = try await scene.row(ids[1]) else { return }
            var look = ScanRequest(
                limit: 100,
                cursor: ScanCursor(
                    positions: (-9...9).map { priority in
                        ScanCursor.Position(
                            priority: priority,
                            dueAt: priority == 0 ? start.dueAt : .distantFuture,
                            id: priority == 0 ? start.id : WorkID(.max)
                        )
                    },
                    snapshot: cursor.snapshot,
                    dueUpTo: cursor.dueUpTo
                )
            )
            look.keepsSnapshot = true
            for _ in 0..<6 {
                let request = look
                guard let found = try await owner.pass({ $0.scan = request }).scan else { return }
                try expectEqual(found.items.map(\.id).filter { $0 != late[0] }, Array(ids[2...]), "from that place on")
                try expectEqual(found.cursor.snapshot, cursor.snapshot, "the snapshot")
            }
            try expectEqual(try await owner.scan(from: cursor).ids, late, "what the cursor still has to find")
        },
    ]
}
