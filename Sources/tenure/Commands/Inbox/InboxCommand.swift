internal import ArgumentParser

/// `tenure inbox`
struct InboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inbox",
        abstract: "Messages that a tenant receives, each once.",
        discussion: """
            A message that comes twice from one source is taken in once.

            Example:
              tenure inbox list --tenant acme
            """,
        subcommands: [
            InboxReceiveCommand.self, InboxListCommand.self,
        ]
    )
}
