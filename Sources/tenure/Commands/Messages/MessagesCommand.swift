internal import ArgumentParser

/// `tenure messages`
struct MessagesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "messages",
        abstract: "Scheduled messages, in Redis or in a tenant's Postgres.",
        discussion: """
            Without --tenant they lie in Redis, under the keys of the cluster; a program delivers them. With it they \
            lie in the tenant's database, and the node that owns the tenant delivers them.

            Examples:
              tenure messages schedule --topic reminder.send --in 10m --redis redis://127.0.0.1
              tenure messages list --tenant acme --state failed
            """,
        subcommands: [
            MessagesScheduleCommand.self, MessagesRecurringCommand.self, MessagesCancelCommand.self,
            MessagesGetCommand.self, MessagesListCommand.self,
        ]
    )
}
