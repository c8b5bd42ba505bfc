internal import ArgumentParser
internal import Tenure

/// `tenure messages list`
struct MessagesListCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists messages and recurrences.",
        discussion: """
            Examples:
              tenure messages list --state pending --state delivering
              tenure messages list --tenant acme --state failed --limit 20
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: MessageScope
    @OptionGroup var list: ListArguments

    @Option(help: ArgumentHelp("pending, delivering, delivered, failed or cancelled. Repeatable.", valueName: "state"))
    var state: [MessageState] = []

    func run() async throws {
        let messages = try await self.scope.withScheduler(self.global) { scheduler in
            var messages: [ScheduledMessage] = []
            var filter = MessageFilter(states: self.state)
            repeat {
                filter.limit = min(1000, self.list.limit - messages.count)
                let page = try await scheduler.list(filter)
                messages += page.messages
                filter.after = page.next
            } while filter.after != nil && messages.count < self.list.limit
            return messages
        }
        self.global.results.list(
            messages.map(JSON.message),
            columns: ["token", "state", "topic", "due_at", "attempts", "cron", "time_zone", "error"],
            empty: "No messages."
        )
    }
}
