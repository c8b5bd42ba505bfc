internal import TenureCore

extension CoordinationConformance {
    static let membership: [CoordinationConformance] = [
        Self("A node that registers appears with all that it said about itself") { scene in
            let holder = try scene.holder("a/1")

            let reply = try await scene.store.register(scene.descriptor(holder), replacing: nil)

            let state = try await scene.store.state()
            guard case .registered(let generation) = reply else {
                throw Violation(description: "not registered: \(reply)")
            }
            try expect(!generation.isEmpty, "the data set must have a name")
            try expectEqual(state.generation, generation, "the data set's name")
            try expectEqual(state.nodes, [holder.node: scene.descriptor(holder)], "the nodes")
            try expectEqual(state.heartbeats.keys.sorted(), [holder.node], "the counters")
        },
        Self("Registering the same incarnation again changes nothing") { scene in
            let holder = try await scene.registered("a/1")[0]
            _ = try await scene.store.setState(.draining, of: holder.node)

            try await scene.expectUnchanged("a repeated registration") { _ = try await scene.registered("a/1") }
        },
        Self("A7: a node ID that another incarnation has is refused, and its counter shows whether that one lives") {
            scene in
            let first = try await scene.registered("a/1")[0]
            let second = try scene.holder("a/2")

            let before = try await scene.store.register(scene.descriptor(second), replacing: nil)
            _ = try await scene.news(of: first)
            let after = try await scene.store.register(scene.descriptor(second), replacing: Incarnation("0"))

            guard case .occupied(first.incarnation, let earlier) = before,
                case .occupied(first.incarnation, let later) = after
            else { throw Violation(description: "expected twice occupied by 1, found \(before), \(after)") }
            try expect(later > earlier, "the counter must grow with a heartbeat")
            try expectEqual(
                try await scene.store.state().nodes[first.node]?.incarnation,
                first.incarnation,
                "the incarnation"
            )
        },
        Self("A7: the incarnation that was replaced by name revives nothing: no registration, no lock") { scene in
            let old = try await scene.registered("a/1")[0]
            let term = try await scene.elected(old)
            try await scene.assign("t", to: old, under: term)
            let epoch = try await scene.locked("t", by: old)
            let new = try scene.holder("a/2")

            let reply = try await scene.store.register(scene.descriptor(new), replacing: old.incarnation)
            let heartbeat = Heartbeat(
                holder: old,
                load: NodeLoad(),
                locks: [try scene.tenant("t"): epoch],
                lockDuration: .seconds(6_000)
            )
            let zombie = try await scene.store.heartbeat(heartbeat)

            let state = try await scene.store.state()
            guard case .registered = reply else { throw Violation(description: "not replaced: \(reply)") }
            try expectEqual(zombie, .unregistered(generation: state.generation), "the old incarnation's heartbeat")
            try expectEqual(state.nodes[new.node]?.incarnation, new.incarnation, "the incarnation")
            let remaining = try state.locks[scene.tenant("t")]?.remaining ?? .zero
            try expect(
                remaining > .zero && remaining <= CoordinationScene.long,
                "the old lock must neither end nor be renewed"
            )
            let acquisition = try await scene.store.acquireLock(
                of: scene.tenant("t"),
                for: old,
                floor: .none,
                duration: CoordinationScene.long
            )
            try expectEqual(acquisition, .unregistered, "the old incarnation's acquisition")
        },
        Self("A heartbeat counts, keeps the load, and tells every node's counter") { scene in
            let holders = try await scene.registered("a/1", "b/1")
            var load = NodeLoad()
            load.tenants = 3
            load.lagMilliseconds = 250
            load.dueRate = 1.25
            load.troubledTenants = [try scene.tenant("t")]

            let first = try await scene.news(of: holders[0])
            let reply = try await scene.store.heartbeat(
                Heartbeat(holder: holders[0], load: load, locks: [:], lockDuration: .seconds(1))
            )

            guard case .alive(let second) = reply else { throw Violation(description: "unregistered: \(reply)") }
            let state = try await scene.store.state()
            let a = holders[0].node
            let b = holders[1].node
            try expect((second.heartbeats[a] ?? 0) > (first.heartbeats[a] ?? 0), "the own counter must grow")
            try expectEqual(second.heartbeats[b], first.heartbeats[b], "another node's counter")
            try expectEqual(state.heartbeats, second.heartbeats, "the counters")
            try expectEqual(state.loads[a], load, "the load")
            try expectEqual(second.generation, state.generation, "the data set's name")
        },
        Self("A heartbeat of an incarnation that is not registered revives nothing") { scene in
            try await scene.expectUnchanged("a heartbeat of nobody") {
                let stranger = Heartbeat(
                    holder: try scene.holder("a/1"),
                    load: NodeLoad(),
                    locks: [:],
                    lockDuration: .seconds(1)
                )
                try expectEqual(
                    try await scene.store.heartbeat(stranger),
                    .unregistered(generation: nil),
                    "the heartbeat of nobody"
                )
            }
        },
        Self("A heartbeat renews exactly the named locks, and names those that are lost") { scene in
            let holders = try await scene.registered("a/1", "b/1")
            let term = try await scene.elected(holders[0])
            try await scene.assign("kept", "newer", to: holders[0], under: term)
            try await scene.assign("theirs", to: holders[1], under: term)
            let kept = try await scene.locked("kept", by: holders[0], for: .seconds(60))
            let newer = try await scene.locked("newer", by: holders[0], for: .seconds(60))
            let theirs = try await scene.locked("theirs", by: holders[1], for: .seconds(60))
            let names = try ["kept", "newer", "theirs", "none"].map(scene.tenant)

            let news = try await scene.news(
                of: holders[0],
                locks: [names[0]: kept, names[1]: Epoch(newer.value - 1), names[2]: theirs, names[3]: Epoch(1)]
            )

            let locks = try await scene.store.state().locks
            try expectEqual(news.lostLocks, [names[1], names[3], names[2]], "the lost locks, sorted")
            try expect((locks[names[0]]?.remaining ?? .zero) > .seconds(60), "the held lock must be renewed")
            for name in names[1...2] {
                try expect((locks[name]?.remaining ?? .zero) <= .seconds(60), "\(name) must not be renewed")
            }
        },
        Self("A heartbeat renews a thousand locks and more") { scene in
            let holder = try await scene.registered("a/1")[0]
            let term = try await scene.elected(holder)
            let tenants = try (0..<2_500).map { try scene.tenant("t\($0)") }
            try await scene.plan(term) { changes in for tenant in tenants { changes.assign[tenant] = holder.node } }
            var locks: [TenantID: Epoch] = [:]
            for tenant in tenants { locks[tenant] = try await scene.locked("\(tenant)", by: holder, for: .seconds(60)) }

            let news = try await scene.news(of: holder, locks: locks)

            let state = try await scene.store.state()
            try expectEqual(news.lostLocks, [], "the lost locks")
            try expectEqual(state.locks.count, tenants.count, "the number of locks")
            try expect(state.locks.values.allSatisfy { $0.remaining > .seconds(60) }, "every lock must be renewed")
            try await scene.store.deregister(holder)
            try expectEqual(try await scene.store.state().locks, [:], "the locks of a node that left")
        },
        Self("A node that leaves takes its locks and its moves along, and nothing of another incarnation") { scene in
            let holders = try await scene.registered("a/1", "b/1", "c/1")
            let term = try await scene.elected(holders[1])
            try await scene.assign("t", to: holders[0], under: term)
            try await scene.assign("u", "v", to: holders[1], under: term)
            _ = try await scene.locked("t", by: holders[0])
            _ = try await scene.locked("u", by: holders[1])
            let others = try scene.move("v", from: holders[1], to: holders[2])
            let moves = [
                try scene.move("t", from: holders[0], to: holders[2]),
                try scene.move("u", from: holders[1], to: holders[0]), others,
            ]
            try await scene.plan(term) { $0.begin = moves }

            try await scene.expectUnchanged("another incarnation's leaving") {
                try await scene.store.deregister(try scene.holder("a/2"))
            }
            let version = try await scene.store.state().ownersVersion
            try await scene.store.deregister(holders[0])

            let state = try await scene.store.state()
            let rest = [holders[1].node, holders[2].node]
            try expectEqual(state.nodes.keys.sorted(), rest, "the nodes")
            try expectEqual(state.heartbeats.keys.sorted(), rest, "the counters")
            try expectEqual(state.locks.keys.sorted(), [try scene.tenant("u")], "the locks")
            try expectEqual(state.moves, [others.tenant: others], "the moves")
            try expectEqual(state.owners[try scene.tenant("t")], holders[0].node, "the assignment, now an orphan's")
            try expect(state.ownersVersion > version, "the version must grow")
            try await scene.expectUnchanged("leaving again") { try await scene.store.deregister(holders[0]) }
        },
        Self("A node drains and stops draining, which it learns from its heartbeat") { scene in
            let holder = try await scene.registered("a/1")[0]
            let before = try await scene.news(of: holder)

            let isKnown = try await scene.store.setState(.draining, of: holder.node)

            let after = try await scene.news(of: holder)
            try expect(isKnown, "the node must be found")
            try expectEqual(before.state, .active, "the state before")
            try expectEqual(after.state, .draining, "the state after")
            try expect(after.ownersVersion > before.ownersVersion, "the version must grow")
            var expected = scene.descriptor(holder)
            expected.state = .draining
            try expectEqual(try await scene.store.state().nodes[holder.node], expected, "the rest of the description")
            try await scene.expectUnchanged("draining again") {
                _ = try await scene.store.setState(.draining, of: holder.node)
            }
            _ = try await scene.store.setState(.active, of: holder.node)
            try expectEqual(try await scene.news(of: holder).state, .active, "the state at last")
            try expect(
                try await !scene.store.setState(.draining, of: NodeID("nobody")),
                "an unknown node must not be found"
            )
        },
        Self("A drain that names a registration does not reach its successor") { scene in
            let holder = try await scene.registered("a/2")[0]

            try await scene.expectUnchanged("a late word of the registration before") {
                let isKnown = try await scene.store.setState(
                    .draining,
                    of: holder.node,
                    registeredAs: Incarnation("1")
                )
                try expect(!isKnown, "the earlier registration must not be found")
            }
            let isKnown = try await scene.store.setState(
                .draining,
                of: holder.node,
                registeredAs: holder.incarnation
            )
            try expect(isKnown, "the present registration must be found")
            try expectEqual(try await scene.news(of: holder).state, .draining, "the state")
        },
        Self("A node's own list of tenants, be it empty, survives a change of its state") { scene in
            let listings = [
                TenantListing([], isEverything: true),
                TenantListing(
                    [
                        TenantDescriptor(id: try scene.tenant("t"), weight: 0.5, labels: ["a": "b"]),
                        TenantDescriptor(id: try scene.tenant("s")),
                    ],
                    isEverything: false
                ),
            ]
            for (number, listing) in listings.enumerated() {
                let holder = try scene.holder("n\(number)/1")
                var descriptor = scene.descriptor(holder)
                descriptor.listing = listing
                _ = try await scene.store.register(descriptor, replacing: nil)
                _ = try await scene.store.setState(.draining, of: holder.node)

                descriptor.state = .draining
                try expectEqual(try await scene.store.state().nodes[holder.node], descriptor, "the description")
            }
        },
        Self("A registration under a new incarnation voids the moves of the old one, and no others") { scene in
            let holders = try await scene.registered("a/1", "b/1", "c/1")
            let term = try await scene.elected(holders[1])
            try await scene.assign("t", to: holders[0], under: term)
            try await scene.assign("u", "v", to: holders[1], under: term)
            let moves = [
                try scene.move("t", from: holders[0], to: holders[2]),
                try scene.move("u", from: holders[1], to: holders[0]),
                try scene.move("v", from: holders[1], to: holders[2]),
            ]
            try await scene.plan(term) { $0.begin = moves }

            _ = try await scene.store.register(
                scene.descriptor(try scene.holder("a/2")),
                replacing: holders[0].incarnation
            )

            try expectEqual(try await scene.store.state().moves, [moves[2].tenant: moves[2]], "the moves")
        },
        Self("Joining, leaving and draining wake the others") { scene in
            try await scene.expectWakeup(.assignmentChanged) { _ = try await scene.registered("a/1") }
            try await scene.expectWakeup(.assignmentChanged) {
                _ = try await scene.store.setState(.draining, of: NodeID("a"))
            }
            try await scene.expectWakeup(.assignmentChanged) {
                try await scene.store.deregister(try scene.holder("a/1"))
            }
        },
    ]
}
