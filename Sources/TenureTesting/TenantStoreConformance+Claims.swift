internal import InMemoryStores
internal import TenureCore

extension TenantStoreConformance {
    static let claims: [TenantStoreConformance] = [
        Self("A claim names those of the IDs that are still there, in ascending order") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(4)
            _ = try await scene.harness.cancel(ids[1], kinds: WorkKind.allCases)

            let claimed = try await owner.claim(scene.batch(1), [WorkID(99), ids[3], ids[1], ids[0]])

            try expectEqual(claimed, [ids[0], ids[3]], "the claimed IDs")
            let claim = try await scene.harness.contents().claims.first
            try expectEqual(claim?.ids, [ids[0], ids[3]], "the claim's IDs")
            try expectEqual(claim?.holder, owner.holder, "the claimant")
            try expectEqual(claim?.epoch, owner.epoch, "the claim's epoch")
            try expectEqual(try await scene.row(ids[0])?.attempts, 0, "the attempts of a row that is claimed")
        },
        Self("A claim of nothing leaves nothing behind") { scene in
            let owner = try await scene.owner()

            try await scene.expectUnchanged("claims of nothing") {
                try expectEqual(try await owner.claim(scene.batch(1), [WorkID(99)]), [], "an ID that does not exist")
                try expectEqual(try await owner.claim(scene.batch(2), []), [], "no ID")
            }
        },
        Self("Repeating a claim by its batch gives the same answer, and what is left of it later") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(3) { $0.orderingKey = nil }
            let keyed = try await scene.added(1) { $0.orderingKey = "key" }
            let wanted = ids + keyed
            let first = try await owner.claim(scene.batch(1), wanted)

            try await scene.expectUnchanged("repetitions") {
                try expectEqual(try await owner.claim(scene.batch(1), wanted), first, "the repetition")
                try expectEqual(try await owner.claim(scene.batch(1), [ids[0]]), first, "with other IDs")
            }
            _ = try await owner.settle(scene.batch(1), [ids[1]])
            let rest = [ids[0], ids[2], keyed[0]]
            try expectEqual(try await owner.claim(scene.batch(1), wanted), rest, "after a part was settled")
            let other = try await scene.owner("b/2", epoch: 2, living: ["a/1"])
            try expectEqual(try await other.claim(scene.batch(1), wanted), [], "by another registration")
        },
        Self("Several claims of one pass are made one after the other") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(3)

            let result = try await owner.pass { pass in
                pass.claims = [
                    ClaimRequest(batch: scene.batch(1), ids: [ids[0]]),
                    ClaimRequest(batch: scene.batch(2), ids: [WorkID(99)]),
                    ClaimRequest(batch: scene.batch(3), ids: [ids[1], ids[2]], isLone: true),
                ]
            }

            try expectEqual(result.claimed, [[ids[0]], [], [ids[1], ids[2]]], "the claimed IDs")
            let claims = try await scene.harness.contents().claims
            try expectEqual(claims.map(\.batch), [scene.batch(1), scene.batch(3)], "the claims")
            try expectEqual(claims.map(\.isLone), [false, true], "which are lone")
        },
        Self("The owner finds its own claims again when it opens") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(3)
            _ = try await owner.claim(scene.batch(2), [ids[0]])
            _ = try await owner.claim(scene.batch(1), [ids[1], ids[2]])

            let opening = try await owner.open()

            let expected = [
                StandingClaim(batch: scene.batch(2), ids: [ids[0]]),
                StandingClaim(batch: scene.batch(1), ids: [ids[1], ids[2]]),
            ]
            try expectEqual(opening.own, expected, "the own claims, the oldest first")
            try expectEqual(opening.lent, [], "the lent claims")
            try expectEqual(try await owner.settle(scene.batch(1), [ids[1], ids[2]]), .accepted, "a settlement")
        },
        Self("A29: what a crash left over becomes suspect, with a history, and may be claimed again") { scene in
            let old = try await scene.owner("a/1")
            let ids = try await scene.added(3)
            _ = try await old.claim(scene.batch(1), [ids[0], ids[1]])
            let new = try await scene.owner("b/2", epoch: 2)

            let rows = try await scene.harness.contents().work.map(\.item)
            try expectEqual(rows.map(\.isSuspect), [true, true, false], "the suspects")
            try expectEqual(rows.map(\.crashes), [0, 0, 0], "crashes: one among many proves nothing")
            try expectEqual(rows.map(\.attempts), [0, 0, 0], "attempts: a crash is none")
            let runs = try await scene.harness.contents().runs
            try expectEqual(runs.map(\.id), [ids[0], ids[1]], "the runs in history")
            for run in runs {
                try expectEqual(run.state, "crashed", "the state")
                try expectEqual(run.reason, "node_lost", "the reason")
                try expectEqual(run.node, "a", "the node")
                try expectEqual(run.attempt, 1, "the attempt")
            }
            try expectEqual(try await new.scan().ids, ids, "what is found")
            try expectEqual(try await old.settle(scene.batch(1), [ids[0], ids[1]]), .gone, "the late settlement")
            try expectEqual(try await new.claim(scene.batch(2), [ids[0]], isLone: true), [ids[0]], "the lone claim")
        },
        Self("How many runs a crash left over is told once") { scene in
            let old = try await scene.owner("a/1")
            let ids = try await scene.added(3)
            _ = try await old.claim(scene.batch(1), ids)
            let new = try await scene.owner("b/2", epoch: 2, living: ["a/1"])

            try expectEqual(try await new.open().crashedRuns, 3, "when the claimant is gone")
            try expectEqual(try await new.open().crashedRuns, 0, "the next time")
        },
        Self("The third crash of a lone claim sends the work to the dead letters") { scene in
            let id = try await scene.added(1)[0]
            for crash in 0..<3 {
                let owner = try await scene.owner("a/\(crash)", epoch: Int64(crash + 1))
                try expectEqual(try await scene.row(id)?.crashes, crash, "the crashes before")
                try expectEqual(try await owner.claim(scene.batch(crash), [id], isLone: true), [id], "the claim")
            }
            let last = try await scene.owner("a/3", epoch: 4)

            let contents = try await scene.harness.contents()
            try expectEqual(contents.work, [], "the work")
            try expectEqual(contents.deadLetters.map(\.work.item.id), [id], "the dead letters")
            try expectEqual(contents.deadLetters.first?.reason, "crash_limit", "the reason")
            try expectEqual(contents.deadLetters.first?.work.item.crashes, 3, "the crashes")
            try expectEqual(contents.runs.map(\.state), ["crashed", "crashed", "discarded"], "history")
            try expectEqual(try await last.claim(scene.batch(9), [id]), [], "a claim")
        },
        Self("A suspect that ends in any way of its own is no suspect any more; one that is released stays one") {
            scene in
            let old = try await scene.owner("a/1")
            let ids = try await scene.added(3)
            _ = try await old.claim(scene.batch(1), ids)
            let new = try await scene.owner("b/2", epoch: 2)
            let verdicts: [Outcome.Verdict] = [.retry(after: .zero), .snoozed(for: .zero), .released]
            for (index, verdict) in verdicts.enumerated() {
                _ = try await new.claim(scene.batch(10 + index), [ids[index]], isLone: true)
                _ = try await new.settle(scene.batch(10 + index), [ids[index]], verdict)
            }

            let rows = try await scene.harness.contents().work.map(\.item)
            try expectEqual(rows.map(\.isSuspect), [false, false, true], "the suspects")
        },
    ]
}
