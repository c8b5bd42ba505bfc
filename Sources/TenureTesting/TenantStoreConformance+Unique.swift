internal import InMemoryStores
internal import TenureCore

extension TenantStoreConformance {
    /// Unique keys with a choice: what a conflict does, and which work conflicts.
    static let unique: [TenantStoreConformance] = [
        Self("A taken unique key can be an error; then nothing is added, and no message is remembered") { scene in
            var work = NewWork()
            work.uniqueKey = "key"
            let first = try await scene.harness.add(work)
            work.onConflict = .error
            let strict = work

            try await scene.expectUnchanged("the refusal") {
                try await scene.expectFailure(.rejected, "a second one") { _ = try await scene.harness.add(strict) }
                try await scene.expectFailure(.rejected, "a message") {
                    _ = try await scene.harness.receive(strict, source: "s", messageID: "m")
                }
            }
            try expect(try await scene.harness.cancel(first, kinds: WorkKind.allCases), "the first must be cancelled")
            try expect(try await scene.harness.add(strict) > first, "a free key is no conflict")
        },
        Self("Replacing cancels what waits and adds anew; what runs is left alone") { scene in
            let owner = try await scene.owner()
            var work = NewWork()
            work.uniqueKey = "key"
            work.onConflict = .replace
            let first = try await scene.harness.add(work)
            work.payload = "{\"n\": 2}"
            let second = try await scene.harness.add(work)

            try expect(second > first, "the replacement must be new work")
            try expectEqual(try await scene.history(first), ["cancelled"], "the history of the first")
            try expectEqual(try await scene.harness.contents().runs.map(\.reason), ["replaced"], "its reason")
            try expectEqual(try await owner.claim(scene.batch(1), [first, second]), [second], "the claim")
            let running = work
            try await scene.expectUnchanged("what runs") {
                try expectEqual(try await scene.harness.add(running), second, "what runs")
            }
            _ = try await owner.settle(scene.batch(1), [second], .retry(after: .zero))
            let third = try await scene.harness.add(work)
            try expect(third > second, "what waits for its next attempt is replaced")
            try expectEqual(try await scene.harness.contents().work.map(\.item.id), [third], "the work")
        },
        Self("Where only waiting work takes a key, one may wait beside the one that runs, and no second") { scene in
            let owner = try await scene.owner()
            var work = NewWork()
            work.uniqueKey = "key"
            work.uniqueStates = .waiting
            let first = try await scene.harness.add(work)
            try expectEqual(try await scene.harness.add(work), first, "while it waits")
            _ = try await owner.claim(scene.batch(1), [first])

            let second = try await scene.harness.add(work)
            try expect(second > first, "while it runs the next one must be added")
            try expectEqual(try await scene.harness.add(work), second, "a third")
            var live = work
            live.uniqueStates = .live
            try expectEqual(try await scene.harness.add(live), second, "by the default states")
            _ = try await owner.settle(scene.batch(1), [first])
            try expectEqual(try await scene.harness.add(work), second, "after the first has ended")
            try expectEqual(try await scene.harness.add(live), second, "by the default states, after the first")
            try expectEqual(try await owner.claim(scene.batch(2), [second]), [second], "the claim")
            let third = try await scene.harness.add(work)
            try expect(third > second, "while the second runs")
        },
        Self("A unique key can be taken for some time, whatever became of the work") { scene in
            let owner = try await scene.owner()
            var work = NewWork()
            work.uniqueKey = "key"
            work.uniqueFor = TenantScene.long
            let first = try await scene.harness.add(work)
            _ = try await owner.claim(scene.batch(1), [first])
            _ = try await owner.settle(scene.batch(1), [first])

            try expectEqual(try await scene.harness.add(work), first, "after it has ended")
            var other = work
            other.onConflict = .replace
            try expectEqual(try await scene.harness.add(other), first, "what has ended is not replaced")
            other.onConflict = .error
            let strict = other
            try await scene.expectFailure(.rejected, "an error") { _ = try await scene.harness.add(strict) }
            other.onConflict = .ignore
            other.uniqueFor = nil
            try expect(try await scene.harness.add(other) > first, "who does not ask for the past is not held up")

            work.uniqueKey = "short"
            work.uniqueFor = TenantScene.short
            let early = try await scene.harness.add(work)
            try expect(try await scene.harness.cancel(early, kinds: WorkKind.allCases), "it must be cancelled")
            try await scene.harness.advance(by: TenantScene.short * 2)
            try expect(try await scene.harness.add(work) > early, "when the time is over")
        },
        Self("A limit of time for retries counts from the first due instant, and anew for a dead letter") { scene in
            let owner = try await scene.owner()
            var work = NewWork(.timer, due: .at(TenantScene.future))
            work.retry.retryFor = .seconds(60)
            work.retry.delays = .fixed(.seconds(7))
            let later = try await scene.harness.add(work)
            try expectEqual(
                try await scene.row(later)?.retryUntil,
                TenantScene.future.advanced(by: .seconds(60)),
                "the limit of what is due later"
            )
            work.due = .at(TenantScene.past)
            let id = try await scene.harness.add(work)
            let now = try await scene.harness.now()
            let limit = try await scene.row(id)?.retryUntil ?? .distantPast
            try expect(limit > now.advanced(by: .seconds(30)), "what is overdue has its time from now: \(limit)")
            _ = try await owner.claim(scene.batch(1), [id])
            _ = try await owner.settle(scene.batch(1), [id], .retry(after: .zero))
            try expectEqual(try await scene.row(id)?.retryUntil, limit, "the limit after an attempt")
            try expectEqual(try await scene.row(id)?.retry.delays, .fixed(.seconds(7)), "the policy after an attempt")
            _ = try await owner.claim(scene.batch(2), [id])
            _ = try await owner.settle(scene.batch(2), [id], .discarded(reason: "r"))
            try expect(try await scene.harness.retryDeadLetter(id), "the letter must be retried")
            let renewed = try await scene.row(id)
            try expect(renewed?.retryUntil ?? limit > limit, "the limit counts anew")
            try expectEqual(renewed?.retry.delays, .fixed(.seconds(7)), "the policy of the letter")
        },
    ]
}
