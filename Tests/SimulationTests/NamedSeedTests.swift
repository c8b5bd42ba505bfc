import Simulation
import TenureCore
import Testing

/// What broke others, as scenarios. Where the mistake can be made here on purpose, the test also makes it, and sees it
/// caught: a scenario that would not notice proves nothing.
@Suite("What broke others", .timeLimit(.minutes(5)))
struct NamedSeedTests {
    /// Variants of each scenario: the same trouble, other instants and orders.
    private static let variants: ClosedRange<UInt64> = 1...3

    private func holds(
        nodes: Int = 3,
        tenants: Int = 6,
        seconds: Int = 20,
        _ change: (inout Scenario) -> Void,
        _ check: (SimulationResult, Scenario) -> Void = { _, _ in }
    ) async {
        for seed in Self.variants {
            let scenario = self.scenario(seed, nodes, tenants, seconds, change)
            let result = await Simulation.result(of: scenario)
            if let violation = result.violation {
                Issue.record("\(await FailureReport(scenario, violation))")
                return
            }
            check(result, scenario)
        }
    }

    /// Whether a defect is caught in one of the variants, as a broken promise of one of these kinds.
    private func isCaught(
        _ defect: Defect,
        as invariants: Set<Violation.Invariant>,
        nodes: Int = 3,
        tenants: Int = 6,
        seconds: Int = 20,
        _ change: (inout Scenario) -> Void
    ) async -> Bool {
        for seed in Self.variants {
            var scenario = self.scenario(seed, nodes, tenants, seconds, change)
            scenario.defects = [defect]
            if let violation = await Simulation.result(of: scenario).violation {
                return invariants.contains(violation.invariant)
            }
        }
        return false
    }

    private func scenario(
        _ seed: UInt64,
        _ nodes: Int,
        _ tenants: Int,
        _ seconds: Int,
        _ change: (inout Scenario) -> Void
    ) -> Scenario {
        var scenario = Scenario(seed: seed, nodes: nodes, tenants: tenants, duration: .seconds(seconds))
        change(&scenario)
        return scenario
    }

    /// Oban 1488: the elector's renewal updated the leader's row by its name alone. A node that had stood still for
    /// longer than its lease came back and renewed the row of its successor, and both went on as leaders. Here a
    /// renewal names holder and term, and a lease is trusted only until before it ends.
    @Test("An elector renews another's row (Oban 1488)")
    func renewsAnothers() async {
        func trouble(_ scenario: inout Scenario) {
            scenario.faults = [5, 10, 15].map {
                Fault(after: .seconds($0), .leaderPauses(steps: 7, for: .milliseconds(3300)))
            }
            scenario.messages.lateReply = 0.1
        }
        await self.holds(trouble) { result, _ in #expect(result.elections > 1) }
    }

    /// River 1161: a leader that failed while it started its services kept the leadership, renewed it, and did none of
    /// its work. Here a leader that stops or stands still at any step of its beginning loses its lease, and the next
    /// one does all of it.
    @Test("A half-started leader (River 1161)")
    func halfStarted() async {
        await self.holds { scenario in
            scenario.faults = (0..<6).flatMap { round in
                [
                    Fault(after: .seconds(3 * round + 1), .leaderStops(steps: round, restartAfter: .seconds(1))),
                    Fault(after: .seconds(3 * round + 3), .leaderPauses(steps: round, for: .seconds(4))),
                ]
            }
        } _: { result, _ in
            #expect(result.elections > 2)
        }
    }

    /// RedBeat 163: after a failover of Redis the lock was on one primary and its renewal on the other; two schedulers
    /// ran, and every task twice. Here the fence in the tenant's database decides: an owner whose epoch is not the
    /// newest claims nothing, and a run is completed once.
    @Test("A failover of Redis leaves two schedulers (RedBeat 163)")
    func twoPrimaries() async {
        await self.holds(seconds: 25) { scenario in
            scenario.faults = [6, 14].map {
                Fault(after: .seconds($0), .redisFailsOver(age: .seconds(3), noticedWithin: .seconds(6)))
            }
        }
        #expect(
            await self.isCaught(.epochOnOldSnapshot, as: [.staleEpoch], seconds: 25) { scenario in
                scenario.options.onRedisOutage = .continue
                scenario.faults = [
                    Fault(
                        after: .seconds(5),
                        .partition(node: 0, from: .redis, requests: true, replies: true, for: .seconds(12))
                    )
                ]
            }
        )
    }

    /// ElasticJob 1549: a node that was cut off from the registry went on with its shard, which had been given to
    /// another. Here its trust in the lock ends before the lock does, and also if it went on, the fence would stop it.
    @Test("A cut-off node keeps its shard (ElasticJob 1549)")
    func cutOff() async {
        await self.holds(seconds: 25) { scenario in
            // With the other policy a node works on without its locks, by the fence alone.
            scenario.options.onRedisOutage = .stop
            scenario.faults = [
                Fault(
                    after: .seconds(5),
                    .partition(node: 0, from: .redis, requests: true, replies: false, for: .seconds(12))
                ),
                Fault(
                    after: .seconds(9),
                    .partition(node: 1, from: .redis, requests: false, replies: true, for: .seconds(12))
                ),
            ]
        } _: { result, scenario in
            #expect(result.takeovers > scenario.tenants)
        }
    }

    /// Wolverine 3852: the leader decided about agents again while their moves were still under way, and started some
    /// of them twice. Here moves are a ledger: a tenant in flight is not decided about, and a lock is passed once for
    /// each decision.
    @Test("Moves in flight are decided again (Wolverine 3852)")
    func decidedAgain() async {
        await self.holds(nodes: 4, tenants: 16, seconds: 25) { scenario in
            scenario.messages.lostReply = 0.1
            scenario.messages.repeated = 0.1
            scenario.faults =
                [
                    Fault(after: .seconds(3), .openingIsSlow(node: 1, by: .seconds(2), for: .seconds(15))),
                    Fault(after: .seconds(4), .restart(node: 0)),
                    Fault(after: .seconds(12), .restart(node: 2)),
                ] + (5..<20).map { Fault(after: .seconds($0), .rebalanceRequested) }
        } _: { result, _ in
            #expect(result.moves > 0)
        }
        #expect(
            await self.isCaught(.passesBeforeClaimsStop, as: [.claimWithoutLock], nodes: 4, tenants: 16) { scenario in
                scenario.workload.enqueueMilliseconds = 2...20
                scenario.faults = [
                    Fault(after: .seconds(4), .restart(node: 0)), Fault(after: .seconds(9), .restart(node: 1)),
                    Fault(after: .seconds(14), .restart(node: 2)),
                ]
            }
        )
    }

    /// Wolverine 3748: agents that were slow to start were taken for failed ones, and were started elsewhere, again and
    /// again. Here an owner that is slow says so and keeps its tenants.
    @Test("Slow starts are read as failures (Wolverine 3748)")
    func slowStarts() async {
        await self.holds { scenario in
            scenario.faults = (0..<3).map { node in
                Fault(after: .zero, .openingIsSlow(node: node, by: .seconds(7), for: .seconds(5)))
            }
        } _: { result, scenario in
            #expect(result.takeovers >= scenario.tenants, "each tenant was opened")
        }
    }

    /// Seed 001: its discovery answered an empty list when the registry failed, and every tenant was dropped. Here the
    /// last good list stays.
    @Test("A discovery error drops every tenant (seed 001)")
    func discoveryError() async {
        func trouble(_ scenario: inout Scenario) {
            scenario.faults = [
                Fault(after: .seconds(6), .discoveryFails(for: .seconds(12))),
                Fault(after: .seconds(18), .discoveryFindsNothing(for: .seconds(20))),
            ]
        }
        await self.holds(seconds: 40, trouble) { result, scenario in
            #expect(result.takeovers == scenario.tenants, "no tenant was let go of")
        }
        #expect(await self.isCaught(.discoveryErrorDropsTenants, as: [.tenantDropped], seconds: 40, trouble))
    }

    /// Seed 000: it marked work as claimed, committed, and then put it into a queue in memory. A crash in between lost
    /// the work. Here a claim is a row that the next owner finds, and what it names is due again.
    @Test("A claim is committed before its enqueue (seed 000)")
    func claimedAndCrashed() async {
        func trouble(_ scenario: inout Scenario) {
            scenario.workload.enqueueMilliseconds = 2...40
            scenario.faults = (1..<9).map { round in
                Fault(
                    after: .seconds(2 * round),
                    .crashAtStep(node: round % 3, steps: 17 * round, restartAfter: .milliseconds(300))
                )
            }
        }
        await self.holds(trouble)
    }

    /// Found here, by seed 50: a leader whose clock jumped stopped leading, got it again under the same term,
    /// and numbered its moves from 1 again; two decisions about one tenant had one name.
    @Test("A leader loses and regains its leadership under one term")
    func sameTerm() async {
        await self.holds(nodes: 4, tenants: 9, seconds: 15) { scenario in
            scenario.faults = (1...6).map { round in
                Fault(after: .milliseconds(2000 * round + 751), .clockJumps(node: round % 4, by: .milliseconds(2218)))
            }
        } _: { result, _ in
            #expect(result.moves > 0)
        }
    }

    /// Found here, by seed 25: a run that ended while its tenant was opened again, as after a hand-over for as long
    /// as claims are lent, was in no list for a moment. It was given back besides being completed, both were refused
    /// together, and it ran again.
    @Test("A run ends while its tenant is opened again")
    func endsDuringOpening() async {
        await self.holds { scenario in
            scenario.workload.enqueueMilliseconds = 5...60
            scenario.workload.failureRate = 0
            scenario.faults = [
                Fault(after: .seconds(4), .databaseSlow(0, by: .milliseconds(275), for: .seconds(16))),
                Fault(after: .seconds(5), .restart(node: 0)), Fault(after: .seconds(9), .restart(node: 1)),
                Fault(after: .seconds(13), .restart(node: 2)),
            ]
        }
    }

    /// Excalibur: it released the lock and only then cleared the flag that its workers read; in between two nodes
    /// worked. Here the claims stop first, and the lock is passed or released after that.
    @Test("The lock is released before the local flag is cleared (Excalibur)")
    func releasedTooEarly() async {
        await self.holds(nodes: 4, tenants: 12) { scenario in
            scenario.workload.enqueueMilliseconds = 2...20
            scenario.faults = [
                Fault(after: .seconds(4), .rollingRestart(pace: .seconds(2))),
                Fault(after: .seconds(13), .rollingRestart(pace: .milliseconds(300))),
            ]
        } _: { result, _ in
            #expect(result.moves > 0)
        }
    }
}
