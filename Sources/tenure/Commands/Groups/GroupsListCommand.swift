internal import ArgumentParser
internal import Tenure

/// `tenure groups list`
struct GroupsListCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists groups, the newest first.",
        discussion: """
            Example:
              tenure groups list --tenant acme --limit 20
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope
    @OptionGroup var list: ListArguments

    func run() async throws {
        let groups = try await self.scope.withClient(self.global) { try await $0.groups(limit: self.list.limit) }
        self.global.results.list(
            groups.map(JSON.group),
            columns: [
                "id", "state", "sealed", "pending", "completed", "discarded", "cancelled", "follow_up", "created_at",
            ],
            empty: "No groups."
        )
    }
}
