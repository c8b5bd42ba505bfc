internal import ArgumentParser

/// `tenure bench`
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures, with the limit of this machine's Postgres beside each figure.",
        discussion: """
            Nothing of what it does stays behind.

            Example:
              tenure bench throughput --timers 100000
            """,
        subcommands: [BenchThroughputCommand.self]
    )
}
