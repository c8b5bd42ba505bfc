internal import ArgumentParser
internal import Tenure

/// `tenure jobs list`
struct JobsListCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the jobs.",
        discussion: """
            Example:
              tenure jobs list --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    func run() async throws {
        let jobs = try await self.scope.withClient(self.global) { try await $0.jobs() }
        self.global.results.list(
            jobs.map(JSON.job),
            columns: ["name", "topic", "cron", "every", "time_zone", "paused", "next_due", "last_occurrence"],
            empty: "No jobs."
        )
    }
}
