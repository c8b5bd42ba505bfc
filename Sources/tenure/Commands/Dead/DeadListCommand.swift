internal import ArgumentParser
internal import Tenure

/// `tenure dead list`
struct DeadListCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists dead letters, the newest first.",
        discussion: """
            Example:
              tenure dead list --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope
    @OptionGroup var list: ListArguments

    func run() async throws {
        let letters = try await self.scope.withClient(self.global) { try await $0.deadLetters(limit: self.list.limit) }
        self.global.results.list(
            letters.map(JSON.deadLetter),
            columns: ["id", "failed_at", "kind", "topic", "attempts", "reason", "error"],
            empty: "No dead letters."
        )
    }
}
