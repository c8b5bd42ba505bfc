internal import TenureCore

extension CoordinationConformance {
    static let locks: [CoordinationConformance] = [
        Self("Only the assigned node's registration gets a tenant's lock") { scene in
            let holders = try await scene.registered("a/1", "b/1")
            let term = try await scene.elected(holders[0])
            try await scene.assign("t", to: holders[0], under: term)
            try await scene.plan(term) { $0.unassign = [try scene.tenant("u"): "cap"] }
            func acquire(_ name: String, _ holder: Holder) async throws -> LockReply {
                try await scene.store.acquireLock(
                    of: scene.tenant(name),
                    for: holder,
                    floor: .none,
                    duration: CoordinationScene.long
                )
            }

            try await scene.expectUnchanged("refused acquisitions") {
                try expectEqual(try await acquire("t", holders[1]), .notAssigned(holders[0].node), "another node's")
                try expectEqual(try await acquire("u", holders[0]), .notAssigned(nil), "one left without a node")
                try expectEqual(try await acquire("t", try scene.holder("a/2")), .unregistered, "another incarnation's")
            }
            let reply = try await acquire("t", holders[0])

            let lock = try await scene.store.state().locks[scene.tenant("t")]
            try expectEqual(reply, .acquired(Epoch(1)), "the acquisition")
            try expectEqual(
                lock?.withoutTime,
                TenantLock(holder: holders[0], epoch: Epoch(1), remaining: .zero),
                "the lock"
            )
            let remaining = lock?.remaining ?? .zero
            try expect(remaining > .zero && remaining <= CoordinationScene.long, "the lock's rest: \(remaining)")
        },
        Self("Asking again while holding a lock renews it under the same epoch, unless the floor has reached it") {
            scene in
            let holder = try await scene.registered("a/1")[0]
            let term = try await scene.elected(holder)
            try await scene.assign("t", to: holder, under: term)

            let first = try await scene.locked("t", by: holder, floor: 10)
            let again = try await scene.locked("t", by: holder, floor: 10, for: .seconds(6_000))
            let remaining = try await scene.store.state().locks[scene.tenant("t")]?.remaining ?? .zero
            let above = try await scene.locked("t", by: holder, floor: 11)

            let state = try await scene.store.state()
            try expectEqual([first, again, above], [Epoch(11), Epoch(11), Epoch(12)], "the epochs")
            try expect(remaining > CoordinationScene.long, "the repetition must renew the lock")
            try expectEqual(state.locks[try scene.tenant("t")]?.epoch, Epoch(12), "the lock's epoch")
            try expectEqual(state.epochs[try scene.tenant("t")], Epoch(12), "the last epoch")
        },
        Self("A lock that somebody else holds is told with its rest") { scene in
            let holders = try await scene.registered("a/1", "b/1")
            let term = try await scene.elected(holders[1])
            try await scene.assign("t", to: holders[0], under: term)
            let epoch = try await scene.locked("t", by: holders[0])
            try await scene.plan(term) {
                $0.lost = [holders[0]]
                $0.assign = [try scene.tenant("t"): holders[1].node]
            }

            let reply = try await scene.store.acquireLock(
                of: scene.tenant("t"),
                for: holders[1],
                floor: epoch,
                duration: CoordinationScene.long
            )

            guard case .held(let lock) = reply else { throw Violation(description: "expected held, found \(reply)") }
            try expectEqual(
                lock.withoutTime,
                TenantLock(holder: holders[0], epoch: epoch, remaining: .zero),
                "the lock"
            )
            try expect(
                lock.remaining > .zero && lock.remaining <= CoordinationScene.long,
                "its rest: \(lock.remaining)"
            )
        },
        Self("A restarted node waits for its own former lock to run out, and then gets a greater epoch") { scene in
            let old = try await scene.registered("a/1")[0]
            let term = try await scene.elected(old)
            try await scene.assign("t", to: old, under: term)
            let epoch = try await scene.locked("t", by: old)
            let new = try scene.holder("a/2")
            _ = try await scene.store.register(scene.descriptor(new), replacing: old.incarnation)

            let reply = try await scene.store.acquireLock(
                of: scene.tenant("t"),
                for: new,
                floor: .none,
                duration: CoordinationScene.long
            )
            guard case .held(let lock) = reply else { throw Violation(description: "expected held, found \(reply)") }
            try expectEqual(lock.holder, old, "the holder")
            // The process that was declared gone still ends its own lock, and nothing else.
            try expect(
                try await scene.store.releaseLock(of: scene.tenant("t"), holder: old, epoch: epoch),
                "the old incarnation must release its own lock"
            )
            try expect(try await scene.locked("t", by: new) > epoch, "the new epoch must be greater")
            try expect(
                try await !scene.store.releaseLock(of: scene.tenant("t"), holder: old, epoch: epoch),
                "the old incarnation must not release the new lock"
            )
        },
        Self("A lock that was not renewed runs out, and the next one has a greater epoch") { scene in
            let holder = try await scene.registered("a/1")[0]
            let term = try await scene.elected(holder)
            try await scene.assign("t", to: holder, under: term)
            let t = try scene.tenant("t")
            let first = try await scene.locked("t", by: holder, for: CoordinationScene.short)

            try await scene.outlast()

            let news = try await scene.news(of: holder, locks: [t: first])
            try expectEqual(news.lostLocks, [t], "the lost locks")
            try expectEqual(try await scene.store.state().locks, [:], "the locks")
            try expect(
                try await !scene.store.releaseLock(of: t, holder: holder, epoch: first),
                "it must not be released any more"
            )
            try expect(try await scene.locked("t", by: holder) > first, "the next epoch must be greater")
        },
        Self("A heartbeat shortens and lengthens a lock to exactly what it says") { scene in
            let holder = try await scene.registered("a/1")[0]
            let term = try await scene.elected(holder)
            try await scene.assign("t", to: holder, under: term)
            let t = try scene.tenant("t")
            let epoch = try await scene.locked("t", by: holder)

            _ = try await scene.store.heartbeat(
                Heartbeat(holder: holder, load: NodeLoad(), locks: [t: epoch], lockDuration: CoordinationScene.short)
            )
            try await scene.outlast()

            try expectEqual(try await scene.store.state().locks, [:], "the locks")
        },
        Self("A release names the exact holder and epoch, and wakes the others") { scene in
            let holder = try await scene.registered("a/1")[0]
            let term = try await scene.elected(holder)
            try await scene.assign("t", to: holder, under: term)
            let t = try scene.tenant("t")
            let epoch = try await scene.locked("t", by: holder)

            try await scene.expectUnchanged("releases of what is not there") {
                for (other, number) in [("a/1", epoch.value + 1), ("a/2", epoch.value), ("b/1", epoch.value)] {
                    try expect(
                        try await !scene.store.releaseLock(
                            of: t,
                            holder: try scene.holder(other),
                            epoch: Epoch(number)
                        ),
                        "\(other) must not release epoch \(number)"
                    )
                }
            }
            try await scene.expectWakeup(.assignmentChanged) {
                try expect(
                    try await scene.store.releaseLock(of: t, holder: holder, epoch: epoch),
                    "the exact release must succeed"
                )
            }

            try expectEqual(try await scene.store.state().locks, [:], "the locks")
            try expect(
                try await !scene.store.releaseLock(of: t, holder: holder, epoch: epoch),
                "releasing again must do nothing"
            )
            try expectEqual(try await scene.locked("t", by: holder), Epoch(epoch.value + 1), "the next epoch")
        },
        Self("A8: after the store forgot everything, whoever held a tenant gets it back under a greater epoch") {
            scene in
            let holders = try await scene.registered("a/1", "b/1")
            let term = try await scene.elected(holders[0])
            try await scene.assign("t", to: holders[0], under: term)
            let epoch = try await scene.locked("t", by: holders[0], floor: 41)
            let generation = try await scene.store.state().generation

            try await scene.fixture.forget()
            let heartbeat = Heartbeat(
                holder: holders[0],
                load: NodeLoad(),
                locks: [try scene.tenant("t"): epoch],
                lockDuration: CoordinationScene.long
            )
            let unknown = try await scene.store.heartbeat(heartbeat)
            _ = try await scene.registered("a/1", "b/1")
            let again = try await scene.locked("t", by: holders[0], floor: epoch.value)
            let late = try await scene.store.acquireLock(
                of: scene.tenant("t"),
                for: holders[1],
                floor: Epoch(7),
                duration: CoordinationScene.long
            )

            let state = try await scene.store.state()
            try expectEqual(unknown, .unregistered(generation: nil), "the heartbeat after the loss")
            try expect(state.generation != generation, "the new data set must have another name")
            try expect(again > epoch, "the epoch must grow")
            try expectEqual(state.owners, [try scene.tenant("t"): holders[0].node], "the assignment, as it was held")
            try expectEqual(late, .notAssigned(holders[0].node), "another node's later acquisition")
        },
        Self("A store that is behind a tenant's epoch gives the tenant back to whoever held it, if it has no node") {
            scene in
            let holder = try await scene.registered("a/1")[0]
            let term = try await scene.elected(holder)
            let t = TenantDescriptor(id: try scene.tenant("t"))
            try await scene.store.publishTenants([t], removing: [], term: term)
            try await scene.assign("t", to: holder, under: term)
            let epoch = try await scene.locked("t", by: holder)
            _ = try await scene.store.releaseLock(of: t.id, holder: holder, epoch: epoch)
            try await scene.store.publishTenants([], removing: [t.id], term: term)

            let removed = try await scene.store.acquireLock(
                of: t.id,
                for: holder,
                floor: epoch,
                duration: CoordinationScene.long
            )
            let behind = try await scene.store.acquireLock(
                of: t.id,
                for: holder,
                floor: Epoch(epoch.value + 5),
                duration: CoordinationScene.long
            )

            try expectEqual(removed, .notAssigned(nil), "a tenant that was removed is not forgotten")
            try expectEqual(behind, .acquired(Epoch(epoch.value + 6)), "an epoch that the store has never given")
            try expectEqual(try await scene.store.state().owners, [t.id: holder.node], "the assignment")
        },
    ]
}
