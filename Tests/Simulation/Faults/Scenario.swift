package import TenureCore

/// What is to be simulated: a cluster, its load, and what goes wrong. Usually all of it is drawn from a seed.
package struct Scenario: Sendable {
    package var seed: UInt64
    package var nodes: Int
    package var tenants: Int
    package var databases: Int
    /// How long things go wrong.
    package var duration: Duration
    /// How long the cluster may take after that, until everything is as it should be.
    package var patience: Duration = .seconds(150)
    package var faults: [Fault] = []
    package var messages: MessageFaults = .none
    package var workload = Workload()
    package var options = CoordinationOptions()
    package var defects: Set<Defect> = []

    /// How much there is to do.
    package struct Workload: Sendable {
        /// Jobs of each tenant.
        package var jobs = 1...2
        package var jobInterval: ClosedRange<Int> = 2...12
        /// Time between two transactions of users, over all tenants.
        package var enqueueMilliseconds = 20...700
        package var failureRate = 0.03

        package init() {}
    }

    /// A quiet cluster.
    package init(seed: UInt64, nodes: Int, tenants: Int, duration: Duration) {
        self.seed = seed
        self.nodes = nodes
        self.tenants = tenants
        self.databases = 1
        self.duration = duration
        self.options.rebalanceCooldown = .seconds(5)
        self.options.drainTimeout = .seconds(5)
    }

    /// Everything from a seed.
    ///
    /// - Parameter nodes: A number of nodes instead of a drawn one.
    package init(seed: UInt64, nodes: Int? = nil) {
        var dice = Dice(seed, "scenario")
        let drawn = dice.number(2...9)
        // Most clusters are small, so that many seeds fit in an hour; some have the size of real ones.
        let tenants = dice.happens(0.02) ? dice.number(50...200) : dice.number(1...12)
        self.init(
            seed: seed,
            nodes: nodes ?? (dice.happens(0.6) ? min(drawn, 4) : drawn),
            tenants: tenants,
            duration: .seconds(dice.number(10...35))
        )
        self.databases = dice.number(1...3)
        if dice.happens(0.15) { self.options.onRedisOutage = .continue }
        if tenants > 20 { self.workload.jobs = 0...1 }
        // Swarms: each seed leaves some kinds of trouble out, so that others are not drowned by them.
        if dice.happens(0.8) { self.messages = Self.messages(&dice) }
        let kinds = (0..<Self.generators.count).filter { _ in dice.happens(0.4) }
        guard !kinds.isEmpty else { return }
        let count = dice.number(1...14)
        for _ in 0..<count {
            let after = dice.milliseconds(500...Int(self.duration.milliseconds))
            let kind = Self.generators[dice.pick(kinds)](&dice, self)
            self.faults.append(Fault(after: after, kind))
        }
        self.faults.sort { $0.at < $1.at }
    }

    private static func messages(_ dice: inout Dice) -> MessageFaults {
        func rate(_ dice: inout Dice) -> Double {
            dice.happens(0.5) ? 0 : dice.fraction() * dice.pick([0.01, 0.05, 0.15])
        }
        var faults = MessageFaults()
        faults.lostRequest = rate(&dice)
        faults.lostReply = rate(&dice)
        faults.lateRequest = rate(&dice)
        faults.lateReply = rate(&dice)
        faults.repeated = rate(&dice)
        faults.lostHint = rate(&dice) * 3
        return faults
    }

    private static let generators: [@Sendable (inout Dice, Scenario) -> Fault.Kind] = [
        { dice, s in .crash(node: dice.index(below: s.nodes), restartAfter: dice.milliseconds(10...9000)) },
        { dice, s in
            .crashAtStep(
                node: dice.index(below: s.nodes),
                steps: dice.number(1...400),
                restartAfter: dice.milliseconds(10...9000)
            )
        },
        { dice, _ in .leaderStops(steps: dice.number(1...80), restartAfter: dice.milliseconds(10...9000)) },
        { dice, _ in .leaderPauses(steps: dice.number(1...80), for: dice.milliseconds(100...12_000)) },
        { dice, s in .pause(node: dice.index(below: s.nodes), for: dice.milliseconds(50...12_000)) },
        { dice, s in
            let way = dice.number(0...2)
            return .partition(
                node: dice.index(below: s.nodes),
                from: dice.happens(0.6) ? .redis : .postgres(dice.index(below: s.databases)),
                requests: way != 1,
                replies: way != 0,
                for: dice.milliseconds(200...15_000)
            )
        },
        { _, _ in .redisForgets },
        { dice, _ in .redisRestores(age: dice.milliseconds(0...5000)) },
        { dice, _ in
            .redisFailsOver(age: dice.milliseconds(0...5000), noticedWithin: dice.milliseconds(0...6000))
        },
        { dice, _ in .redisDown(for: dice.milliseconds(100...10_000)) },
        { dice, _ in .redisClockJumps(by: dice.milliseconds(-3000...6000)) },
        { dice, s in .databaseDown(dice.index(below: s.databases), for: dice.milliseconds(100...15_000)) },
        { dice, s in
            .databaseSlow(
                dice.index(below: s.databases),
                by: dice.milliseconds(20...2500),
                for: dice.milliseconds(500...10_000)
            )
        },
        { dice, s in .databaseRestarts(dice.index(below: s.databases)) },
        { dice, s in .databaseClockJumps(dice.index(below: s.databases), by: dice.milliseconds(-5000...5000)) },
        { dice, s in .clockDrifts(node: dice.index(below: s.nodes), rate: 0.99 + dice.fraction() * 0.02) },
        { dice, s in .clockJumps(node: dice.index(below: s.nodes), by: dice.milliseconds(10...8000)) },
        { dice, _ in .discoveryFails(for: dice.milliseconds(100...20_000)) },
        { dice, _ in .discoveryFindsNothing(for: dice.milliseconds(100...20_000)) },
        { dice, s in
            .openingIsSlow(
                node: dice.index(below: s.nodes),
                by: dice.milliseconds(500...8000),
                for: dice.milliseconds(1000...15_000)
            )
        },
        { dice, s in .duplicate(node: dice.index(below: s.nodes)) },
        { dice, s in .restart(node: dice.index(below: s.nodes)) },
        { dice, _ in .rollingRestart(pace: dice.milliseconds(200...4000)) },
        { _, _ in .rebalanceRequested },
        { dice, s in .moveRequested(tenant: dice.index(below: s.tenants), node: dice.index(below: s.nodes)) },
        { dice, s in .tenantRemoved(dice.index(below: s.tenants)) },
    ]
}
