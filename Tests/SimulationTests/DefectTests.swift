import Simulation
import TenureCore
import Testing

@Suite("Deliberate defects", .timeLimit(.minutes(5)))
struct DefectTests {
    /// How many seeds it takes at most to catch each.
    private static let limit: UInt64 = 40

    /// Trouble of every kind that a defect could show in, whatever the seed draws besides.
    private func scenario(_ seed: UInt64, with defect: Defect) -> Scenario {
        var scenario = Scenario(seed: seed, nodes: 3)
        scenario.messages.lateRequest = 0.03
        scenario.messages.lateReply = 0.05
        scenario.messages.lostReply = 0.03
        scenario.messages.repeated = 0.03
        scenario.workload.enqueueMilliseconds = 10...120
        for second in stride(from: 3, to: Int(scenario.duration.components.seconds), by: 4) {
            let steps = Int(seed) + second
            scenario.faults.append(Fault(after: .seconds(second), .leaderPauses(steps: steps, for: .seconds(4))))
            scenario.faults.append(Fault(after: .seconds(second + 2), .restart(node: steps % 3)))
        }
        scenario.defects = [defect]
        return scenario
    }

    @Test("Each is caught within 40 seeds", arguments: Defect.allCases)
    func caught(_ defect: Defect) async {
        for seed in 1...Self.limit {
            let result = await Simulation.result(of: self.scenario(seed, with: defect))
            if let violation = result.violation {
                print("\(defect) is caught by seed \(seed): \(violation.invariant.rawValue)")
                return
            }
        }
        Issue.record("\(defect) was not caught: the checker has a hole")
    }
}
