internal import InMemoryStores
internal import TenureCore

extension TenantStoreConformance {
    static let handlers: [TenantStoreConformance] = [
        Self("A handler's transaction completes its run, and nothing else of its claim") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(2) { $0.orderingKey = nil }
            _ = try await owner.claim(scene.batch(1), ids)

            let end = await owner.transact(scene.batch(1), ids[0]) { RunReport(output: "{\"n\": 1}") }

            try expectCommitted(end)
            let contents = try await scene.harness.contents()
            try expectEqual(contents.work.map(\.item.id), [ids[1]], "the work that is left")
            try expectEqual(contents.claims.map(\.ids), [[ids[1]]], "what is claimed")
            try expectEqual(contents.runs.map(\.state), ["completed"], "history")
            try expectEqual(contents.runs.first?.report.output, "{\"n\": 1}", "the output")
            try expectEqual(try await owner.settle(scene.batch(1), [ids[1]]), .accepted, "the rest of the claim")
        },
        Self("A handler that throws leaves its run and its claim as they were") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(1)
            _ = try await owner.claim(scene.batch(1), ids)

            try await scene.expectUnchanged("a handler that throws") {
                let end = await owner.transact(scene.batch(1), ids[0]) { throw PermanentProblem() }
                guard case .failed(let error) = end, error is PermanentProblem else {
                    throw Violation(description: "expected the handler's error, found \(end)")
                }
            }
            try expectEqual(try await owner.settle(scene.batch(1), ids, .retry(after: .zero)), .accepted, "the retry")
        },
        Self("A31: a handler whose claim is revoked while it runs completes nothing") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(1)
            _ = try await owner.claim(scene.batch(1), ids)

            let end = await owner.transact(scene.batch(1), ids[0]) {
                _ = try await scene.owner("b/2", epoch: 2)
                return RunReport()
            }

            guard case .gone = end else { throw Violation(description: "expected a claim that is gone, found \(end)") }
            let contents = try await scene.harness.contents()
            try expectEqual(contents.work.map(\.item.id), ids, "the work")
            try expectEqual(contents.runs.map(\.state), ["crashed"], "history")
            let late = await owner.transact(scene.batch(1), ids[0]) {
                throw Violation(description: "a handler without a claim must not start")
            }
            guard case .gone = late else { throw Violation(description: "expected no start, found \(late)") }
        },
        Self("A run is completed once: by its transaction, or by its settlement") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(2)
            _ = try await owner.claim(scene.batch(1), ids)

            try expectCommitted(await owner.transact(scene.batch(1), ids[0]) { RunReport() })
            try expectEqual(try await owner.settle(scene.batch(1), [ids[0]]), .gone, "a settlement afterwards")
            let end = await owner.transact(scene.batch(1), ids[1]) {
                try expectEqual(try await owner.settle(scene.batch(1), [ids[1]]), .accepted, "a settlement meanwhile")
                return RunReport()
            }

            guard case .gone = end else { throw Violation(description: "expected a claim that is gone, found \(end)") }
            try expectEqual(
                try await scene.harness.contents().runs.map(\.state),
                ["completed", "completed"],
                "history"
            )
        },
        Self("Progress outlives an attempt, is kept in its history, and goes with the run") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(1)
            func progress() async throws -> String? { try await owner.store.handlerStore.progress(of: ids[0]) }

            try expectEqual(try await progress(), nil, "the progress before the first report")
            try await owner.report(ids[0], "{\"page\": 1}")
            try expectEqual(try await progress(), nil, "the progress of what is not claimed")
            _ = try await owner.claim(scene.batch(1), ids)
            try await owner.report(ids[0], "{\"page\": 1}")
            try await owner.report(ids[0], "{\"page\": 2}")
            try expectEqual(try await progress(), "{\"page\": 2}", "the progress while it runs")

            var outcome = try await owner.outcomes(ids, .retry(after: .zero))[0]
            outcome.report.progress = "{\"page\": 3}"
            try expectEqual(await owner.settle(scene.batch(1), outcome), .accepted, "the retry")
            try expectEqual(try await progress(), "{\"page\": 3}", "the progress for the next attempt")
            try expectEqual(
                try await scene.harness.contents().runs.map(\.report.progress),
                ["{\"page\": 3}"],
                "the progress in history"
            )

            _ = try await owner.claim(scene.batch(2), ids)
            try expectEqual(try await owner.settle(scene.batch(2), ids), .accepted, "the completion")
            try expectEqual(try await progress(), nil, "the progress after the end")
            try await owner.report(ids[0], "{\"page\": 4}")
            try expectEqual(try await scene.harness.contents().progress, [], "a late report")
        },
        Self("What an attempt returned is kept with it, also when others of its claim returned nothing") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(3)
            _ = try await owner.claim(scene.batch(1), ids)
            var outcomes = try await owner.outcomes(ids, .completed)
            outcomes[1].report.output = "[1, 2]"

            let settlement = Settlement(batch: scene.batch(1), outcomes: outcomes)
            let reply = await owner.store.exchange(Exchange(settlements: [settlement]))

            try expectEqual(reply.settlements, [.accepted], "the settlement")
            let runs = try await scene.harness.contents().runs
            try expectEqual(runs.map(\.report.output), [nil, "[1, 2]", nil], "the outputs")
            try expectEqual(runs.map(\.state), ["completed", "completed", "completed"], "the states")
        },
    ]
}

private typealias Violation = TenantStoreConformance.Violation

private struct PermanentProblem: Error {}

private func expectCommitted(_ end: TransactionEnd) throws {
    guard case .committed = end else {
        throw TenantStoreConformance.Violation(description: "expected a commit, found \(end)")
    }
}

extension TenantOwner {
    fileprivate func transact(
        _ batch: BatchID,
        _ id: WorkID,
        _ body: @Sendable () async throws -> RunReport
    ) async -> TransactionEnd {
        let run = TransactionalRun(
            batch: batch,
            id: id,
            startedAt: TenantScene.past,
            timeLeft: .seconds(30),
            idleLimit: .seconds(30)
        )
        return await self.store.handlerStore.transact(run) { _ in try await body() }
    }

    fileprivate func report(_ id: WorkID, _ progress: String) async throws {
        try await self.store.report([ProgressReport(id: id, epoch: self.epoch, progress: progress)])
    }

    fileprivate func settle(_ batch: BatchID, _ outcome: Outcome) async -> SettlementResult {
        await self.store.exchange(Exchange(settlements: [Settlement(batch: batch, outcomes: [outcome])])).settlements[0]
    }
}
