internal import ArgumentParser

/// `tenure inbox`
struct InboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inbox",
        abstract: "Messages that a tenant receives.",
        subcommands: [InboxReceiveCommand.self, InboxListCommand.self]
    )
}
