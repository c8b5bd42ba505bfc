internal import ArgumentParser

/// `tenure outbox`
struct OutboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox",
        abstract: "Messages that a tenant sends.",
        subcommands: [
            OutboxEnqueueCommand.self, OutboxListCommand.self,
        ]
    )
}
