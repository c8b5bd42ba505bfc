import TenureCore
import Testing

@Suite("CoordinationOptions")
struct CoordinationOptionsTests {
    private func problems(_ change: (inout CoordinationOptions) -> Void) -> [String] {
        var options = CoordinationOptions()
        change(&options)
        return options.problems()
    }

    @Test("The defaults can be used")
    func defaults() {
        #expect(CoordinationOptions().problems() == [])
    }

    @Test("A51: sub-second leases can be used")
    func subSecond() {
        let problems = self.problems {
            $0.heartbeatInterval = .milliseconds(50)
            $0.nodeTimeout = .milliseconds(200)
            $0.leaderLeaseDuration = .milliseconds(200)
            $0.lockDuration = .milliseconds(250)
            $0.safetyMargin = .milliseconds(20)
        }
        #expect(problems == [])
    }

    @Test("A57: a lock that cannot survive one lost heartbeat is refused with values and a way out")
    func lockTooShort() {
        let problems = self.problems { $0.lockDuration = .milliseconds(2500) }

        #expect(problems.count == 1)
        #expect(problems[0].contains("LockDuration (2.5 seconds)"))
        #expect(problems[0].contains("2 × HeartbeatInterval + SafetyMargin (2.5 seconds)"))
        #expect(problems[0].contains("raise LockDuration or lower HeartbeatInterval"))
        #expect(self.problems { $0.lockDuration = .milliseconds(2501) } == [])
    }

    @Test("A57: a leader's lease and a node's timeout must survive one lost heartbeat too")
    func leaseTooShort() {
        #expect(self.problems { $0.leaderLeaseDuration = .seconds(2) }.first?.hasPrefix("LeaderLeaseDuration") == true)
        #expect(self.problems { $0.nodeTimeout = .seconds(2) }.first?.hasPrefix("NodeTimeout") == true)
        #expect(self.problems { $0.safetyMargin = .milliseconds(1500) }.count == 1)
    }

    @Test("A57: one slow heartbeat interval is reported for everything that it breaks")
    func slowHeartbeat() {
        let problems = self.problems { $0.heartbeatInterval = .seconds(2) }

        #expect(problems.count == 3)
    }

    @Test("A57: values out of range are refused by name")
    func ranges() {
        let cases: [(String, (inout CoordinationOptions) -> Void)] = [
            ("HeartbeatInterval", { $0.heartbeatInterval = .zero }),
            ("HeartbeatInterval", { $0.heartbeatInterval = .seconds(-1) }),
            ("SafetyMargin", { $0.safetyMargin = .milliseconds(-1) }),
            ("RebalanceCooldown", { $0.rebalanceCooldown = .seconds(-1) }),
            ("RebalanceCooldown", { $0.rebalanceCooldown = .seconds(86_401) }),
            ("DrainTimeout", { $0.drainTimeout = .seconds(-1) }),
            ("MaxSchedulesPerNode", { $0.maxSchedulesPerNode = -1 }),
            ("RebalancingThreshold", { $0.rebalancingThreshold = 0 }),
            ("RebalancingThreshold", { $0.rebalancingThreshold = .nan }),
            ("MaxConcurrentMoves", { $0.maxConcurrentMoves = 0 }),
        ]
        for (name, change) in cases {
            #expect(self.problems(change).contains { $0.hasPrefix(name) }, "\(name)")
        }
    }
}
