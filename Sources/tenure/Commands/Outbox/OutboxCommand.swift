internal import ArgumentParser

/// `tenure outbox`
struct OutboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox",
        abstract: "Messages that a tenant sends.",
        discussion: """
            A message is work that is due at once.

            Example:
              tenure outbox enqueue --tenant acme --topic invoice.send --payload '{"number": 7}'
            """,
        subcommands: [
            OutboxEnqueueCommand.self, OutboxListCommand.self, OutboxFanOutCommand.self, OutboxFanOutsCommand.self,
        ]
    )
}
