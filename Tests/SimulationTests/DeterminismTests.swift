import Simulation
import Testing

@Suite("A simulated cluster", .timeLimit(.minutes(2)))
struct DeterminismTests {
    @Test("One seed is one history, to the last step", arguments: 1...6)
    func repeats(_ seed: UInt64) async {
        let first = await Simulation.result(of: Scenario(seed: seed))
        let second = await Simulation.result(of: Scenario(seed: seed))

        #expect(first.hash == second.hash)
        #expect(first.steps == second.steps)
        #expect(first.violation == nil, "\(first.violation?.description ?? "")")
        #expect(first.steps > 1000)
    }
}
