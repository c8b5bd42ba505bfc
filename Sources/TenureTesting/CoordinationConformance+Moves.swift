internal import TenureCore

/// A tenant `t` on its way from `a` to `b`.
private struct MoveScene {
    let scene: CoordinationScene
    let source: Holder
    let target: Holder
    let term: Term
    let epoch: Epoch
    let move: PlannedMove

    init(_ scene: CoordinationScene) async throws {
        let holders = try await scene.registered("a/1", "b/1")
        self.scene = scene
        self.source = holders[0]
        self.target = holders[1]
        self.term = try await scene.elected(holders[0])
        try await scene.assign("t", to: holders[0], under: self.term)
        self.epoch = try await scene.locked("t", by: holders[0])
        let move = PlannedMove(
            id: "m",
            tenant: try scene.tenant("t"),
            from: holders[0],
            to: holders[1],
            reason: "rebalance"
        )
        self.move = move
        try await scene.plan(self.term) { $0.begin = [move] }
    }

    var store: any CoordinationStore { self.scene.store }

    func ready(move: String = "m", target: Holder? = nil) async throws -> Bool {
        try await self.store.reportReady(self.move.tenant, move: move, target: target ?? self.target)
    }

    func pass(move: String = "m", holder: Holder? = nil, epoch: Epoch? = nil) async throws -> PassReply {
        try await self.store.passLock(
            of: self.move.tenant,
            move: move,
            holder: holder ?? self.source,
            epoch: epoch ?? self.epoch,
            duration: CoordinationScene.long,
            lastClaim: ServerTime(microseconds: 1_700_000_000_123_456)
        )
    }
}

extension CoordinationConformance {
    static let moves: [CoordinationConformance] = [
        Self("A18: a planned move passes lock and assignment under a new epoch, and wakes the target with all it needs")
        { scene in
            let move = try await MoveScene(scene)

            try await scene.expectWakeup(.assignmentChanged) {
                try expect(try await move.ready(), "the target must be able to report")
            }
            let ready = try await scene.store.state()
            let passed = Epoch(move.epoch.value + 1)
            let wakeup = Wakeup.lockPassed(
                tenant: move.move.tenant,
                to: move.target,
                from: move.source,
                epoch: passed,
                lastClaim: ServerTime(microseconds: 1_700_000_000_123_456)
            )
            try await scene.expectWakeup(wakeup) {
                try expectEqual(try await move.pass(), .passed(passed), "the reply")
            }

            let state = try await scene.store.state()
            let t = move.move.tenant
            try expectEqual(ready.moves[t]?.stage, .ready, "the stage once the target is ready")
            try expectEqual(state.moves, [:], "the moves")
            try expectEqual(state.owners, [t: move.target.node], "the assignment")
            try expectEqual(
                state.locks[t]?.withoutTime,
                TenantLock(holder: move.target, epoch: passed, remaining: .zero),
                "the lock"
            )
            try expectEqual(state.epochs[t], passed, "the last epoch")
            try expect(state.ownersVersion > ready.ownersVersion, "the version must grow")
            let news = try await scene.news(of: move.source, locks: [t: move.epoch])
            try expectEqual(news.lostLocks, [t], "what the source lost")
            try expectEqual(try await move.pass(), .notHeld, "passing again")
            try expectEqual(try await scene.locked("t", by: move.target), passed, "the target's own acquisition")
        },
        Self("A lock is not passed before the target is ready, nor under another move, epoch or holder") { scene in
            let move = try await MoveScene(scene)
            try expectEqual(try await move.pass(), .void, "passing before the target is ready")
            _ = try await move.ready()

            try await scene.expectUnchanged("refused hand-overs") {
                try expectEqual(try await move.pass(move: "other"), .void, "another move")
                try expectEqual(try await move.pass(epoch: Epoch(move.epoch.value + 1)), .notHeld, "another epoch")
                try expectEqual(try await move.pass(holder: move.target), .notHeld, "another node")
                try expectEqual(try await move.pass(holder: try scene.holder("a/2")), .notHeld, "another incarnation")
            }
            try expectEqual(try await move.pass(), .passed(Epoch(move.epoch.value + 1)), "the exact one")
        },
        Self("A lock is not passed to a target that is gone, or that came back as another incarnation") { scene in
            let move = try await MoveScene(scene)
            _ = try await move.ready()
            let returned = try scene.holder("b/2")

            _ = try await scene.store.register(scene.descriptor(returned), replacing: move.target.incarnation)
            try expectEqual(try await move.pass(), .void, "passing to an incarnation that was replaced")
            let second = PlannedMove(
                id: "2",
                tenant: move.move.tenant,
                from: move.source,
                to: returned,
                reason: "rebalance"
            )
            try await scene.plan(move.term) { $0.begin = [second] }
            _ = try await move.ready(move: "2", target: returned)
            try await scene.store.deregister(returned)

            try expectEqual(try await move.pass(move: "2"), .void, "passing to a node that left")
            let state = try await scene.store.state()
            try expectEqual(state.owners, [move.move.tenant: move.source.node], "the assignment")
            try expectEqual(state.locks[move.move.tenant]?.epoch, move.epoch, "the lock's epoch")
        },
        Self("A holder that was declared lost passes its lock to no target of its successor's move") { scene in
            let move = try await MoveScene(scene)
            let third = try await scene.registered("c/1")[0]
            let tenant = move.move.tenant
            try await scene.plan(move.term) {
                $0.lost = [move.source]
                $0.assign = [tenant: move.target.node]
                $0.begin = [PlannedMove(id: "2", tenant: tenant, from: move.target, to: third, reason: "rebalance")]
            }
            let isReady = try await move.ready(move: "2", target: third)

            try expect(isReady, "the new target must be able to report")
            try expectEqual(try await move.pass(move: "2"), .void, "the hand-over")
            try expectEqual(try await scene.store.state().owners, [tenant: move.target.node], "the assignment")
        },
        Self("A lock that has run out is not passed") { scene in
            let move = try await MoveScene(scene)
            _ = try await move.ready()
            _ = try await scene.store.heartbeat(
                Heartbeat(
                    holder: move.source,
                    load: NodeLoad(),
                    locks: [move.move.tenant: move.epoch],
                    lockDuration: CoordinationScene.short
                )
            )

            try await scene.outlast()

            try expectEqual(try await move.pass(), .notHeld, "the hand-over")
        },
        Self("Only the move's target can say that it is ready; saying it again changes nothing") { scene in
            let move = try await MoveScene(scene)

            try await scene.expectUnchanged("reports that are not the target's") {
                try expect(try await !move.ready(move: "other"), "another move must be refused")
                try expect(try await !move.ready(target: move.source), "the source must be refused")
                try expect(try await !move.ready(target: scene.holder("b/2")), "another incarnation must be refused")
                try expect(
                    try await !scene.store.reportReady(scene.tenant("u"), move: "m", target: move.target),
                    "a tenant that does not move must be refused"
                )
            }
            try expect(try await move.ready(), "the target must be able to report")
            try await scene.expectUnchanged("a repeated report") {
                try expect(try await move.ready(), "the repetition must be accepted")
            }
        },
        Self("A plan that leaves a tenant without a node ends its move") { scene in
            let move = try await MoveScene(scene)
            _ = try await move.ready()

            try await scene.plan(move.term) { $0.unassign = [move.move.tenant: "suspended"] }

            try expectEqual(try await scene.store.state().moves, [:], "the moves")
            try expectEqual(try await move.pass(), .void, "the hand-over")
        },
    ]
}
