internal import InMemoryStores
internal import TenureCore

extension TenantStoreConformance {
    static let cancelling: [TenantStoreConformance] = [
        Self("Cancelling a run says what became of the request") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(3)
            _ = try await owner.claim(scene.batch(1), [ids[1], ids[2]])
            _ = try await owner.settle(scene.batch(1), [ids[2]])

            try expectEqual(try await scene.harness.cancelRun(ids[0]), .cancelled, "before the start")
            try expectEqual(try await scene.harness.cancelRun(ids[1]), .requested, "while it runs")
            try expectEqual(try await scene.harness.cancelRun(ids[1]), .requested, "a second time")
            try expectEqual(try await scene.harness.contents().cancellations, [ids[1]], "what is marked")
            try await scene.expectUnchanged("vain requests") {
                try expectEqual(try await scene.harness.cancelRun(ids[0]), .ended, "what was cancelled")
                try expectEqual(try await scene.harness.cancelRun(ids[2]), .ended, "what has completed")
                try expectEqual(try await scene.harness.cancelRun(WorkID(99)), .unknown, "what never was")
            }
            try expectEqual(try await scene.history(ids[0]), ["cancelled"], "history")
        },
        Self("A run that waits for its next attempt is cancelled at once") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(1)
            _ = try await owner.claim(scene.batch(1), ids)
            _ = try await owner.settle(scene.batch(1), ids, .retry(after: .seconds(60)))

            try expectEqual(try await scene.harness.cancelRun(ids[0]), .cancelled, "the reply")
            try expectEqual(try await scene.history(ids[0]).sorted(), ["cancelled", "retryable"], "history")
            try expectEqual(try await scene.harness.contents().work, [], "the work")
        },
        Self("Each pass tells of cancelled runs until they are settled, and a hint comes also to an owner awake") {
            scene in
            let owner = try await scene.owner()
            let signals = await owner.store.signals()
            // The subscription has begun.
            await owner.store.setIdle(false)
            try await scene.expectSignal(.interrupted, in: signals)
            let ids = try await scene.added(2)
            _ = try await owner.claim(scene.batch(1), ids)
            try expectEqual(try await owner.pass().cancellations, [], "before")

            _ = try await scene.harness.cancelRun(ids[1])

            try await scene.expectSignal(.work, in: signals)
            try expectEqual(try await owner.pass().cancellations, [ids[1]], "afterwards")
            try expectEqual(try await owner.pass().cancellations, [ids[1]], "once more")
            try expectEqual(try await owner.settle(scene.batch(1), ids, .cancelled), .accepted, "the settlement")
            try expectEqual(try await owner.pass().cancellations, [], "when it was settled")
            try expectEqual(try await scene.harness.contents().cancellations, [], "what is marked")
        },
        Self("A cancelled run that completes has completed; one that would be tried again has been cancelled") {
            scene in
            let owner = try await scene.owner()
            let verdicts: [(Outcome.Verdict, String)] = [
                (.completed, "completed"), (.retry(after: .zero), "cancelled"), (.snoozed(for: .zero), "cancelled"),
                (.released, "cancelled"), (.cancelled, "cancelled"), (.discarded(reason: "r"), "discarded"),
            ]
            for (index, (verdict, state)) in verdicts.enumerated() {
                let ids = try await scene.added(2)
                let mark = ids[index % 2]
                _ = try await owner.claim(scene.batch(index), ids)
                _ = try await scene.harness.cancelRun(mark)

                let result = try await owner.settle(scene.batch(index), [mark], verdict, error: "e")

                try expectEqual(result, .accepted, "the settlement of \(verdict)")
                try expectEqual(try await scene.history(mark), [state], "history after \(verdict)")
                try expectEqual(try await scene.row(mark)?.id, nil, "the row after \(verdict)")
                _ = try await owner.settle(scene.batch(index), ids.filter { $0 != mark }, .released)
            }
            try expectEqual(try await scene.harness.contents().work.count, verdicts.count, "what was not cancelled")
            try expectEqual(try await scene.harness.contents().cancellations, [], "what is marked")
        },
        Self("What was cancelled before its node was lost does not run again; its ordering key is released") { scene in
            let old = try await scene.owner("a/1")
            let ids = try await scene.added(2)
            let keyed = try await scene.added(2) { $0.orderingKey = "key" }
            _ = try await old.claim(scene.batch(1), ids + [keyed[0]])
            for id in [ids[0], keyed[0]] { _ = try await scene.harness.cancelRun(id) }

            let new = try await scene.owner("b/2", epoch: 2)

            try expectEqual(try await new.scan().ids.sorted(), [ids[1], keyed[1]], "what is still to do")
            try expectEqual(try await new.pass().cancellations, [], "what is to be cancelled")
            let runs = try await scene.harness.contents().runs
            try expectEqual(runs.map(\.state), ["cancelled", "crashed", "cancelled"], "history")
            try expectEqual(runs.map(\.reason), ["node_lost", "node_lost", "node_lost"], "the reasons")
            try expectEqual(runs.map(\.attempt), [1, 1, 1], "the attempts")
        },
        Self("Of a third lone crash, a cancelled run leaves no dead letter") { scene in
            let id = try await scene.added(1)[0]
            for crash in 0..<3 {
                let owner = try await scene.owner("a/\(crash)", epoch: Int64(crash + 1))
                _ = try await owner.claim(scene.batch(crash), [id], isLone: true)
            }
            _ = try await scene.harness.cancelRun(id)
            _ = try await scene.owner("a/3", epoch: 4)

            let contents = try await scene.harness.contents()
            try expectEqual(contents.runs.map(\.state), ["crashed", "crashed", "cancelled"], "history")
            try expectEqual(contents.deadLetters, [], "the dead letters")
            try expectEqual(contents.work, [], "the work")
        },
        Self("A node that lends a run learns of its cancellation, and settles it") { scene in
            let old = try await scene.owner("a/1")
            let ids = try await scene.added(2)
            _ = try await old.claim(scene.batch(1), ids)
            let new = try await scene.owner("b/2", epoch: 2, living: ["a/1"])
            try expectEqual(try await old.store.cancellations(), [], "before")

            try expectEqual(try await scene.harness.cancelRun(ids[0]), .requested, "the reply")

            try expectEqual(try await old.store.cancellations(), [ids[0]], "what the old owner reads")
            try expectEqual(try await new.pass().cancellations, [ids[0]], "what the new owner is told")
            try expectEqual(try await old.settle(scene.batch(1), [ids[0]], .cancelled), .accepted, "the settlement")
            try expectEqual(try await old.store.cancellations(), [], "afterwards")
            try expectEqual(try await scene.history(ids[0]), ["cancelled"], "history")
        },
        Self("A dead letter that is retried has no cancellation left") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(1)
            _ = try await owner.claim(scene.batch(1), ids)
            _ = try await scene.harness.cancelRun(ids[0])
            _ = try await owner.settle(scene.batch(1), ids, .discarded(reason: "r"))
            try expectEqual(try await scene.harness.cancelRun(ids[0]), .ended, "the reply for a dead letter")

            try expect(try await scene.harness.retryDeadLetter(ids[0]), "the retry must be taken")
            try expectEqual(try await owner.claim(scene.batch(2), ids), ids, "the claim")
            try expectEqual(try await owner.pass().cancellations, [], "what is to be cancelled")
        },
    ]
}
