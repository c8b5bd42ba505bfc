import Foundation
import Simulation

/// Runs many seeds of the simulation, one after the other; see `scripts/simulate`.
@main
struct Simulate {
    private static let usage = """
        usage: simulate [--seeds N] [--from S] [--nodes N] [--trace] [--faults LIST] [--quiet-network]

          --seeds N         how many seeds (default 100)
          --from S          the first one (default 1)
          --nodes N         2 to 9 nodes, instead of a number drawn from the seed
          --trace           print everything that happens
          --faults LIST     keep only these faults of the seed, by number from 0: 'none', or e.g. 0,3
          --quiet-network   lose, delay and repeat no message
          --defect NAME     with a deliberate defect, to see how it is caught

        e.g. scripts/simulate --seeds 1000 --from 1

        Exits with 1 when a seed breaks a promise, and prints how to see it again; 64 for a wrong argument.
        """

    private struct Options {
        var seeds: UInt64 = 100
        var from: UInt64 = 1
        var nodes: Int?
        var isTraced = false
        var faults: [Int]?
        var hasQuietNetwork = false
        var defects: Set<Defect> = []

        func scenario(_ seed: UInt64) -> Scenario {
            var scenario = Scenario(seed: seed, nodes: self.nodes)
            if let faults {
                scenario.faults = faults.compactMap { index in
                    scenario.faults.indices.contains(index) ? scenario.faults[index] : nil
                }
            }
            if self.hasQuietNetwork { scenario.messages = .none }
            scenario.defects = self.defects
            return scenario
        }
    }

    static func main() async {
        guard let options = Self.options(Array(CommandLine.arguments.dropFirst())) else {
            FileHandle.standardError.write(Data((Self.usage + "\n").utf8))
            exit(64)
        }
        exit(await Self.run(options) ? 0 : 1)
    }

    /// Writes a line at once, also into a pipe.
    private static func say(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }

    private static func options(_ arguments: [String]) -> Options? {
        var options = Options()
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--trace": options.isTraced = true
            case "--quiet-network": options.hasQuietNetwork = true
            case "--help":
                Self.say(Self.usage)
                exit(0)
            case "--seeds":
                guard let number = rest.popFirst().flatMap({ UInt64($0) }), number > 0 else { return nil }
                options.seeds = number
            case "--from":
                guard let number = rest.popFirst().flatMap({ UInt64($0) }) else { return nil }
                options.from = number
            case "--nodes":
                guard let number = rest.popFirst().flatMap({ Int($0) }), (2...9).contains(number) else { return nil }
                options.nodes = number
            case "--faults":
                guard let list = rest.popFirst() else { return nil }
                let numbers = list == "none" ? [] : list.split(separator: ",").map { Int($0) }
                guard numbers.allSatisfy({ $0 != nil }) else { return nil }
                options.faults = numbers.compactMap { $0 }
            case "--defect":
                guard let defect = rest.popFirst().flatMap({ Defect(rawValue: $0) }) else { return nil }
                options.defects.insert(defect)
            default: return nil
            }
        }
        return options
    }

    /// False when a seed has failed.
    private static func run(_ options: Options) async -> Bool {
        var faults = FaultCount()
        var (steps, completions, failed) = (0, 0, [UInt64]())
        var simulated = Duration.zero
        let began = ContinuousClock.now
        var lastReport = began
        for number in 0..<options.seeds {
            let seed = options.from + number
            let result = await Simulation.result(of: options.scenario(seed), trace: options.isTraced)
            faults.add(result.faults)
            steps += result.steps
            completions += result.completions
            simulated += result.duration
            if options.isTraced { Self.say(result.trace.joined(separator: "\n")) }
            if let violation = result.violation {
                failed.append(seed)
                if failed.count <= 10 { Self.say("\(await FailureReport(options.scenario(seed), violation))\n") }
            }
            if ContinuousClock.now - lastReport > .seconds(5) {
                lastReport = .now
                let rate = Double(number + 1) / Double((lastReport - began).components.seconds)
                Self.say("\(number + 1) seeds (\(Int(rate)) a second), \(faults.total) faults, \(failed.count) failed")
            }
        }
        let hours = Double(simulated.components.seconds) / 3600
        Self.say(
            """
            \(options.seeds) seeds from \(options.from) in \(ContinuousClock.now - began): \(faults.total) faults, \
            \(steps) steps, \(completions) runs, \(String(format: "%.1f", hours)) simulated hours, \
            \(failed.count) violations
            """
        )
        for line in faults.lines { Self.say("  \(line)") }
        if !failed.isEmpty { Self.say("failed seeds: \(failed.prefix(100).map(String.init).joined(separator: " "))") }
        return failed.isEmpty
    }
}
