internal import TenureCore

extension CoordinationConformance {
    static let leadership: [CoordinationConformance] = [
        Self("A1: of many nodes that ask at once exactly one leads, and all are told who") { scene in
            let holders = try (0..<8).map { try scene.holder("n\($0)/1") }

            let replies = try await withThrowingTaskGroup(of: LeadershipReply.self) { group in
                for holder in holders {
                    group.addTask {
                        try await scene.store.acquireLeadership(
                            holder,
                            highestTermSeen: .none,
                            lease: CoordinationScene.long
                        )
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }

            let leader = try await scene.store.state().leader
            let acquired = replies.filter { $0 == .acquired(Term(1)) }
            let told = replies.compactMap { reply -> Holder? in
                guard case .held(let leadership) = reply else { return nil }
                return leadership.holder
            }
            try expectEqual(acquired.count, 1, "the number of leaders")
            try expectEqual(Set(told.map(Optional.some)), [leader?.holder], "whom the others were told")
            try expectEqual(told.count, holders.count - 1, "how many were told")
        },
        Self("A term is above the counter and above the highest term that the caller has seen") { scene in
            let holder = try scene.holder("a/1")

            let first = try await scene.store.acquireLeadership(holder, highestTermSeen: Term(40), lease: .seconds(60))
            _ = try await scene.store.resignLeadership(holder, term: Term(41))
            let second = try await scene.store.acquireLeadership(holder, highestTermSeen: Term(7), lease: .seconds(60))

            try expectEqual(first, .acquired(Term(41)), "above the highest seen")
            try expectEqual(second, .acquired(Term(42)), "above the counter")
            try expectEqual(try await scene.store.state().term, Term(42), "the counter")
        },
        Self("Asking again while leading renews the same term, unless a later one has been seen") { scene in
            let holder = try scene.holder("a/1")
            let term = try await scene.elected(holder)

            let again = try await scene.store.acquireLeadership(holder, highestTermSeen: term, lease: .seconds(6_000))
            let remaining = try await scene.store.state().leader?.remaining ?? .zero
            let later = try await scene.store.acquireLeadership(holder, highestTermSeen: Term(9), lease: .seconds(60))

            try expectEqual(again, .acquired(term), "the term of the repetition")
            try expect(remaining > CoordinationScene.long, "the repetition must renew the lease")
            try expectEqual(later, .acquired(Term(10)), "the term after a later one was seen")
        },
        Self("A renewal names the exact holder and term") { scene in
            let holder = try scene.holder("a/1")
            let term = try await scene.elected(holder)
            let lease = Duration.seconds(6_000)

            let wrong = [
                try await scene.store.renewLeadership(holder, term: Term(term.value + 1), lease: lease),
                try await scene.store.renewLeadership(try scene.holder("a/2"), term: term, lease: lease),
                try await scene.store.renewLeadership(try scene.holder("b/1"), term: term, lease: lease),
            ]
            let untouched = try await scene.store.state().leader?.remaining ?? .zero
            let right = try await scene.store.renewLeadership(holder, term: term, lease: lease)

            try expectEqual(wrong, [false, false, false], "renewals of what is not there")
            try expect(untouched <= CoordinationScene.long, "a refused renewal must not extend the lease")
            try expect(right, "the exact renewal must succeed")
            let remaining = try await scene.store.state().leader?.remaining ?? .zero
            try expect(remaining > CoordinationScene.long, "the renewal must extend the lease")
        },
        Self("A3: a leader whose lease ran out leads no more, and nothing that it writes is accepted") { scene in
            let holders = try await scene.registered("a/1", "b/1")
            let reply = try await scene.store.acquireLeadership(
                holders[0],
                highestTermSeen: .none,
                lease: CoordinationScene.short
            )
            guard case .acquired(let old) = reply else { throw Violation(description: "not acquired: \(reply)") }

            try await scene.outlast()

            try expectEqual(try await scene.store.state().leader, nil, "the leader")
            try await scene.expectUnchanged("writes of a leader that was") {
                try await scene.expectSuperseded("a plan without a leader") { () async throws(CoordinationError) in
                    try await scene.store.apply(PlanChanges(), term: old)
                }
            }
            let new = try await scene.elected(holders[1])
            try expect(new > old, "the new term must be greater")
            try await scene.expectUnchanged("writes of a former leader") {
                let tenant = TenantDescriptor(id: try scene.tenant("t"))
                try await scene.expectSuperseded("a plan under an old term") { () async throws(CoordinationError) in
                    var changes = PlanChanges()
                    changes.lost = [holders[1]]
                    changes.assign = [tenant.id: holders[0].node]
                    changes.unassign = [tenant.id: "reason"]
                    try await scene.store.apply(changes, term: old)
                }
                try await scene.expectSuperseded("tenants under an old term") { () async throws(CoordinationError) in
                    try await scene.store.publishTenants([tenant], removing: [], term: old)
                }
                try expect(
                    try await !scene.store.renewLeadership(holders[0], term: old, lease: CoordinationScene.long),
                    "a renewal of the old term must fail"
                )
                try expect(
                    try await !scene.store.resignLeadership(holders[0], term: old),
                    "resigning the old term must fail"
                )
            }
        },
        Self("A term that has not been given yet is no leader's either") { scene in
            let holder = try scene.holder("a/1")
            let term = try await scene.elected(holder)

            try await scene.expectSuperseded("a plan under a later term") { () async throws(CoordinationError) in
                try await scene.store.apply(PlanChanges(), term: Term(term.value + 1))
            }
        },
        Self("A5: resigning names the exact term, frees the leadership at once and wakes the others") { scene in
            let holder = try scene.holder("a/1")
            let term = try await scene.elected(holder)

            let wrong = try await scene.store.resignLeadership(try scene.holder("a/2"), term: term)
            try expect(!wrong, "another incarnation must not resign for it")
            try await scene.expectWakeup(.leadershipReleased) {
                try expect(try await scene.store.resignLeadership(holder, term: term), "resigning must succeed")
            }

            try expectEqual(try await scene.store.state().leader, nil, "the leader")
            try expect(try await !scene.store.resignLeadership(holder, term: term), "resigning again must do nothing")
            try expectEqual(try await scene.elected(try scene.holder("b/1")), Term(term.value + 1), "the next term")
        },
        Self("A heartbeat tells who leads, for how long, and the last term") { scene in
            let holders = try await scene.registered("a/1", "b/1")
            let nobody = try await scene.news(of: holders[0])
            let term = try await scene.elected(holders[1])

            let news = try await scene.news(of: holders[0])

            try expectEqual(nobody.leader, nil, "the leader before the election")
            try expectEqual(news.leader?.holder, holders[1], "the leader")
            try expectEqual(news.leader?.term, term, "the leader's term")
            try expectEqual(news.term, term, "the last term")
            let remaining = news.leader?.remaining ?? .zero
            try expect(remaining > .zero && remaining <= CoordinationScene.long, "the lease's rest: \(remaining)")
        },
        Self("A8: after the store forgot everything a term is above all that were seen") { scene in
            let holder = try scene.holder("a/1")
            _ = try await scene.store.acquireLeadership(holder, highestTermSeen: Term(5), lease: CoordinationScene.long)

            try await scene.fixture.forget()

            try expectEqual(try await scene.store.state(), ClusterState(), "the state")
            let reply = try await scene.store.acquireLeadership(
                holder,
                highestTermSeen: Term(6),
                lease: CoordinationScene.long
            )
            try expectEqual(reply, .acquired(Term(7)), "the term")
        },
    ]
}
