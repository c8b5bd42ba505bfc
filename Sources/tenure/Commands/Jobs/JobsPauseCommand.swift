internal import ArgumentParser
internal import Tenure

/// `tenure jobs pause`
struct JobsPauseCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Stops a job, or several at once, from becoming due.",
        discussion: """
            Examples:
              tenure jobs pause nightly --tenant acme
              tenure jobs pause --topic report.make --tenant acme
              tenure jobs pause --all --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @OptionGroup var selection: JobSelection

    func run() async throws {
        switch self.selection.meaning {
        case .job(let name):
            let hasChanged = try await self.scope.withClient(self.global) { try await $0.pauseJob(name) }
            self.global.results.done(
                .object(["name": .string(name), "changed": .boolean(hasChanged)]),
                "Job '\(name)' \(hasChanged ? "is paused" : "was paused already")."
            )
        case .jobs(let topic):
            let jobs = try await self.scope.withClient(self.global) { try await $0.pauseJobs(topic: topic) }
            try self.selection.report(jobs, to: self.global.results, verb: "paused")
        }
    }
}
