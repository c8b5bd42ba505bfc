internal import ArgumentParser
internal import Tenure

/// `tenure timers list`
struct TimersListCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists timers that are still to be done, in the order in which they are due.",
        discussion: """
            Example:
              tenure timers list --tenant acme --limit 20
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope
    @OptionGroup var list: ListArguments

    func run() async throws {
        let work = try await self.scope.withClient(self.global) { client in
            try await client.work(kinds: [.timer], limit: self.list.limit)
        }
        self.global.results.list(
            work.map(JSON.work),
            columns: ["id", "state", "topic", "due_at", "attempts", "unique_key", "ordering_key", "node"],
            empty: "No timers."
        )
    }
}
