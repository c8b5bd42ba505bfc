internal import InMemoryStores
internal import TenureCore

extension TenantStoreConformance {
    static let lending: [TenantStoreConformance] = [
        Self("Claims of the living stay lent after a hand-over: left alone by the new owner, settled by the old one") {
            scene in
            let old = try await scene.owner("a/1")
            let ids = try await scene.added(2)
            let keyed = try await scene.added(2) { $0.orderingKey = "key" }
            _ = try await old.claim(scene.batch(1), [ids[0], keyed[0]])
            let new = try await scene.owner("b/2", epoch: 2, living: ["a/1"])

            let opening = try await new.open(living: ["a/1"])
            try expectEqual(opening.own, [], "the own claims")
            try expectEqual(opening.lent.map(\.batch), [scene.batch(1)], "the lent claims")
            try expectEqual(opening.lent.first?.incarnation, old.holder.incarnation, "the claimant")
            try expectEqual(opening.lent.first?.ids, [ids[0], keyed[0]], "the lent IDs")
            try expectEqual(opening.lent.first?.orderingKeys, ["key"], "the lent ordering keys")
            try expectEqual(try await new.claim(scene.batch(2), ids + keyed), [ids[1]], "what the new owner gets")
            try expectEqual(try await old.settle(scene.batch(1), [ids[0], keyed[0]]), .accepted, "the settlement")
            try expectEqual(try await new.open(living: ["a/1"]).lent, [], "the lent claims afterwards")
            try expectEqual(try await scene.history(ids[0]), ["completed"], "history")
            try expectEqual(try await new.claim(scene.batch(3), [keyed[1]]), [keyed[1]], "the next of the key")
        },
        Self("Opening again does not prolong a lending") { scene in
            let old = try await scene.owner("a/1")
            let ids = try await scene.added(1)
            _ = try await old.claim(scene.batch(1), ids)
            let new = try await scene.owner("b/2", epoch: 2, living: ["a/1"], lending: .seconds(300))
            let first = try await new.open(living: ["a/1"], lending: .seconds(300)).lent
            try await scene.harness.advance(by: TenantScene.short)

            let second = try await new.open(living: ["a/1"], lending: .seconds(900)).lent
            try expectEqual(second, first, "the lent claims")
            let next = try await scene.owner("c/3", epoch: 3, living: ["a/1"], lending: .seconds(900))
            try expectEqual(try await next.open(living: ["a/1"]).lent, first, "the lent claims of the next owner")
        },
        Self("When a lending is over, the next opening revokes the claim; its runs were slow, not suspect") { scene in
            let old = try await scene.owner("a/1")
            let ids = try await scene.added(1)
            _ = try await old.claim(scene.batch(1), ids)
            let new = try await scene.owner("b/2", epoch: 2, living: ["a/1"], lending: TenantScene.short)
            try expectEqual(try await new.claim(scene.batch(2), ids), [], "a claim while it is lent")
            try await scene.harness.advance(by: TenantScene.short * 2)
            try expectEqual(try await new.claim(scene.batch(2), ids), [], "a claim before the opening")

            let opening = try await new.open(living: ["a/1"])

            try expectEqual(opening.lent, [], "the lent claims")
            try expectEqual(opening.crashedRuns, 0, "the crashed runs")
            try expectEqual(try await old.settle(scene.batch(1), ids), .gone, "the late settlement")
            let row = try await scene.row(ids[0])
            try expectEqual(row?.isSuspect, false, "whether it is suspect")
            try expectEqual(row?.attempts, 0, "its attempts")
            let run = try await scene.harness.contents().runs.first
            try expectEqual(run?.state, "interrupted", "its state in history")
            try expectEqual(run?.reason, "drain_timeout", "the reason")
            try expectEqual(try await new.claim(scene.batch(2), ids), ids, "the claim afterwards")
        },
        Self("A claim that is over is settled by its claimant for as long as nobody has revoked it") { scene in
            let old = try await scene.owner("a/1")
            let ids = try await scene.added(1)
            _ = try await old.claim(scene.batch(1), ids)
            _ = try await scene.owner("b/2", epoch: 2, living: ["a/1"], lending: .zero)
            try await scene.harness.advance(by: TenantScene.short)

            try expectEqual(try await old.settle(scene.batch(1), ids), .accepted, "the settlement")
        },
        Self("A claimant that is lost while its claim is lent leaves suspects") { scene in
            let old = try await scene.owner("a/1")
            let ids = try await scene.added(2)
            _ = try await old.claim(scene.batch(1), ids)
            let new = try await scene.owner("b/2", epoch: 2, living: ["a/1"])

            let opening = try await new.open()

            try expectEqual(opening.crashedRuns, 2, "the crashed runs")
            try expectEqual(try await scene.row(ids[0])?.isSuspect, true, "whether they are suspect")
            try expectEqual(try await old.settle(scene.batch(1), ids), .gone, "the late settlement")
        },
        Self("An owner that comes back gets what was lent to it as its own") { scene in
            let old = try await scene.owner("a/1")
            let ids = try await scene.added(1)
            _ = try await old.claim(scene.batch(1), ids)
            _ = try await scene.owner("b/2", epoch: 2, living: ["a/1"], lending: .zero)
            let back = try await scene.owner("a/1", epoch: 3)

            let opening = try await back.open()

            try expectEqual(opening.own, [StandingClaim(batch: scene.batch(1), ids: ids)], "the own claims")
            try expectEqual(opening.lent, [], "the lent claims")
            try expectEqual(try await back.settle(scene.batch(1), ids), .accepted, "the settlement")
        },
        Self("Rows that a lent claim gives back are found by the new owner's next scan") { scene in
            let old = try await scene.owner("a/1")
            let ids = try await scene.added(3)
            _ = try await old.claim(scene.batch(1), ids)
            let new = try await scene.owner("b/2", epoch: 2, living: ["a/1"])
            let cursor = try await new.scan().cursor
            try expectEqual(try await new.scan(from: cursor).ids, [], "before")
            let outcomes =
                try await old.outcomes([ids[0]], .retry(after: .zero)) + old.outcomes([ids[1]], .released)
                + old.outcomes([ids[2]], .snoozed(for: .zero))

            let settlement = Settlement(batch: scene.batch(1), outcomes: outcomes)
            let reply = await old.store.exchange(Exchange(settlements: [settlement]))
            try expectEqual(reply.settlements, [.accepted], "the settlement")

            let found = try await new.scan(from: cursor)
            try expectEqual(found.ids.sorted(), ids, "what is found")
            try expectEqual(try await new.claim(scene.batch(2), ids), ids, "the claim")
        },
    ]

    static let ordering: [TenantStoreConformance] = [
        Self("Work of one ordering key runs one at a time, in the order of the IDs") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(3) { $0.orderingKey = "key" }
            let others = try await scene.added(1) { $0.orderingKey = "other" } + scene.added(1)
            var cursor = try await owner.scan().cursor

            try expectEqual(try await owner.scan().ids, [ids[0]] + others, "what is found first")
            try expectEqual(try await owner.claim(scene.batch(1), ids + others), [ids[0]] + others, "the first claim")
            for (number, id) in ids.enumerated() {
                let next = number + 1 < ids.count ? [ids[number + 1]] : []
                try expectEqual(try await owner.claim(scene.batch(10 + number), ids), [], "another claim of the key")
                try expectEqual(try await owner.scan(from: cursor).ids, [], "what is found while \(id) runs")
                let batch = number == 0 ? scene.batch(1) : scene.batch(20 + number)
                try expectEqual(try await owner.settle(batch, [id]), .accepted, "the settlement of \(id)")
                let found = try await owner.scan(from: cursor)
                cursor = found.cursor
                try expectEqual(found.ids, next, "what is found after \(id)")
                if !next.isEmpty {
                    try expectEqual(try await owner.claim(scene.batch(21 + number), ids), next, "the claim after \(id)")
                }
            }
        },
        Self("Neither an earlier instant nor a higher priority overtakes the head of an ordering key") { scene in
            let owner = try await scene.owner()
            let head = try await scene.added(1) { $0.orderingKey = "key" }
            let follower = try await scene.added(1) {
                $0.orderingKey = "key"
                $0.priority = 9
                $0.due = .at(TenantScene.past)
            }
            let later = try await scene.added(1) {
                $0.orderingKey = "late"
                $0.due = .at(TenantScene.future)
            }
            let waiting = try await scene.added(1) { $0.orderingKey = "late" }

            try expectEqual(try await owner.scan().ids, head, "what is found")
            try expectEqual(try await owner.claim(scene.batch(1), follower + waiting), [], "a claim of the followers")
            try expect(try await scene.harness.cancel(later[0], kinds: WorkKind.allCases), "the head is cancelled")
            try expectEqual(try await owner.claim(scene.batch(1), waiting), waiting, "a claim after that")
        },
        Self("A head that waits for its next attempt holds its followers") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(2) { $0.orderingKey = "key" }
            _ = try await owner.claim(scene.batch(1), ids)
            let verdicts: [Outcome.Verdict] = [
                .retry(after: .seconds(3600)), .snoozed(for: .seconds(3600)), .released,
            ]

            for (number, verdict) in verdicts.enumerated() {
                try expectEqual(
                    try await owner.settle(scene.batch(number + 1), [ids[0]], verdict),
                    .accepted,
                    "\(verdict)"
                )
                try expectEqual(try await owner.claim(scene.batch(10), [ids[1]]), [], "a claim after \(verdict)")
                let claimed = try await owner.claim(scene.batch(number + 2), [ids[0]])
                try expectEqual(claimed, [ids[0]], "a claim of the head after \(verdict)")
            }
        },
        Self("A head that ends in any way lets the next one go") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(5) { $0.orderingKey = "key" }
            var cursor = try await owner.scan().cursor
            let verdicts: [Outcome.Verdict] = [.completed, .discarded(reason: "r"), .cancelled]

            for (number, verdict) in verdicts.enumerated() {
                let claimed = try await owner.claim(scene.batch(number), ids)
                try expectEqual(claimed, [ids[number]], "the claim before \(verdict)")
                _ = try await owner.settle(scene.batch(number), [ids[number]], verdict)
                let found = try await owner.scan(from: cursor)
                cursor = found.cursor
                try expectEqual(found.ids, [ids[number + 1]], "what is found after \(verdict)")
            }
            try expect(try await scene.harness.cancel(ids[3], kinds: WorkKind.allCases), "the user cancels the head")
            try expectEqual(try await owner.scan(from: cursor).ids, [ids[4]], "what is found after that")
        },
        Self("A claim of which a part was settled still holds the ordering keys of its rest") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(1) + scene.added(2) { $0.orderingKey = "key" }
            _ = try await owner.claim(scene.batch(1), ids)
            _ = try await owner.settle(scene.batch(1), [ids[0]])

            try expectEqual(try await scene.harness.contents().claims.first?.keys, ["key"], "the claim's keys")
            try expectEqual(try await owner.claim(scene.batch(2), ids), [], "a claim of the key")
            let new = try await scene.owner("b/2", epoch: 2, living: ["a/1"])
            try expectEqual(try await new.open(living: ["a/1"]).lent.first?.orderingKeys, ["key"], "the lent keys")
        },
    ]
}
