internal import ArgumentParser

/// `tenure dead`
struct DeadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead",
        abstract: "Dead letters: work that failed for good.",
        discussion: """
            Nothing retries them by itself: retry them when the cause is mended, or discard them. Who did either is \
            shown by 'tenure tenants changes'.

            Example:
              tenure dead list --tenant acme
            """,
        subcommands: [
            DeadListCommand.self, DeadShowCommand.self, DeadRetryCommand.self, DeadDiscardCommand.self,
        ]
    )
}
