internal import ArgumentParser

/// `tenure runs`
struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "The history of a tenant, and what runs now.",
        discussion: """
            Every attempt leaves a row in the tenant's own database.

            Example:
              tenure runs list --tenant acme --state discarded
            """,
        subcommands: [
            RunsListCommand.self, RunsShowCommand.self, RunsCancelCommand.self,
        ]
    )
}
