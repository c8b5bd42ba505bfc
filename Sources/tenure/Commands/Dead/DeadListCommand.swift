internal import ArgumentParser
internal import Tenure

/// `tenure dead list`
struct DeadListCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists dead letters, the newest first.",
        discussion: """
            Examples:
              tenure dead list --tenant acme
              tenure dead list --tenant acme --topic 'report.*' --after 2026-03-01T00:00:00Z
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope
    @OptionGroup var conditions: DeadLetterConditions
    @OptionGroup var list: ListArguments

    func run() async throws {
        let letters = try await self.scope.withClient(self.global) { client in
            try await client.deadLetters(self.conditions.filter, limit: self.list.limit)
        }
        self.global.results.list(
            letters.map(JSON.deadLetter),
            columns: ["id", "failed_at", "kind", "topic", "attempts", "reason", "error"],
            empty: "No dead letters."
        )
    }
}
