internal import ArgumentParser
internal import Tenure

/// `tenure inbox list`
struct InboxListCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists messages that were received, the newest first.",
        discussion: """
            Example:
              tenure inbox list --tenant acme --source shop
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope
    @OptionGroup var list: ListArguments

    @Option(help: "Only those of one source.")
    var source: String?

    func run() async throws {
        let messages = try await self.scope.withClient(self.global) { client in
            try await client.inbox(source: self.source, limit: self.list.limit)
        }
        self.global.results.list(
            messages.map { message in
                .object([
                    "source": .string(message.source),
                    "message_id": .string(message.messageID),
                    "id": .integer(message.id.value),
                    "received_at": .time(message.receivedAt),
                ])
            },
            columns: ["source", "message_id", "id", "received_at"],
            empty: "No messages."
        )
    }
}
