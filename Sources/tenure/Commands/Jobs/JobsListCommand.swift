internal import ArgumentParser
internal import Tenure

/// `tenure jobs list`
struct JobsListCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the jobs.",
        discussion: """
            Examples:
              tenure jobs list --tenant acme
              tenure jobs list --tenant acme --tag erp
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @Option(help: ArgumentHelp("Only those with this tag; several times: with all of them.", valueName: "tag"))
    var tag: [String] = []

    func run() async throws {
        let jobs = try await self.scope.withClient(self.global) { try await $0.jobs(tags: self.tag) }
        self.global.results.list(
            jobs.map(JSON.job),
            columns: ["name", "topic", "cron", "every", "time_zone", "paused", "next_due", "last_occurrence"],
            empty: "No jobs."
        )
    }
}
