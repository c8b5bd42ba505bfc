internal import ArgumentParser
internal import Ordeals

/// `scripts/sanitize leaks`
struct GrowthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "growth",
        abstract: "Lets a node open and close many connections, and measures whether it grows.",
        discussion: """
            Examples:
              scripts/sanitize leaks
              scripts/sanitize leaks --connections 5000
            """
    )

    @Option(help: "How many connections come and go.")
    var connections = 1000

    @Option(help: "How much larger it may be afterwards, in KiB.")
    var allowedKiB = 2048

    func run() async throws {
        let report = try await GrowthTrial.run(connections: self.connections)
        print(report.text)
        if let failure = report.failure {
            print("the node did not end well: \(failure)")
            throw ExitCode(1)
        }
        if report.growthKiB > self.allowedKiB {
            print("it grew by \(report.growthKiB) KiB, which is more than \(self.allowedKiB) KiB")
            throw ExitCode(1)
        }
    }
}
