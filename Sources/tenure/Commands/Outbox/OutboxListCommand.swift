internal import ArgumentParser
internal import Tenure

/// `tenure outbox list`
struct OutboxListCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists messages that are still to be done, in the order in which they are due.",
        discussion: """
            Example:
              tenure outbox list --tenant acme --limit 20
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope
    @OptionGroup var list: ListArguments

    func run() async throws {
        let work = try await self.scope.withClient(self.global) { client in
            try await client.work(kinds: [.outbox], limit: self.list.limit)
        }
        self.global.results.list(
            work.map(JSON.work),
            columns: ["id", "state", "topic", "due_at", "attempts", "unique_key", "ordering_key", "node"],
            empty: "No messages."
        )
    }
}
