internal import InMemoryStores
internal import TenureCore

extension TenantStoreConformance {
    static let fence: [TenantStoreConformance] = [
        Self("Only a greater epoch takes over; a repetition by the same registration succeeds again") { scene in
            let store = try await scene.harness.makeStore()
            try await store.prepare(migrate: true)
            func take(_ text: String, _ epoch: Int64) async throws -> OwnershipReply {
                try await store.takeOwnership(epoch: Epoch(epoch), holder: scene.holder(text))
            }

            try expectEqual(try await take("a/1", 5), .installed, "the first owner")
            try await scene.expectUnchanged("refused and repeated installations") {
                try expectEqual(try await take("a/1", 5), .installed, "a repetition")
                try expectEqual(try await take("b/1", 5), .refused(floor: Epoch(5)), "the same epoch for another node")
                try expectEqual(try await take("a/2", 5), .refused(floor: Epoch(5)), "for another incarnation")
                try expectEqual(try await take("b/1", 4), .refused(floor: Epoch(5)), "a lower epoch")
                try expectEqual(try await take("a/1", 4), .refused(floor: Epoch(5)), "a lower epoch of the owner")
            }
            try expectEqual(try await take("b/1", 6), .installed, "a greater epoch")

            let fence = try await scene.harness.contents().fence
            try expectEqual(fence, .init(epoch: Epoch(6), holder: try scene.holder("b/1")), "the fence")
        },
        Self("Assuming takes over and opens in one step; standing by for it changes nothing") { scene in
            let old = try await scene.owner("a/1")
            let ids = try await scene.added(2)
            _ = try await scene.harness.putJob(NewJob(name: "job", schedule: .cron("@daily")))
            _ = try await old.claim(scene.batch(1), [ids[0]])
            let store = try await scene.harness.makeStore()
            try await store.prepare(migrate: true)
            try await scene.expectUnchanged("standing by") { try await store.standBy() }

            let assumption = try await store.assume(
                epoch: Epoch(2),
                holder: scene.holder("b/1"),
                living: [Incarnation("1")],
                lending: TenantScene.long
            )

            guard case .opened(let opening) = assumption else {
                throw Violation(description: "expected opened, found \(assumption)")
            }
            try expectEqual(opening.own.map(\.batch), [scene.batch(1)], "the claims of the same incarnation")
            let jobs = try await store.jobs()
            try expectEqual(opening.jobs?.jobs ?? jobs.jobs, jobs.jobs, "the jobs, where they are read at once")
            try expectEqual(opening.jobs?.version ?? jobs.version, opening.jobsVersion, "their version")
            try expectEqual(try await scene.harness.contents().fence.epoch, Epoch(2), "the epoch")
        },
        Self("An assumption that is refused touches nothing, also with the epoch that is installed") { scene in
            let owner = try await scene.owner("a/1", epoch: 2)
            let ids = try await scene.added(1)
            _ = try await owner.claim(scene.batch(1), ids)
            let store = try await scene.harness.makeStore()
            try await store.prepare(migrate: true)

            try await scene.expectUnchanged("refused assumptions") {
                for epoch in [1, 2] as [Int64] {
                    let assumption = try await store.assume(
                        epoch: Epoch(epoch),
                        holder: scene.holder("b/2"),
                        living: [Incarnation("2")],
                        lending: TenantScene.long
                    )
                    try expectEqual(assumption, .refused(floor: Epoch(2)), "the assumption with epoch \(epoch)")
                }
                let other = TenantOwner(
                    store: store,
                    holder: try scene.holder("b/2"),
                    epoch: owner.epoch,
                    harness: scene.harness
                )
                try await scene.expectFailure(.fenced, "an opening by the refused one") { _ = try await other.open() }
            }
            try expectEqual(try await owner.settle(scene.batch(1), ids), .accepted, "the owner's settlement")
        },
        Self("Under another epoch than the installed one nothing is opened, claimed, materialised or found") { scene in
            let old = try await scene.owner("a/1", epoch: 1)
            let ids = try await scene.added(1)
            _ = try await scene.harness.putJob(NewJob(name: "job", schedule: .every(.seconds(60))))
            let job = try await scene.job("job")
            let new = try await scene.owner("b/2", epoch: 2, living: ["a/1"])
            let ahead = TenantOwner(store: new.store, holder: new.holder, epoch: Epoch(3), harness: scene.harness)

            try await scene.expectUnchanged("calls under another epoch") {
                for owner in [old, ahead] {
                    try await scene.expectFailure(.fenced, "a claim") { _ = try await owner.claim(scene.batch(1), ids) }
                    try await scene.expectFailure(.fenced, "an occurrence") {
                        _ = try await owner.materialise(job, [TenantScene.past])
                    }
                    try await scene.expectFailure(.fenced, "a scan") { _ = try await owner.scan() }
                    try await scene.expectFailure(.fenced, "an opening") { _ = try await owner.open() }
                    try await scene.expectFailure(.fenced, "upkeep") {
                        try await owner.store.maintain(epoch: owner.epoch, retention: Retention(runs: .seconds(86_400)))
                    }
                }
            }
            try expectEqual(try await new.claim(scene.batch(1), ids), ids, "the owner's claim")
        },
        Self("A claim that stands is settled after the fence has moved, beside a pass that is refused") { scene in
            let old = try await scene.owner("a/1", epoch: 1)
            let ids = try await scene.added(1)
            _ = try await old.claim(scene.batch(1), ids)
            _ = try await scene.owner("b/2", epoch: 2, living: ["a/1"])
            let settlement = Settlement(batch: scene.batch(1), outcomes: try await old.outcomes(ids, .completed))
            var pass = ClaimPass(epoch: old.epoch, holder: old.holder)
            pass.scan = ScanRequest(limit: 10, cursor: nil)

            let reply = await old.store.exchange(Exchange(settlements: [settlement], pass: pass))

            try expectEqual(reply.settlements, [.accepted], "the settlement")
            try await scene.expectFailure(.fenced, "the pass") { _ = try reply.pass?.get() }
            let runs = try await scene.harness.contents().runs
            try expectEqual(runs.map(\.state), ["completed"], "history")
            try expectEqual(runs.map(\.epoch), [Epoch(1)], "the epoch in history")
        },
        Self("Upkeep keeps what is younger than the retention") { scene in
            let owner = try await scene.owner()
            let ids = try await scene.added(1)
            _ = try await scene.harness.receive(NewWork(.inbox), source: "s", messageID: "m")
            _ = try await owner.claim(scene.batch(1), ids)
            _ = try await owner.settle(scene.batch(1), ids)

            try await scene.expectUnchanged("upkeep") {
                try await owner.store.maintain(epoch: owner.epoch, retention: Retention(runs: .seconds(86_400)))
            }
        },
    ]
}
