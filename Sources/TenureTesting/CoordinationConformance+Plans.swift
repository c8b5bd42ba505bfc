internal import TenureCore

extension CoordinationConformance {
    static let plans: [CoordinationConformance] = [
        Self("Tenants are published, changed and removed with their assignment, their move and their reason") { scene in
            let holders = try await scene.registered("a/1", "b/1")
            let term = try await scene.elected(holders[0])
            let t = TenantDescriptor(
                id: try scene.tenant("t"),
                weight: 2.5,
                priority: 3,
                labels: ["region": "eu"],
                pinnedNode: holders[0].node,
                isSuspended: false
            )
            let u = TenantDescriptor(id: try scene.tenant("u"))
            let changed = TenantDescriptor(id: u.id, isSuspended: true)

            try await scene.store.publishTenants([t, u], removing: [], term: term)
            let published = try await scene.store.state()
            try await scene.expectUnchanged("publishing the same") {
                try await scene.store.publishTenants([u, t], removing: [try scene.tenant("unknown")], term: term)
            }
            try await scene.assign("t", to: holders[0], under: term)
            let epoch = try await scene.locked("t", by: holders[0])
            let move = PlannedMove(id: "m", tenant: t.id, from: holders[0], to: holders[1], reason: "pin")
            try await scene.plan(term) {
                $0.begin = [move]
                $0.unassign = [u.id: "no room"]
            }
            let before = try await scene.store.state()
            try await scene.expectWakeup(.assignmentChanged) {
                try await scene.store.publishTenants([changed], removing: [], term: term)
            }
            let between = try await scene.store.state()
            try await scene.expectWakeup(.assignmentChanged) {
                try await scene.store.publishTenants([], removing: [t.id], term: term)
            }

            let after = try await scene.store.state()
            try expectEqual(published.tenants, [t.id: t, u.id: u], "the published tenants")
            try expectEqual(before.moves, [t.id: move], "the move")
            try expectEqual(after.tenants, [u.id: changed], "the tenants")
            try expectEqual(after.owners, [:], "the assignment")
            try expectEqual(after.moves, [:], "the moves")
            try expectEqual(after.unassigned, [u.id: "no room"], "the reasons")
            try expectEqual(after.epochs[t.id], epoch, "the epoch of a removed tenant, which must stay")
            try expect(between.ownersVersion > before.ownersVersion, "the version must grow with a tenant's change")
            try expect(after.ownersVersion > between.ownersVersion, "the version must grow with a tenant's end")
            try await scene.store.publishTenants([], removing: [u.id], term: term)
            try expectEqual(try await scene.store.state().unassigned, [:], "the reasons after the removal")
        },
        Self("A plan assigns tenants and leaves others without a node, with the reason") { scene in
            let holder = try await scene.registered("a/1")[0]
            let term = try await scene.elected(holder)
            let t = try scene.tenant("t")
            let u = try scene.tenant("u")

            try await scene.plan(term) {
                $0.assign = [t: holder.node]
                $0.unassign = [u: "cap"]
            }
            let first = try await scene.store.state()
            try await scene.plan(term) {
                $0.assign = [u: holder.node]
                $0.unassign = [t: "suspended"]
            }

            let second = try await scene.store.state()
            try expectEqual(first.owners, [t: holder.node], "the assignment")
            try expectEqual(first.unassigned, [u: "cap"], "the reasons")
            try expectEqual(second.owners, [u: holder.node], "the assignment after the change")
            try expectEqual(second.unassigned, [t: "suspended"], "the reasons after the change")
            try expect(second.ownersVersion > first.ownersVersion, "the version must grow")
        },
        Self("A plan that is applied again changes nothing") { scene in
            let holders = try await scene.registered("a/1", "b/1", "c/1")
            let term = try await scene.elected(holders[0])
            let t = try scene.tenant("t")
            let u = try scene.tenant("u")
            let v = try scene.tenant("v")
            try await scene.assign("t", to: holders[2], under: term)
            try await scene.assign("u", to: holders[0], under: term)
            var changes = PlanChanges()
            changes.lost = [holders[2]]
            changes.assign = [t: holders[1].node]
            changes.unassign = [v: "cap"]
            changes.begin = [PlannedMove(id: "m", tenant: u, from: holders[0], to: holders[1], reason: "rebalance")]
            try await scene.store.apply(changes, term: term)

            try await scene.expectUnchanged("the plan's repetition") {
                try await scene.store.apply(changes, term: term)
            }
        },
        Self("A12: all orphans of a lost node are assigned in the step that removes it") { scene in
            let holders = try await scene.registered("a/1", "b/1", "c/1")
            let term = try await scene.elected(holders[0])
            try await scene.assign("t", "u", to: holders[2], under: term)
            _ = try await scene.news(of: holders[2])
            let t = try scene.tenant("t")
            let u = try scene.tenant("u")

            try await scene.expectWakeup(.assignmentChanged) {
                try await scene.plan(term) {
                    $0.lost = [holders[2]]
                    $0.assign = [t: holders[0].node, u: holders[1].node]
                }
            }

            let state = try await scene.store.state()
            try expectEqual(state.owners, [t: holders[0].node, u: holders[1].node], "the assignment")
            for (what, nodes) in [
                ("the nodes", state.nodes.keys.sorted()), ("the counters", state.heartbeats.keys.sorted()),
            ] {
                try expectEqual(nodes, [holders[0].node, holders[1].node], what)
            }
            try expectEqual(state.loads, [:], "the loads")
        },
        Self("Only the exact registration that was judged lost is removed, and a living node keeps its tenants") {
            scene in
            let holders = try await scene.registered("a/1", "b/2")
            let term = try await scene.elected(holders[0])
            try await scene.assign("t", to: holders[1], under: term)
            let before = try await scene.store.state()

            try await scene.plan(term) {
                $0.lost = [try scene.holder("b/1")]
                $0.assign = [try scene.tenant("t"): holders[0].node]
            }

            try expectEqual(try await scene.store.state().withoutTimes, before.withoutTimes, "the state")
        },
        Self("Nothing is assigned to a node that is not registered") { scene in
            let holder = try await scene.registered("a/1")[0]
            let term = try await scene.elected(holder)

            try await scene.expectUnchanged("an assignment to nobody") {
                try await scene.plan(term) { $0.assign = [try scene.tenant("t"): try NodeID("nobody")] }
            }
        },
        Self("A move begins only from the tenant's node, between registrations that stand, and once at a time") {
            scene in
            let holders = try await scene.registered("a/1", "b/1", "c/1")
            let term = try await scene.elected(holders[0])
            try await scene.assign("t", to: holders[0], under: term)
            let t = try scene.tenant("t")
            func move(_ id: String, _ source: Holder, _ target: Holder, of tenant: TenantID) -> PlannedMove {
                PlannedMove(id: id, tenant: tenant, from: source, to: target, reason: "rebalance")
            }

            try await scene.expectUnchanged("moves that cannot begin") {
                try await scene.plan(term) {
                    $0.begin = [
                        move("1", holders[1], holders[2], of: t), move("2", holders[0], holders[0], of: t),
                        move("3", try scene.holder("a/0"), holders[1], of: t),
                        move("4", holders[0], try scene.holder("b/0"), of: t),
                        move("5", holders[0], try scene.holder("d/1"), of: t),
                        move("6", holders[0], holders[1], of: try scene.tenant("unassigned")),
                    ]
                }
            }
            let first = move("7", holders[0], holders[1], of: t)
            try await scene.plan(term) { $0.begin = [first, move("8", holders[0], holders[2], of: t)] }
            try await scene.plan(term) { $0.begin = [move("9", holders[0], holders[2], of: t)] }

            try expectEqual(try await scene.store.state().moves, [t: first], "the moves")
        },
        Self("A move is given up by its exact ID") { scene in
            let holders = try await scene.registered("a/1", "b/1")
            let term = try await scene.elected(holders[0])
            try await scene.assign("t", to: holders[0], under: term)
            let move = PlannedMove(
                id: "m",
                tenant: try scene.tenant("t"),
                from: holders[0],
                to: holders[1],
                reason: "label"
            )
            try await scene.plan(term) { $0.begin = [move] }

            try await scene.expectUnchanged("giving up another move") {
                try await scene.plan(term) { $0.void = [move.tenant: "other"] }
            }
            let before = try await scene.store.state()
            try await scene.plan(term) { $0.void = [move.tenant: "m"] }

            let after = try await scene.store.state()
            try expectEqual(after.moves, [:], "the moves")
            try expect(after.ownersVersion > before.ownersVersion, "the version must grow")
        },
        Self("A move is void when its source or its target is lost") { scene in
            for lost in 0...1 {
                let holders = try await scene.registered("a\(lost)/1", "b\(lost)/1", "c\(lost)/1")
                let term = try await scene.elected(try scene.holder("leader/1"))
                try await scene.assign("t\(lost)", to: holders[0], under: term)
                let tenant = try scene.tenant("t\(lost)")
                try await scene.plan(term) {
                    $0.begin = [PlannedMove(id: "m", tenant: tenant, from: holders[0], to: holders[1], reason: "drain")]
                }

                try await scene.plan(term) { $0.lost = [holders[lost]] }

                try expectEqual(try await scene.store.state().moves, [:], "the moves after \(holders[lost]) was lost")
            }
        },
        Self("An operator's request waits once until the leader has served it") { scene in
            let holder = try await scene.registered("a/1")[0]
            let term = try await scene.elected(holder)
            let first = OperatorRequest(id: "1", kind: .rebalance)
            let second = OperatorRequest(
                id: "2",
                kind: .move,
                tenant: try scene.tenant("t"),
                target: holder.node
            )

            try await scene.expectWakeup(.requested) { try await scene.store.submit(first) }
            try await scene.store.submit(second)
            try await scene.store.submit(first)
            let waiting = try await scene.store.state().requests
            try await scene.plan(term) { $0.served = ["1", "unknown"] }

            try expectEqual(waiting, [first, second], "the requests, oldest first")
            try expectEqual(try await scene.store.state().requests, [second], "the requests that still wait")
        },
    ]
}
