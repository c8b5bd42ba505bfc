internal import ArgumentParser
internal import Tenure

/// `tenure runs list`
struct RunsListCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists what runs now, and the history, the newest first.",
        discussion: """
            What waits is listed when its state is asked for. Under retryable stand the runs that wait for their next
            attempt, and the attempts that have failed so far.

            Examples:
              tenure runs list --tenant acme
              tenure runs list --tenant acme --state discarded --state skipped --job nightly
              tenure runs list --tenant acme --state running --output json
              tenure runs list --tenant acme --state available --state scheduled
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope
    @OptionGroup var list: ListArguments

    @Option(
        help: ArgumentHelp(
            "scheduled, available, running, completed, retryable, discarded, cancelled, interrupted, crashed or "
                + "skipped. Repeatable. Default: running, and all that have ended.",
            valueName: "state"
        )
    )
    var state: [String] = []

    @Option(help: ArgumentHelp("Only the runs of one job.", valueName: "name"))
    var job: String?

    private static let running = "running"
    private static let states = [
        "scheduled", "available", running, "completed", "retryable", "discarded", "cancelled", "interrupted", "crashed",
        "skipped",
    ]
    /// States of what has not ended; the first two only have such.
    private static let waiting: Set = ["scheduled", "available", "retryable"]

    func validate() throws {
        for state in self.state where !Self.states.contains(state) {
            throw ValidationError("--state is '\(state)': use \(Self.states.joined(separator: ", ")).")
        }
    }

    func run() async throws {
        var filter = RunFilter()
        filter.states = self.state.filter { ![Self.running, "scheduled", "available"].contains($0) }
        filter.job = self.job
        let isHistoryWanted = self.state.isEmpty || !filter.states.isEmpty
        let isRunningWanted = self.state.isEmpty || self.state.contains(Self.running)
        let rows = try await self.scope.withClient(self.global) { [filter] client in
            var rows: [JSON] = []
            if isRunningWanted {
                let running = try await client.running(limit: self.list.limit)
                rows += running.filter { self.job == nil || $0.jobName == self.job }.map(JSON.running)
            }
            let waiting = self.state.filter(Self.waiting.contains)
            if !waiting.isEmpty {
                rows += try await client.work(job: self.job, states: waiting, limit: self.list.limit).map(JSON.live)
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
