import Simulation
import Testing

@Suite("Clusters in trouble", .timeLimit(.minutes(5)))
struct SeedTests {
    @Test("Whatever goes wrong, no promise is broken, and in the end everything is as it should be")
    func seeds() async {
        var faults = FaultCount()
        var completions = 0
        for seed in UInt64(1)...30 {
            let scenario = Scenario(seed: seed)
            let result = await Simulation.result(of: scenario)
            faults.add(result.faults)
            completions += result.completions
            if let violation = result.violation {
                Issue.record("\(await FailureReport(scenario, violation))")
                return
            }
        }
        #expect(faults.total > 1000)
        #expect(completions > 1000)
    }
}
