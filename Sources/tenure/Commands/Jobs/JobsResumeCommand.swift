internal import ArgumentParser
internal import Tenure

/// `tenure jobs resume`
struct JobsResumeCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Lets a paused job, or several at once, become due again.",
        discussion: """
            Examples:
              tenure jobs resume nightly --tenant acme
              tenure jobs resume --topic report.make --tenant acme
              tenure jobs resume --all --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @OptionGroup var selection: JobSelection

    func run() async throws {
        switch self.selection.meaning {
        case .job(let name):
            let hasChanged = try await self.scope.withClient(self.global) { try await $0.resumeJob(name) }
            self.global.results.done(
                .object(["name": .string(name), "changed": .boolean(hasChanged)]),
                "Job '\(name)' \(hasChanged ? "is resumed" : "was not paused")."
            )
        case .jobs(let topic):
            let jobs = try await self.scope.withClient(self.global) { try await $0.resumeJobs(topic: topic) }
            try self.selection.report(jobs, to: self.global.results, verb: "resumed")
        }
    }
}
