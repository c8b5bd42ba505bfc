internal import ArgumentParser

/// `tenure runs`
struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "The history of a tenant, and what runs now.",
        subcommands: [
            RunsListCommand.self, RunsShowCommand.self, RunsCancelCommand.self,
        ]
    )
}
