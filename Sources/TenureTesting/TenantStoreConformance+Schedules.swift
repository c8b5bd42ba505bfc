internal import InMemoryStores
internal import TenureCore

extension TenantStoreConformance {
    static let schedules: [TenantStoreConformance] = [
        Self("A32: of two nodes that materialise the same occurrence one does, and there is one run") { scene in
            let owner = try await scene.owner()
            let other = TenantOwner(
                store: try await scene.harness.makeStore(),
                holder: owner.holder,
                epoch: owner.epoch,
                harness: scene.harness
            )
            try await other.store.prepare(migrate: true)
            _ = try await scene.harness.putJob(Self.minutely())
            for number in 0..<10 {
                let job = try await scene.job("job")
                let instant = Self.first.advanced(by: .seconds(60 * number))

                async let left = owner.materialise(job, [instant])
                async let right = other.materialise(job, [instant])
                let replies = try await [left, right]

                try expectEqual(replies.count { $0 == .conflict }, 1, "how many of two are refused")
                try expectEqual(try await scene.harness.contents().work.count, number + 1, "the runs")
            }
        },
        Self("A32: the successor goes on where the predecessor stopped, who is refused from then on") { scene in
            let owner = try await scene.owner()
            _ = try await scene.harness.putJob(Self.minutely())
            let read = try await scene.job("job")
            _ = try await owner.materialise(read, [Self.first])
            let next = try await scene.owner("b/2", epoch: 2, living: ["a/1"])

            try await scene.expectFailure(.fenced, "an occurrence of the predecessor") {
                _ = try await owner.materialise(scene.job("job"), [Self.second])
            }
            try expectEqual(try await next.materialise(read, [Self.first]), .conflict, "the same occurrence again")
            let taken = try await next.store.jobs().jobs.first
            try expectEqual(taken?.schedule, read.schedule, "the schedule with its anchor (A37)")
            try expectEqual(taken?.lastOccurrence, Self.first, "the last occurrence")
            _ = try await next.materialise(scene.job("job"), [Self.second])
            let work = try await scene.harness.contents().work.map(\.item.scheduledFor)
            try expectEqual(work, [Self.first, Self.second], "the work")
        },
        Self("A33: each setting that is no schedule keeps the next due instant, and changes the revision") { scene in
            let owner = try await scene.owner()
            _ = try await scene.harness.putCalendar(JobCalendar(name: "holidays", excluded: ["2026-12-25"]))
            let changes: [(String, (inout NewJob) -> Void)] = [
                ("topic", { $0.topic = "other" }), ("payload", { $0.payload = "[1]" }),
                ("priority", { $0.priority = 3 }),
                ("misfire", { $0.misfire = .all }), ("grace", { $0.misfireGraceMilliseconds = 1 }),
                ("bound", { $0.misfireBound = 1 }), ("overlap", { $0.overlap = .skip }),
                ("overlap bound", { $0.overlapBound = 1 }), ("attempts", { $0.retry.maxAttempts = 1 }),
                ("timeout", { $0.timeoutMilliseconds = 1 }), ("jitter", { $0.jitterMilliseconds = 1 }),
                ("calendar", { $0.calendar = "holidays" }), ("description", { $0.description = "text" }),
                ("tags", { $0.tags = ["a"] }),
            ]
            for (what, change) in changes {
                let job = Self.minutely { $0.name = what }
                _ = try await scene.harness.putJob(job)
                _ = try await owner.materialise(scene.job(what), [Self.first], nextDue: TenantScene.future)
                let before = try await scene.job(what)
                try expectEqual(try await scene.harness.putJob(job), 1, "the revision of the same job")
                var changed = job
                change(&changed)

                try expectEqual(try await scene.harness.putJob(changed), 2, "the revision after a change of \(what)")

                let after = try await scene.job(what)
                try expectEqual(after.nextDue, TenantScene.future, "the next due instant after a change of \(what)")
                try expectEqual(after.schedule, before.schedule, "the schedule after a change of \(what)")
                try expectEqual(
                    after.plannedFrom,
                    before.plannedFrom,
                    "from where it is planned after a change of \(what)"
                )
                try expectEqual(after.lastOccurrence, Self.first, "the last occurrence after a change of \(what)")
                try expectEqual(try await scene.harness.putJob(changed), 2, "the revision when \(what) is put again")
            }
        },
        Self("A33: each setting of the schedule counts from now on") { scene in
            let owner = try await scene.owner()
            let changes: [(String, (inout NewJob) -> Void)] = [
                ("kind", { $0.schedule = .cron("@hourly") }), ("interval", { $0.schedule = .every(.seconds(30)) }),
                ("zone", { $0.timeZone = "Europe/Berlin" }), ("start", { $0.startsAt = Self.first }),
                ("end", { $0.endsAt = TenantScene.future }), ("gap", { $0.daylight.gap = "skip" }),
                ("overlap", { $0.daylight.overlap = "both" }),
            ]
            for (what, change) in changes {
                let job = Self.minutely { $0.name = what }
                _ = try await scene.harness.putJob(job)
                _ = try await owner.materialise(scene.job(what), [Self.first], nextDue: TenantScene.future)
                let before = try await scene.job(what)
                var changed = job
                change(&changed)

                _ = try await scene.harness.putJob(changed)

                let after = try await scene.job(what)
                try expectEqual(after.nextDue, nil, "the next due instant after a change of the \(what)")
                try expect(after.plannedFrom > before.plannedFrom, "a change of the \(what) must count from now")
                try expectEqual(after.lastOccurrence, Self.first, "the last occurrence after a change of the \(what)")
                if case .interval(_, let anchor) = after.schedule {
                    let expected = changed.startsAt ?? after.plannedFrom
                    try expectEqual(anchor, expected, "the anchor after a change of the \(what) (A37)")
                }
            }
        },
        Self("A34: a paused job stays paused when it is changed, and plans anew when it is resumed") { scene in
            let owner = try await scene.owner()
            for policy in MisfirePolicy.allCases {
                let name = policy.rawValue
                let job = Self.minutely {
                    $0.name = name
                    $0.misfire = policy
                }
                _ = try await scene.harness.putJob(job)
                let planned = try await scene.job(name).plannedFrom
                try expectEqual(try await scene.harness.resumeJob(name), false, "resuming one that is not paused")
                try expectEqual(try await scene.harness.pauseJob(name), true, "pausing")
                try expectEqual(try await scene.harness.pauseJob(name), false, "pausing again")
                _ = try await owner.materialise(scene.job(name), [], nextDue: TenantScene.future)
                var changed = job
                changed.topic = "changed"
                _ = try await scene.harness.putJob(changed)
                try expect(try await scene.job(name).isPaused, "a changed job must stay paused")
                let pausedAt = try await scene.job(name).pausedAt
                try expectEqual(try await scene.harness.resumeJob(name), true, "resuming")

                let resumed = try await scene.job(name)
                try expect(!resumed.isPaused, "the job must be resumed")
                try expectEqual(resumed.nextDue, nil, "the next due instant")
                try expectEqual(resumed.plannedFrom, planned, "from where it is planned: the policy decides")
                guard let pausedAt, let resumedAt = resumed.resumedAt, pausedAt < resumedAt else {
                    throw Violation(description: "the pause must have a beginning and an end: \(resumed)")
                }
            }
            try expectEqual(try await scene.harness.pauseJob("unknown"), nil, "pausing an unknown job")
            try expectEqual(try await scene.harness.resumeJob("unknown"), nil, "resuming an unknown job")
        },
        Self("A34: pauses that nobody planned between count as one, others apart") { scene in
            let owner = try await scene.owner()
            _ = try await scene.harness.putJob(Self.minutely())
            _ = try await scene.harness.pauseJob("job")
            let first = try await scene.job("job").pausedAt
            _ = try await scene.harness.resumeJob("job")
            _ = try await scene.harness.pauseJob("job")
            try expectEqual(try await scene.job("job").pausedAt, first, "the beginning of two pauses")
            _ = try await scene.harness.resumeJob("job")
            _ = try await owner.materialise(scene.job("job"), [], nextDue: TenantScene.future)
            _ = try await scene.harness.pauseJob("job")
            let last = try await scene.job("job").pausedAt
            try expect(last ?? .distantPast > first ?? .distantFuture, "a pause after a plan must begin by itself")
        },
    ]

    static let calendars: [TenantStoreConformance] = [
        Self("A calendar is kept in order, and read with the jobs that name it") { scene in
            let owner = try await scene.owner()
            let put = JobCalendar(
                name: "c",
                excluded: ["SUN", "2026-12-25", "sat", "12-24"],
                timeZone: "Europe/Berlin"
            )
            try expectEqual(try await scene.harness.putCalendar(put), 1, "the revision")
            try expectEqual(try await scene.harness.putCalendar(put), 1, "the revision of the same again")
            _ = try await scene.harness.putJob(Self.minutely { $0.calendar = "c" })
            _ = try await scene.harness.putJob(Self.minutely { $0.name = "other" })

            let jobs = try await owner.store.jobs().jobs

            let kept = JobCalendar(
                name: "c",
                excluded: ["12-24", "2026-12-25", "SAT", "SUN"],
                timeZone: "Europe/Berlin"
            )
            try expectEqual(jobs.map(\.calendar), [kept, nil], "the calendars of the jobs")
            try expectEqual(try await scene.harness.contents().calendars.map(\.definition), [kept], "the calendars")
        },
        Self("A change of a calendar takes effect at once: a plan that was made with the old dates is refused") {
            scene in
            let owner = try await scene.owner()
            _ = try await scene.harness.putCalendar(JobCalendar(name: "c", excluded: ["2026-12-25"]))
            _ = try await scene.harness.putJob(Self.minutely { $0.calendar = "c" })
            _ = try await scene.harness.putJob(Self.minutely { $0.name = "other" })
            _ = try await owner.materialise(scene.job("job"), [], nextDue: TenantScene.future)
            let read = try await scene.job("job")
            let version = try await owner.pass().jobsVersion

            try expectEqual(
                try await scene.harness.putCalendar(JobCalendar(name: "c", excluded: ["2026-12-26"])),
                2,
                "the revision"
            )

            try expectEqual(try await owner.materialise(read, [Self.first]), .conflict, "the stale plan")
            try expect(try await owner.pass().jobsVersion != version, "the version of the jobs must change")
            let job = try await scene.job("job")
            try expectEqual(job.calendar?.excluded, ["2026-12-26"], "the dates")
            try expectEqual(job.nextDue, TenantScene.future, "the next due instant")
            try expectEqual(try await scene.job("other").revision, 1, "the revision of a job without it")
        },
        Self("A calendar in use is not deleted; a deleted job uses none") { scene in
            _ = try await scene.harness.putCalendar(JobCalendar(name: "c", excluded: []))
            _ = try await scene.harness.putJob(Self.minutely { $0.calendar = "c" })

            try expectEqual(try await scene.harness.deleteCalendar("unknown"), nil, "an unknown one")
            try expectEqual(try await scene.harness.deleteCalendar("c"), false, "one in use")
            _ = try await scene.harness.deleteJob("job")
            try expectEqual(try await scene.harness.deleteCalendar("c"), true, "one that no job uses")
            try expectEqual(try await scene.harness.deleteCalendar("c"), nil, "once more")
        },
    ]
}
