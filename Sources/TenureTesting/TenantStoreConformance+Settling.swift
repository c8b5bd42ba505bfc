internal import InMemoryStores
internal import TenureCore

extension TenantStoreConformance {
    static let settling: [TenantStoreConformance] = [
        Self("A completed run leaves history only, and cannot be settled twice") { scene in
            let owner = try await scene.owner("a/1", epoch: 7)
            let id = try await scene.added(1) {
                $0.correlationID = "c"
                $0.due = .at(TenantScene.past)
            }[0]
            _ = try await owner.claim(scene.batch(1), [id])

            try expectEqual(try await owner.settle(scene.batch(1), [id]), .accepted, "the settlement")
            try await scene.expectUnchanged("a repetition") {
                try expectEqual(try await owner.settle(scene.batch(1), [id]), .gone, "the repetition")
            }

            let contents = try await scene.harness.contents()
            try expectEqual(contents.work, [], "the work")
            try expectEqual(contents.claims, [], "the claims")
            let run = contents.runs.first
            try expectEqual(contents.runs.count, 1, "the runs")
            try expectEqual(run?.state, "completed", "the state")
            try expectEqual(run?.attempt, 1, "the attempt")
            try expectEqual(run?.node, "a", "the node")
            try expectEqual(run?.epoch, Epoch(7), "the epoch")
            try expectEqual(run?.dueAt, TenantScene.past, "the due instant")
            try expectEqual(run?.correlationID, "c", "the correlation ID")
            let took = run.flatMap { run in run.startedAt.map { $0.duration(to: run.finishedAt) } }
            try expectEqual(took, .milliseconds(10), "how long it took")
        },
        Self("An end in the future is not believed") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(1)
            _ = try await owner.claim(scene.batch(1), ids)
            var outcomes = try await owner.outcomes(ids, .completed)
            outcomes[0].finishedAt = TenantScene.future
            let settlement = Settlement(batch: scene.batch(1), outcomes: outcomes)

            _ = await owner.store.exchange(Exchange(settlements: [settlement]))

            let now = try await scene.harness.now()
            let end = try await scene.harness.contents().runs.first?.finishedAt
            try expect(end.map { $0 <= now } ?? false, "the end \(String(describing: end)) must not lie after \(now)")
        },
        Self("A settlement names nothing but IDs of its claim; a part of them leaves the rest") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(4)
            _ = try await owner.claim(scene.batch(1), [ids[0], ids[1], ids[2]])

            try await scene.expectUnchanged("a settlement of more than was claimed") {
                try expectEqual(try await owner.settle(scene.batch(1), [ids[0], ids[3]]), .gone, "its result")
                try expectEqual(try await owner.settle(scene.batch(2), [ids[0]]), .gone, "that of another batch")
            }
            try expectEqual(try await owner.settle(scene.batch(1), [ids[1]]), .accepted, "a part")
            try expectEqual(try await scene.harness.contents().claims.first?.ids, [ids[0], ids[2]], "what is left")
            try expectEqual(try await owner.settle(scene.batch(1), [ids[1]]), .gone, "the part again")
            try expectEqual(try await owner.settle(scene.batch(1), [ids[2], ids[0]]), .accepted, "the rest")
            try expectEqual(try await scene.harness.contents().claims, [], "the claims")
        },
        Self("Each settlement of an exchange stands for itself, and the pass sees all of them") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(3)
            _ = try await owner.claim(scene.batch(1), [ids[0]])
            _ = try await owner.claim(scene.batch(2), [ids[1]])
            var pass = ClaimPass(epoch: owner.epoch, holder: owner.holder)
            pass.claims = [ClaimRequest(batch: scene.batch(3), ids: ids)]
            pass.scan = ScanRequest(limit: 10, cursor: nil)

            let reply = await owner.store.exchange(
                Exchange(
                    settlements: [
                        Settlement(batch: scene.batch(9), outcomes: try await owner.outcomes([ids[2]], .completed)),
                        Settlement(batch: scene.batch(8), outcomes: []),
                        Settlement(batch: scene.batch(1), outcomes: try await owner.outcomes([ids[0]], .completed)),
                        Settlement(batch: scene.batch(2), outcomes: try await owner.outcomes([ids[1]], .completed)),
                    ],
                    pass: pass
                )
            )

            try expectEqual(reply.settlements, [.gone, .accepted, .accepted, .accepted], "the settlements")
            let result = try reply.pass?.get()
            try expectEqual(result?.claimed, [[ids[2]]], "the claimed IDs")
            try expectEqual(result?.scan?.items.map(\.id), [ids[2]], "what is found")
        },
        Self("A retry counts an attempt and waits for its delay") { scene in
            let owner = try await scene.owner()
            let id = try await scene.added(1)[0]
            for attempt in 1...2 {
                _ = try await owner.claim(scene.batch(attempt), [id])
                let before = try await scene.harness.now()
                _ = try await owner.settle(scene.batch(attempt), [id], .retry(after: .seconds(60)), error: "e")
                let after = try await scene.harness.now()

                let row = try await scene.row(id)
                try expectEqual(row?.attempts, attempt, "the attempts")
                let due = row?.dueAt ?? .distantPast
                let range = before.advanced(by: .seconds(60))...after.advanced(by: .seconds(60))
                try expect(range.contains(due), "it must be due within \(range): \(due)")
                let run = try await scene.harness.contents().runs.last
                try expectEqual(run?.state, "retryable", "the state")
                try expectEqual(run?.attempt, attempt, "the attempt in history")
                try expectEqual(run?.error, "e", "the error")
            }
            try expectEqual(try await owner.scan().ids, [], "what is found")
        },
        Self("A snooze counts no attempt and leaves no history; a release keeps the due instant too") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(2) { $0.due = .at(TenantScene.past) }
            _ = try await owner.claim(scene.batch(1), ids)
            let outcomes =
                try await owner.outcomes([ids[0]], .snoozed(for: .seconds(60)))
                + owner.outcomes([ids[1]], .released)
            let before = try await scene.harness.now()
            _ = await owner.store.exchange(
                Exchange(settlements: [Settlement(batch: scene.batch(1), outcomes: outcomes)])
            )

            let rows = try await scene.harness.contents().work.map(\.item)
            try expectEqual(rows.map(\.attempts), [0, 0], "the attempts")
            try expect(rows[0].dueAt >= before.advanced(by: .seconds(60)), "the snoozed one waits: \(rows[0].dueAt)")
            try expectEqual(rows[1].dueAt, TenantScene.past, "when the released one is due")
            let runs = try await scene.harness.contents().runs
            try expectEqual(runs.map(\.id), [ids[1]], "the runs in history")
            try expectEqual(runs.map(\.state), ["interrupted"], "the states")
            try expectEqual(runs.map(\.attempt), [1], "the attempts in history")
        },
        Self("What is discarded becomes a dead letter with its reason and its attempts") { scene in
            let owner = try await scene.owner("a/1", epoch: 3)
            let ids = try await scene.added(1) {
                $0.payload = "{\"a\": 1}"
                $0.priority = 4
                $0.uniqueKey = "key"
            }
            _ = try await owner.claim(scene.batch(1), ids)
            _ = try await owner.settle(scene.batch(1), ids, .discarded(reason: "permanent"), error: "e")

            let contents = try await scene.harness.contents()
            try expectEqual(contents.work, [], "the work")
            let letter = contents.deadLetters.first
            try expectEqual(letter?.work.item.id, ids[0], "the ID")
            try expectEqual(letter?.work.item.payload, "{\"a\": 1}", "the payload")
            try expectEqual(letter?.work.item.priority, 4, "the priority")
            try expectEqual(letter?.work.item.attempts, 1, "the attempts")
            try expectEqual(letter?.work.uniqueKey, "key", "the unique key")
            try expectEqual(letter?.reason, "permanent", "the reason")
            try expectEqual(letter?.error, "e", "the error")
            try expectEqual(letter?.node, "a", "the node")
            try expectEqual(letter?.epoch, Epoch(3), "the epoch")
            let run = contents.runs.first
            try expectEqual(run?.state, "discarded", "the state")
            try expectEqual(run?.reason, "permanent", "the reason in history")
        },
        Self("A run that its user cancelled ends as cancelled") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(1)
            _ = try await owner.claim(scene.batch(1), ids)
            _ = try await owner.settle(scene.batch(1), ids, .cancelled)

            let contents = try await scene.harness.contents()
            try expectEqual(contents.work, [], "the work")
            try expectEqual(contents.deadLetters, [], "the dead letters")
            try expectEqual(contents.runs.map(\.state), ["cancelled"], "the states")
        },
        Self("An error is kept up to 2,048 characters, whatever it contains") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(2)
            _ = try await owner.claim(scene.batch(1), ids)
            let long = String(repeating: "é", count: 5000)
            let outcomes =
                try await owner.outcomes([ids[0]], .discarded(reason: "r"), error: long)
                + owner.outcomes([ids[1]], .retry(after: .zero), error: "a\0b")

            let settlement = Settlement(batch: scene.batch(1), outcomes: outcomes)
            let reply = await owner.store.exchange(Exchange(settlements: [settlement]))

            try expectEqual(reply.settlements, [.accepted], "the settlement")
            let errors = try await scene.harness.contents().runs.map(\.error)
            try expectEqual(errors, [String(repeating: "é", count: 2048), "a\u{FFFD}b"], "the errors")
        },
    ]
}
