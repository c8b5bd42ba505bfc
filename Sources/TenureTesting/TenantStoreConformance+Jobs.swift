internal import InMemoryStores
internal import TenureCore

extension TenantStoreConformance {
    static let first = TenantScene.past
    static let second = TenantScene.past.advanced(by: .seconds(60))
    static let third = TenantScene.past.advanced(by: .seconds(120))

    static func minutely(_ change: (inout NewJob) -> Void = { _ in }) -> NewJob {
        var job = NewJob(name: "job", schedule: .every(.seconds(60)))
        change(&job)
        return job
    }

    static let occurrences: [TenantStoreConformance] = [
        Self("Occurrences become work that inherits from the job, and the job remembers the last one") { scene in
            let owner = try await scene.owner()
            _ = try await scene.harness.putJob(
                Self.minutely {
                    $0.topic = "report"
                    $0.payload = "{\"a\": 1}"
                    $0.priority = -3
                    $0.timeoutMilliseconds = 7_000
                    $0.retry = RetryPolicy(maxAttempts: 2, baseDelayMilliseconds: 5, maxDelayMilliseconds: 6)
                }
            )

            let applied = try await owner.materialise(
                scene.job("job"),
                [Self.first, Self.second],
                nextDue: TenantScene.future
            )

            let rows = try await scene.harness.contents().work.map(\.item)
            try expectEqual(applied, .applied(rows), "the answer")
            try expectEqual(rows.map(\.scheduledFor), [Self.first, Self.second], "the instants")
            try expectEqual(rows.map(\.dueAt), [Self.first, Self.second], "when they are due")
            try expectEqual(rows.first?.kind, .job, "the kind")
            try expectEqual(rows.first?.jobName, "job", "the job")
            try expectEqual(rows.first?.topic, "report", "the topic")
            try expectEqual(rows.first?.payload, "{\"a\": 1}", "the payload")
            try expectEqual(rows.first?.priority, -3, "the priority")
            try expectEqual(rows.first?.timeoutMilliseconds, 7_000, "the timeout")
            try expectEqual(rows.first?.retry.maxAttempts, 2, "the attempts")
            let job = try await scene.job("job")
            try expectEqual(job.lastOccurrence, Self.second, "the last occurrence")
            try expectEqual(job.nextDue, TenantScene.future, "the next due instant")
            try expectEqual(job.revision, 1, "the revision")
            try expectEqual(try await owner.scan().ids, rows.map(\.id), "what is found")
        },
        Self("Occurrences are materialised once: by revision and last occurrence, and not while paused or deleted") {
            scene in
            let owner = try await scene.owner()
            _ = try await scene.harness.putJob(Self.minutely())
            let read = try await scene.job("job")
            _ = try await owner.materialise(read, [Self.first])
            var stale = try await scene.job("job")
            stale.revision += 1
            var unknown = stale
            unknown.name = "unknown"

            try await scene.expectUnchanged("occurrences that come too late") {
                try expectEqual(try await owner.materialise(read, [Self.first]), .conflict, "a repetition")
                try expectEqual(try await owner.materialise(read, [Self.second]), .conflict, "another last occurrence")
                try expectEqual(try await owner.materialise(stale, [Self.second]), .conflict, "another revision")
                try expectEqual(try await owner.materialise(unknown, [Self.second]), .conflict, "an unknown job")
            }
            _ = try await scene.harness.pauseJob("job")
            let paused = try await scene.job("job")
            try await scene.expectUnchanged("an occurrence of a paused job") {
                try expectEqual(try await owner.materialise(paused, [Self.second]), .conflict, "while it is paused")
            }
            _ = try await scene.harness.deleteJob("job")
            try await scene.expectUnchanged("an occurrence of a deleted job") {
                try expectEqual(try await owner.materialise(paused, [Self.second]), .conflict, "when it is deleted")
            }
        },
        Self("An occurrence never comes again: not after it completed, and not after the job was deleted and put again")
        {
            scene in
            let owner = try await scene.owner()
            _ = try await scene.harness.putJob(Self.minutely())
            _ = try await owner.materialise(scene.job("job"), [Self.first, Self.second])
            let ids = try await scene.harness.contents().work.map(\.item.id)
            _ = try await owner.claim(scene.batch(1), ids)
            _ = try await owner.settle(scene.batch(1), ids)
            _ = try await scene.harness.deleteJob("job")
            _ = try await scene.harness.putJob(Self.minutely())
            let job = try await scene.job("job")
            let other = try await scene.added(1)

            try expectEqual(job.lastOccurrence, Self.second, "the last occurrence")
            for occurrences in [[Self.second], [Self.first, Self.third], [Self.third, Self.third]] {
                let request = Materialisation(
                    job: "job",
                    revision: job.revision,
                    lastOccurrence: job.lastOccurrence,
                    occurrences: occurrences,
                    nextDue: nil
                )
                try await scene.expectUnchanged("a pass with \(occurrences)") {
                    try await scene.expectFailure(.rejected, "\(occurrences)") {
                        _ = try await owner.pass { pass in
                            pass.materialise = [request]
                            pass.claims = [ClaimRequest(batch: scene.batch(2), ids: other)]
                        }
                    }
                }
            }
            guard case .applied = try await owner.materialise(job, [Self.third]) else {
                throw Violation(description: "the next occurrence must be taken")
            }
        },
        Self("Skipped instants leave history only, also while the job is paused") { scene in
            let owner = try await scene.owner()
            _ = try await scene.harness.putJob(Self.minutely())
            let skip = Materialisation.Skip(scheduledFor: Self.first, reason: "misfire")

            _ = try await owner.materialise(scene.job("job"), [Self.second], skipped: [skip])
            _ = try await scene.harness.pauseJob("job")
            let paused = Materialisation.Skip(scheduledFor: Self.third, reason: "paused")
            let applied = try await owner.materialise(scene.job("job"), [], skipped: [paused])

            try expectEqual(applied, .applied([]), "the answer while it is paused")
            let contents = try await scene.harness.contents()
            try expectEqual(contents.work.map(\.item.scheduledFor), [Self.second], "the work")
            try expectEqual(contents.runs.map(\.state), ["skipped", "skipped"], "the states")
            try expectEqual(contents.runs.map(\.reason), ["misfire", "paused"], "the reasons")
            try expectEqual(contents.runs.map(\.scheduledFor), [Self.first, Self.third], "the instants")
            try expectEqual(contents.runs.map(\.attempt), [0, 0], "the attempts")
            try expectEqual(try await scene.job("job").lastOccurrence, Self.third, "the last occurrence")
        },
        Self("Only the next due instant may be stored") { scene in
            let owner = try await scene.owner()
            _ = try await scene.harness.putJob(Self.minutely())

            let applied = try await owner.materialise(scene.job("job"), [], nextDue: TenantScene.future)

            try expectEqual(applied, .applied([]), "the answer")
            let job = try await scene.job("job")
            try expectEqual(job.nextDue, TenantScene.future, "the next due instant")
            try expectEqual(job.lastOccurrence, nil, "the last occurrence")
        },
        Self("A job that is paused by its misfire policy changes its revision and the version of the jobs") { scene in
            let owner = try await scene.owner()
            _ = try await scene.harness.putJob(Self.minutely { $0.misfire = .pause })
            _ = try await owner.pass()
            let before = try await owner.pass().jobsVersion
            let skip = Materialisation.Skip(scheduledFor: Self.first, reason: "misfire")

            _ = try await owner.materialise(scene.job("job"), [], skipped: [skip], pauses: true)

            let job = try await scene.job("job")
            try expect(job.isPaused, "the job must be paused")
            try expectEqual(job.revision, 2, "the revision")
            try expect(try await owner.pass().jobsVersion != before, "the version of the jobs must change")
        },
    ]

    static let jobs: [TenantStoreConformance] = [
        Self("Jobs are read as they were put, by name, without the deleted ones") { scene in
            let owner = try await scene.owner()
            var cron = NewJob(name: "b", topic: "t", schedule: .cron("*/5 * * * *"))
            cron.timeZone = "Europe/Berlin"
            cron.misfire = .all
            cron.misfireGraceMilliseconds = 5_000
            cron.misfireBound = 7
            cron.daylight = DaylightPolicy(gap: "skip", overlap: "both")
            cron.endsAt = TenantScene.future
            var interval = NewJob(name: "a", schedule: .every(.milliseconds(1_500)))
            interval.startsAt = TenantScene.past
            for job in [cron, interval, NewJob(name: "c", schedule: .cron("@daily"))] {
                try expectEqual(try await scene.harness.putJob(job), 1, "the revision of \(job.name)")
            }
            try expectEqual(try await scene.harness.deleteJob("c"), true, "a deletion")
            try expectEqual(try await scene.harness.deleteJob("c"), false, "another one")

            let jobs = try await owner.store.jobs().jobs

            try expectEqual(jobs, try await scene.harness.contents().jobs.map(\.definition), "the jobs")
            try expectEqual(jobs.map(\.name), ["a", "b"], "the names")
            try expectEqual(
                jobs[0].schedule,
                .interval(microseconds: 1_500_000, anchor: TenantScene.past),
                "an interval with its anchor"
            )
            try expectEqual(jobs[1].schedule, .cron("*/5 * * * *"), "a cron expression")
            try expectEqual(jobs[1].timeZone, "Europe/Berlin", "the time zone")
            try expectEqual(jobs[1].misfire, .all, "the misfire policy")
            try expectEqual(jobs[1].misfireGraceMilliseconds, 5_000, "the grace")
            try expectEqual(jobs[1].misfireBound, 7, "the bound")
            try expectEqual(jobs[1].daylight, cron.daylight, "the daylight saving policy")
            try expectEqual(jobs[1].endsAt, TenantScene.future, "the end of the window")
        },
        Self("Each change of a definition changes the version that passes report; nothing else does") { scene in
            let owner = try await scene.owner()
            var version = try await owner.pass().jobsVersion
            func expectChange(_ isExpected: Bool, _ what: String, _ body: () async throws -> Void) async throws {
                try await body()
                let pass = try await owner.pass()
                let now = pass.jobsVersion
                try expectEqual(now != version, isExpected, "whether the version changes when \(what)")
                version = now
            }

            try await expectChange(true, "a job is put") { _ = try await scene.harness.putJob(Self.minutely()) }
            try await expectChange(false, "it is put again") { _ = try await scene.harness.putJob(Self.minutely()) }
            try await expectChange(true, "it is paused") { _ = try await scene.harness.pauseJob("job") }
            try await expectChange(false, "it is paused again") { _ = try await scene.harness.pauseJob("job") }
            try await expectChange(true, "it is resumed") { _ = try await scene.harness.resumeJob("job") }
            try await expectChange(false, "work is added") { _ = try await scene.added(1) }
            try await expectChange(false, "it is triggered") { _ = try await scene.harness.triggerJob("job") }
            try await expectChange(true, "it is deleted") { _ = try await scene.harness.deleteJob("job") }
            let other = try await scene.owner("b/2", epoch: 2, living: ["a/1"])
            let opening = try await other.open()
            try expectEqual(try await other.store.jobs().version, opening.jobsVersion, "the version that is read")
            try expectEqual(try await other.pass().jobsVersion, opening.jobsVersion, "the next pass's version")
        },
        Self("Deleting a job cancels what has not started of it, and lets the rest end") { scene in
            let owner = try await scene.owner()
            _ = try await scene.harness.putJob(Self.minutely())
            _ = try await owner.materialise(scene.job("job"), [Self.first, Self.second])
            let ids = try await scene.harness.contents().work.map(\.item.id)
            let other = try await scene.added(1)
            _ = try await owner.claim(scene.batch(1), [ids[0]])

            _ = try await scene.harness.deleteJob("job")

            let contents = try await scene.harness.contents()
            try expectEqual(contents.work.map(\.item.id), [ids[0]] + other, "the work")
            try expectEqual(contents.runs.map(\.id), [ids[1]], "the runs in history")
            try expectEqual(contents.runs.map(\.state), ["cancelled"], "the state")
            try expectEqual(contents.runs.map(\.reason), ["job_deleted"], "the reason")
            try expectEqual(try await owner.settle(scene.batch(1), [ids[0]]), .accepted, "the settlement")
        },
    ]
}
