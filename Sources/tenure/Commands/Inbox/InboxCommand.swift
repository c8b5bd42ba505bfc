internal import ArgumentParser

/// `tenure inbox`
struct InboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inbox",
        abstract: "Messages that a tenant receives, each once.",
        subcommands: [
            InboxReceiveCommand.self, InboxListCommand.self,
        ]
    )
}
