internal import InMemoryStores
internal import TenureCore

extension TenantStoreConformance {
    static let users: [TenantStoreConformance] = [
        Self("Work keeps what its user said about it") { scene in
            let owner = try await scene.owner()
            var work = NewWork(.timer, topic: "invoice.send", due: .at(TenantScene.past))
            work.payload = "{\"a\": [1, \"ü\"]}"
            work.priority = 9
            work.retry = RetryPolicy(maxAttempts: 9, baseDelayMilliseconds: 10, maxDelayMilliseconds: 1_000)
            work.timeoutMilliseconds = 7_000
            work.uniqueKey = "unique"
            work.orderingKey = "ordering"
            work.correlationID = "order-1"
            work.traceContext = "00-trace"
            let id = try await scene.harness.add(work)

            let items = try await owner.pass { $0.scan = ScanRequest(limit: 10, cursor: nil) }.scan?.items

            let expected = WorkItem(
                id: id,
                kind: .timer,
                topic: "invoice.send",
                payload: "{\"a\": [1, \"ü\"]}",
                dueAt: TenantScene.past,
                priority: 9,
                retry: work.retry,
                timeoutMilliseconds: 7_000,
                orderingKey: "ordering",
                correlationID: "order-1",
                traceContext: "00-trace"
            )
            try expectEqual(items, [expected], "what is found")
            try expectEqual(try await scene.harness.contents().work.first?.uniqueKey, "unique", "the unique key")
        },
        Self("A38: cancelling tells the truth: before the start, while it runs, afterwards, and of other kinds") {
            scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(2)
            let timer = try await scene.added(1) { $0.kind = .timer }
            func cancel(_ id: WorkID, _ kinds: [WorkKind] = WorkKind.allCases) async throws -> Bool {
                try await scene.harness.cancel(id, kinds: kinds)
            }

            try expect(try await cancel(ids[0]), "before the start it must be cancelled")
            try expectEqual(try await scene.history(ids[0]), ["cancelled"], "history")
            _ = try await owner.claim(scene.batch(1), [ids[1]])
            try await scene.expectUnchanged("vain cancellations") {
                try expect(try await !cancel(ids[0]), "a second time there is nothing to cancel")
                try expect(try await !cancel(ids[1]), "while it runs it is too late")
                try expect(try await !cancel(WorkID(99)), "an unknown ID cannot be cancelled")
                try expect(try await !cancel(timer[0], [.outbox, .job, .inbox]), "another kind is left alone")
            }
            try expectEqual(try await owner.settle(scene.batch(1), [ids[1]]), .accepted, "the settlement")
            try expect(try await !cancel(ids[1]), "afterwards it is too late")
            try expect(try await cancel(timer[0], [.timer]), "the timer must be cancelled")
        },
        Self("Work that waits for its next attempt can be cancelled") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(1)
            _ = try await owner.claim(scene.batch(1), ids)
            _ = try await owner.settle(scene.batch(1), ids, .retry(after: .seconds(60)))

            try expect(try await scene.harness.cancel(ids[0], kinds: WorkKind.allCases), "it must be cancelled")
            let runs = try await scene.harness.contents().runs
            try expectEqual(runs.map(\.state).sorted(), ["cancelled", "retryable"], "history")
            try expectEqual(runs.map(\.attempt), [1, 1], "the attempts")
        },
        Self("A claim leaves out what a cancellation under way holds; if that is rolled back, it is still to be done") {
            scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(3)

            let wasThere = try await scene.harness.whileCancelling(ids[0], commits: false) {
                let claimed = try await owner.claim(scene.batch(1), [ids[0], ids[1]])
                try expectEqual(claimed, [ids[1]], "the claim meanwhile")
            }
            try expect(wasThere, "there was something to cancel")
            try expectEqual(try await owner.claim(scene.batch(2), [ids[0]]), [ids[0]], "the claim after the rollback")
            _ = try await scene.harness.whileCancelling(ids[2], commits: true) {
                try expectEqual(try await owner.claim(scene.batch(3), [ids[2]]), [], "the claim meanwhile")
            }
            try expectEqual(try await owner.claim(scene.batch(4), [ids[2]]), [], "the claim after the commit")
            let late = try await scene.harness.whileCancelling(ids[0], commits: true) {}
            try expect(!late, "what runs cannot be cancelled")
            try expectEqual(try await scene.history(ids[2]), ["cancelled"], "history")
            try expectEqual(try await scene.row(ids[0])?.id, ids[0], "the row of what runs")
        },
        Self("A message is taken once for each source and message ID, also after its work has ended") { scene in
            let owner = try await scene.owner()
            func receive(_ source: String, _ message: String) async throws -> WorkID? {
                try await scene.harness.receive(NewWork(.inbox), source: source, messageID: message)
            }

            let first = try await receive("shop", "1")
            try expectEqual(try await receive("shop", "1"), nil, "a repetition")
            let others = [try await receive("shop", "2"), try await receive("bank", "1")].compactMap { $0 }
            let ids = [first].compactMap { $0 } + others
            try expectEqual(ids.count, 3, "the messages")
            try expectEqual(try await owner.claim(scene.batch(1), ids), ids, "the claim")
            _ = try await owner.settle(scene.batch(1), ids)
            try expectEqual(try await receive("shop", "1"), nil, "a repetition after its work has ended")

            let contents = try await scene.harness.contents()
            try expectEqual(contents.work, [], "the work")
            try expectEqual(contents.messages.map(\.source), ["bank", "shop", "shop"], "the sources")
            try expectEqual(contents.runs.map(\.kind), [.inbox, .inbox, .inbox], "the kinds in history")
        },
        Self("Row 83: a known message with another payload is refused, and changes nothing") { scene in
            var work = NewWork(.inbox)
            work.payload = "{\"n\": 1}"
            let first = try await scene.harness.receive(work, source: "shop", messageID: "1")
            try expect(first != nil, "it is new")
            try expectEqual(try await scene.harness.receive(work, source: "shop", messageID: "1"), nil, "a repetition")
            work.payload = "{\"n\": 2}"
            try await scene.expectUnchanged("a changed message") {
                do {
                    _ = try await scene.harness.receive(work, source: "shop", messageID: "1")
                } catch {
                    return
                }
                throw Violation(description: "a known message with another payload was taken for a repetition")
            }
        },
        Self("A unique key is free again when its work has ended, and not while it runs or waits") { scene in
            let owner = try await scene.owner()
            var work = NewWork()
            work.uniqueKey = "key"
            let first = try await scene.harness.add(work)
            try expectEqual(try await scene.harness.add(work), first, "while it waits")
            _ = try await owner.claim(scene.batch(1), [first])
            try expectEqual(try await scene.harness.add(work), first, "while it runs")
            let received = try await scene.harness.receive(work, source: "s", messageID: "m")
            try expectEqual(received, first, "a message with the key")
            try expectEqual(try await scene.harness.contents().messages.first?.id, first, "the message's work")
            _ = try await owner.settle(scene.batch(1), [first], .retry(after: .zero))
            try expectEqual(try await scene.harness.add(work), first, "while it waits for its next attempt")
            _ = try await owner.claim(scene.batch(2), [first])
            _ = try await owner.settle(scene.batch(2), [first])

            let second = try await scene.harness.add(work)

            try expect(second > first, "afterwards it must be new work")
            try expectEqual(try await scene.harness.contents().work.map(\.item.id), [second], "the work")
        },
        Self("A dead letter is retried under its ID with its attempts forgotten, or discarded") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(2)
            let keyed = try await scene.added(1) { $0.uniqueKey = "key" }
            let cursor = try await owner.scan().cursor
            _ = try await owner.claim(scene.batch(1), ids + keyed)
            _ = try await owner.settle(scene.batch(1), ids + keyed, .discarded(reason: "r"))
            let other = try await scene.added(1) { $0.uniqueKey = "key" }

            try expect(try await scene.harness.retryDeadLetter(ids[0]), "the retry must be taken")
            try expect(try await scene.harness.discardDeadLetter(ids[1]), "the letter must be discarded")
            try await scene.expectUnchanged("vain requests") {
                try expect(try await !scene.harness.retryDeadLetter(ids[0]), "it is retried once")
                try expect(try await !scene.harness.retryDeadLetter(ids[1]), "what was discarded is gone")
                try expect(try await !scene.harness.discardDeadLetter(ids[1]), "it is discarded once")
                try expect(try await !scene.harness.retryDeadLetter(keyed[0]), "its unique key is in use")
            }

            try expectEqual(try await scene.row(ids[0])?.attempts, 0, "the attempts")
            try expectEqual(try await owner.scan(from: cursor).ids.sorted(), [ids[0]] + other, "what is found")
            try expectEqual(try await owner.claim(scene.batch(2), ids), [ids[0]], "the claim")
            try expectEqual(try await scene.harness.contents().deadLetters.map(\.work.item.id), keyed, "the letters")
        },
    ]
}
