internal import ArgumentParser
internal import Ordeals

/// `scripts/soak`
struct SoakCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract: "Runs every kind of work for minutes while nodes are killed, and checks what the databases say.",
        discussion: """
            Examples:
              scripts/soak
              scripts/soak --minutes 2 --seed 7
            """
    )

    @Option(help: "How long work is handed over and nodes are killed.")
    var minutes: Double = 10

    @Option(help: "Seconds between two kills.")
    var killEvery: Double = 30

    @Option(help: "What is left to chance follows from this number.")
    var seed: UInt64 = 1

    func run() async throws {
        var plan = SoakTrial.Plan()
        plan.length = .seconds(self.minutes * 60)
        plan.killInterval = .seconds(self.killEvery)
        plan.seed = self.seed
        let report = try await SoakTrial.run(plan)
        print(report.text)
        if !report.violations.isEmpty { throw ExitCode(1) }
    }
}
