internal import ArgumentParser

/// `tenure bench`
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures, with the limit of this machine's Postgres beside each figure.",
        subcommands: [BenchThroughputCommand.self]
    )
}
