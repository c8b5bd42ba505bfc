internal import ArgumentParser

/// Runs clusters of real processes through faults, for a long time, or under instruments.
@main
struct Ordeal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ordeal",
        abstract: "Runs clusters of real processes through faults, and judges what they did.",
        subcommands: [FaultsCommand.self, SoakCommand.self, GrowthCommand.self]
    )
}
