internal import InMemoryStores
internal import TenureCore

extension TenantStoreConformance {
    static let overlaps: [TenantStoreConformance] = [
        Self("A43: occurrences run beside each other, are skipped, wait up to a bound, or replace each other") {
            scene in
            let owner = try await scene.owner()
            let minutes = (0..<6).map { Self.first.advanced(by: .seconds(60 * $0)) }
            // How many of six become work, by policy.
            let expected: [NewJob.Overlap: [Int]] = [
                .allow: [0, 1, 2, 3, 4, 5], .skip: [0], .queue: [0, 1, 2], .queueOne: [0, 1], .cancelRunning: [5],
            ]
            for overlap in NewJob.Overlap.allCases {
                let name = overlap.rawValue
                _ = try await scene.harness.putJob(
                    Self.minutely {
                        $0.name = name
                        $0.overlap = overlap
                        $0.overlapBound = 2
                    }
                )

                _ = try await owner.materialise(scene.job(name), minutes)

                let contents = try await scene.harness.contents()
                let rows = contents.work.map(\.item).filter { $0.jobName == name }
                let skipped = contents.runs.filter { $0.jobName == name }
                let added = expected[overlap]?.map { minutes[$0] } ?? []
                try expectEqual(rows.map(\.scheduledFor), added, "the work of \(name)")
                try expectEqual(
                    skipped.compactMap(\.scheduledFor) + added,
                    minutes.filter { !added.contains($0) } + added,
                    "the rest of \(name)"
                )
                try expect(
                    skipped.allSatisfy { $0.state == "skipped" && $0.reason == "overlap" },
                    "the reasons of \(name)"
                )
                let key = overlap == .allow ? nil : "job:\(name)"
                try expect(rows.allSatisfy { $0.orderingKey == key }, "the ordering key of \(name)")
                try expectEqual(try await scene.job(name).lastOccurrence, minutes[5], "the last occurrence of \(name)")
                let claimed = try await owner.claim(scene.batch(rows.count), rows.map(\.id))
                try expectEqual(claimed.count, overlap == .allow ? 6 : 1, "what of \(name) may run at once")
            }
        },
        Self("A43: one that waits counts, whether it is scheduled, runs or is to be tried again") { scene in
            let owner = try await scene.owner()
            _ = try await scene.harness.putJob(Self.minutely { $0.overlap = .skip })
            func states() async throws -> [String?] {
                try await scene.harness.contents().runs.filter { $0.state == "skipped" }.map(\.reason)
            }

            guard case .applied(let items) = try await owner.materialise(scene.job("job"), [Self.first]) else {
                throw Violation(description: "the first occurrence must be taken")
            }
            _ = try await owner.claim(scene.batch(1), items.map(\.id))
            _ = try await owner.materialise(scene.job("job"), [Self.second])
            try expectEqual(try await states(), ["overlap"], "while it runs")
            _ = try await owner.settle(scene.batch(1), items.map(\.id), .retry(after: .seconds(3600)))
            _ = try await owner.materialise(scene.job("job"), [Self.third])
            try expectEqual(try await states(), ["overlap", "overlap"], "while it is to be tried again")
            _ = try await owner.claim(scene.batch(2), items.map(\.id))
            _ = try await owner.settle(scene.batch(2), items.map(\.id))
            let fourth = Self.third.advanced(by: .seconds(60))
            _ = try await owner.materialise(scene.job("job"), [fourth])
            try expectEqual(
                try await scene.harness.contents().work.map(\.item.scheduledFor),
                [fourth],
                "when it has ended"
            )
        },
        Self("A43: an occurrence cancels the one that runs, waits for its end, and takes out the one that waits") {
            scene in
            let owner = try await scene.owner()
            _ = try await scene.harness.putJob(Self.minutely { $0.overlap = .cancelRunning })
            func materialise(_ instant: ServerTime) async throws -> (item: WorkItem, cancelled: [WorkID]) {
                let job = try await scene.job("job")
                let request = Materialisation(
                    job: "job",
                    revision: job.revision,
                    lastOccurrence: job.lastOccurrence,
                    occurrences: [instant],
                    nextDue: nil
                )
                let result = try await owner.pass { $0.materialise = [request] }
                guard case .applied(let items)? = result.materialised.first, let item = items.first else {
                    throw Violation(description: "the occurrence \(instant) must become work")
                }
                return (item, result.cancellations)
            }

            let first = try await materialise(Self.first)
            _ = try await owner.claim(scene.batch(1), [first.item.id])
            let second = try await materialise(Self.second)
            try expectEqual(second.cancelled, [first.item.id], "what the pass tells of")
            try expectEqual(
                try await owner.store.cancellations(),
                [first.item.id],
                "what a node that owns nothing is told"
            )
            try expectEqual(
                try await owner.claim(scene.batch(2), [second.item.id]),
                [],
                "the second while the first runs"
            )

            let third = try await materialise(Self.third)
            try expectEqual(third.cancelled, [first.item.id], "the first has not ended yet")
            try expectEqual(try await scene.history(second.item.id), ["cancelled"], "the second, which waited")
            try expectEqual(
                try await owner.settle(scene.batch(1), [first.item.id], .retry(after: .zero)),
                .accepted,
                "its end"
            )
            let runs = try await scene.harness.contents().runs
            try expectEqual(runs.map(\.state), ["cancelled", "cancelled"], "the states")
            try expectEqual(runs.map(\.reason), ["overlap", "overlap"], "the reasons")
            try expectEqual(try await owner.scan().ids, [third.item.id], "what is found")
            try expectEqual(try await owner.claim(scene.batch(3), [third.item.id]), [third.item.id], "what may run")
            try expectEqual(try await owner.settle(scene.batch(3), [third.item.id]), .accepted, "the settlement")
            let fourth = try await materialise(Self.third.advanced(by: .seconds(60)))
            try expectEqual(fourth.cancelled, [], "what is told when nothing runs")
        },
        Self("A43: a run that completes although it was to be cancelled has completed") { scene in
            let owner = try await scene.owner()
            _ = try await scene.harness.putJob(Self.minutely { $0.overlap = .cancelRunning })
            _ = try await owner.materialise(scene.job("job"), [Self.first])
            let ids = try await scene.harness.contents().work.map(\.item.id)
            _ = try await owner.claim(scene.batch(1), ids)
            _ = try await owner.materialise(scene.job("job"), [Self.second])

            try expectEqual(try await owner.settle(scene.batch(1), ids), .accepted, "the settlement")

            let contents = try await scene.harness.contents()
            try expectEqual(contents.runs.map(\.state), ["completed"], "the state")
            try expectEqual(contents.runs.map(\.reason), [nil], "the reason")
            try expectEqual(contents.cancellations, [], "the marks")
        },
        Self("A43: an occurrence that is to cancel others waits for nobody who is cancelling") { scene in
            let owner = try await scene.owner()
            _ = try await scene.harness.putJob(Self.minutely { $0.overlap = .cancelRunning })
            _ = try await owner.materialise(scene.job("job"), [Self.first])
            let other = try await scene.added(1)

            let isCancelled = try await scene.harness.whileCancelling(other[0], commits: true) {
                let during = try await owner.materialise(scene.job("job"), [Self.second])
                try expectEqual(during, .conflict, "the answer meanwhile")
            }

            try expect(isCancelled, "there was something to cancel")
            guard case .applied = try await owner.materialise(scene.job("job"), [Self.second]) else {
                throw Violation(description: "the occurrence must be taken afterwards")
            }
            let work = try await scene.harness.contents().work.map(\.item.scheduledFor)
            try expectEqual(work, [Self.second], "the work")
        },
        Self("A triggered job runs once now, also while it is paused, after or instead of what there is of it") {
            scene in
            let owner = try await scene.owner()
            for overlap in NewJob.Overlap.allCases {
                let name = overlap.rawValue
                _ = try await scene.harness.putJob(
                    Self.minutely {
                        $0.name = name
                        $0.overlap = overlap
                        $0.overlapBound = 1
                    }
                )
                _ = try await owner.materialise(scene.job(name), [Self.first])
                _ = try await scene.harness.pauseJob(name)

                // Never left out, whatever waits already.
                for _ in 0..<3 { _ = try await scene.harness.triggerJob(name) }
                let last = try await scene.harness.triggerJob(name)
                _ = try await owner.pass()

                let rows = try await scene.harness.contents().work.map(\.item).filter { $0.jobName == name }
                try expectEqual(rows.count, overlap == .cancelRunning ? 1 : 5, "the work of \(name)")
                try expectEqual(rows.last?.id, last, "the last of \(name)")
                try expectEqual(rows.last?.scheduledFor, nil, "the instant of \(name)")
                try expectEqual(rows.last?.orderingKey, overlap == .allow ? nil : "job:\(name)", "the key of \(name)")
            }
            let runs = try await scene.harness.contents().runs
            try expectEqual(Set(runs.map(\.jobName)), ["cancel-running"], "whose runs ended")
            try expect(runs.allSatisfy { $0.state == "cancelled" && $0.reason == "overlap" }, "the reasons")
            try expectEqual(try await scene.harness.triggerJob("unknown"), nil, "an unknown job (A39)")
        },
        Self("Jitter puts each run off by what its job and its instant determine") { scene in
            let owner = try await scene.owner()
            let minutes = (0..<20).map { Self.first.advanced(by: .milliseconds(60_001 * $0)) }
            for name in ["job", "jöb", "ein Auftrag mit einem langen Namen", "💡"] {
                for jitter: Int64 in [0, 1, 60_000, 86_400_000] {
                    let job = "\(name) \(jitter)"
                    _ = try await scene.harness.putJob(
                        Self.minutely {
                            $0.name = job
                            $0.jitterMilliseconds = jitter
                        }
                    )

                    let applied = try await owner.materialise(scene.job(job), minutes)

                    guard case .applied(let items) = applied else {
                        throw Violation(description: "the occurrences of \(job) must be taken")
                    }
                    let expected = minutes.map { minute in
                        minute.advanced(
                            by: OccurrenceJitter.delay(job: job, occurrence: minute, longestMilliseconds: jitter)
                        )
                    }
                    try expectEqual(items.map(\.dueAt), expected, "when the runs of \(job) are due")
                    try expectEqual(items.map(\.scheduledFor), minutes, "the instants of \(job)")
                }
            }
        },
    ]
}
