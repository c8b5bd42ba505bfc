internal import TenureCore

extension CoordinationConformance {
    static let reading: [CoordinationConformance] = [
        Self("A16: a node reads its tenants with their locks, and the moves from and to it") { scene in
            let holders = try await scene.registered("a/1", "b/1", "c/1")
            let term = try await scene.elected(holders[0])
            let names = try ["t", "u", "v", "w"].map(scene.tenant)
            let described = TenantDescriptor(id: names[0], weight: 4)
            try await scene.store.publishTenants([described], removing: [], term: term)
            try await scene.assign("t", "u", to: holders[0], under: term)
            try await scene.assign("v", "w", to: holders[1], under: term)
            let epoch = try await scene.locked("t", by: holders[0])
            let away = PlannedMove(id: "1", tenant: names[0], from: holders[0], to: holders[2], reason: "drain")
            let here = PlannedMove(id: "2", tenant: names[2], from: holders[1], to: holders[0], reason: "drain")
            let elsewhere = PlannedMove(id: "3", tenant: names[3], from: holders[1], to: holders[2], reason: "drain")
            try await scene.plan(term) { $0.begin = [away, here, elsewhere] }

            let assignment = try await scene.store.assignment(of: holders[0].node)

            let state = try await scene.store.state()
            try expectEqual(assignment.tenants.keys.sorted(), [names[0], names[1]], "the tenants")
            try expectEqual(assignment.tenants[names[0]]?.descriptor, described, "a tenant's description")
            try expectEqual(
                assignment.tenants[names[0]]?.lock?.withoutTime,
                TenantLock(holder: holders[0], epoch: epoch, remaining: .zero),
                "a tenant's lock"
            )
            try expectEqual(
                assignment.tenants[names[1]],
                NodeAssignment.Entry(descriptor: nil, lock: nil),
                "a tenant without a lock"
            )
            let remaining = assignment.tenants[names[0]]?.lock?.remaining ?? .zero
            try expect(remaining > .zero && remaining <= CoordinationScene.long, "the lock's rest: \(remaining)")
            try expectEqual(assignment.moves, [names[0]: away, names[2]: here], "the moves")
            try expectEqual(assignment.incarnations, holders.map(\.incarnation), "the incarnations")
            try expectEqual(assignment.ownersVersion, state.ownersVersion, "the version")
            try expectEqual(assignment.generation, state.generation, "the data set's name")
        },
        Self("A19: every change of assignment, moves or nodes changes the version that a heartbeat tells") { scene in
            let holders = try await scene.registered("a/1", "b/1")
            let term = try await scene.elected(holders[0])
            let t = try scene.tenant("t")
            let move = PlannedMove(id: "m", tenant: t, from: holders[0], to: holders[1], reason: "drain")
            var versions = [("nothing", try await scene.news(of: holders[0]).ownersVersion)]

            try await scene.assign("t", to: holders[0], under: term)
            versions.append(("an assignment", try await scene.news(of: holders[0]).ownersVersion))
            let epoch = try await scene.locked("t", by: holders[0])
            try await scene.plan(term) { $0.begin = [move] }
            versions.append(("a move's beginning", try await scene.news(of: holders[0]).ownersVersion))
            _ = try await scene.store.reportReady(t, move: "m", target: holders[1])
            versions.append(("a target's readiness", try await scene.news(of: holders[0]).ownersVersion))
            _ = try await scene.store.passLock(
                of: t,
                move: "m",
                holder: holders[0],
                epoch: epoch,
                duration: CoordinationScene.long,
                lastClaim: .distantPast
            )
            versions.append(("a hand-over", try await scene.news(of: holders[0]).ownersVersion))
            try await scene.store.publishTenants([TenantDescriptor(id: t)], removing: [], term: term)
            versions.append(("a published tenant", try await scene.news(of: holders[0]).ownersVersion))
            try await scene.plan(term) { $0.unassign = [t: "suspended"] }
            versions.append(("an assignment's end", try await scene.news(of: holders[0]).ownersVersion))
            try await scene.store.deregister(holders[1])
            versions.append(("a node's leaving", try await scene.news(of: holders[0]).ownersVersion))

            for (earlier, later) in zip(versions, versions.dropFirst()) {
                try expect(later.1 > earlier.1, "\(later.0) must change the version")
            }
        },
        Self("A hint wakes for its tenant") { scene in
            let t = try scene.tenant("t-1.x_y")

            try await scene.expectWakeup(.work(t)) { try await scene.store.hint(t) }
        },
        Self("Events are read in their order, from an ID on, a few at a time") { scene in
            func event(_ index: Int) -> ClusterEvent {
                ClusterEvent(
                    name: "tenant.acquired",
                    level: .warning,
                    time: 1_700_000_000_123_000 + Int64(index),
                    cluster: "c",
                    node: "a",
                    fields: [
                        .init("tenant", .string("42")), .init("epoch", .integer(Int64(index))),
                        .init("gap_ms", .number(1.5)), .init("planned", .boolean(false)),
                        .init("reason", .string("two words, \"quoted\"\n\u{1F9ED}")),
                    ]
                )
            }

            let none = try await scene.store.events(after: nil, limit: 10)
            var ids: [String] = []
            for index in 0..<5 { ids.append(try await scene.store.append(event(index))) }
            let first = try await scene.store.events(after: nil, limit: 2)
            let rest = try await scene.store.events(after: first.last?.id, limit: 10)
            let nothing = try await scene.store.events(after: ids.last, limit: 10)

            try expectEqual(none, [], "the events of an empty store")
            try expectEqual(first.map(\.id) + rest.map(\.id), ids, "the events' IDs")
            try expectEqual(first.count, 2, "the number of events read at first")
            try expectEqual((first + rest).map { $0.event["epoch"] }, (0..<5).map { .integer($0) }, "the order")
            try expectEqual(rest.last?.event.fields, event(4).fields, "the fields")
            try expectEqual(rest.last?.event.level, .warning, "the level")
            try expectEqual(rest.last?.event.time, 1_700_000_000_123_000, "the time, to the millisecond")
            try expectEqual(nothing, [], "the events after the last one")
        },
    ]
}
