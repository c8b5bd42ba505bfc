internal import ArgumentParser
internal import Tenure

/// `tenure runs list`
struct RunsListCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists what runs now, and the history, the newest first.",
        discussion: """
            Examples:
              tenure runs list --tenant acme
              tenure runs list --tenant acme --state discarded --state skipped --job nightly
              tenure runs list --tenant acme --state running --output json
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope
    @OptionGroup var list: ListArguments

    @Option(
        help: ArgumentHelp(
            "running, completed, retryable, discarded, cancelled, interrupted, crashed or skipped. Repeatable.",
            valueName: "state"
        )
    )
    var state: [String] = []

    @Option(help: ArgumentHelp("Only the runs of one job.", valueName: "name"))
    var job: String?

    private static let running = "running"
    private static let states = [
        running, "completed", "retryable", "discarded", "cancelled", "interrupted", "crashed", "skipped",
    ]

    func validate() throws {
        for state in self.state where !Self.states.contains(state) {
            throw ValidationError("--state is '\(state)': use \(Self.states.joined(separator: ", ")).")
        }
    }

    func run() async throws {
        var filter = RunFilter()
        filter.states = self.state.filter { $0 != Self.running }
        filter.job = self.job
        let isHistoryWanted = self.state.isEmpty || !filter.states.isEmpty
        let isRunningWanted = self.state.isEmpty || self.state.contains(Self.running)
        let rows = try await self.scope.withClient(self.global) { [filter] client in
            var rows: [JSON] = []
            if isRunningWanted {
                let running = try await client.running(limit: self.list.limit)
                rows += running.filter { self.job == nil || $0.jobName == self.job }.map(JSON.running)
            }
            if isHistoryWanted { rows += try await client.runs(filter, limit: self.list.limit).map(JSON.run) }
            return rows
        }
        self.global.results.list(
            rows,
            columns: [
                "run_id", "attempt", "state", "kind", "topic", "job_name", "due_at", "finished_at", "node", "reason",
            ],
            empty: "No runs."
        )
    }
}
