internal import ArgumentParser
internal import Tenure

/// `tenure jobs resume`
struct JobsResumeCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Lets a paused job become due again.",
        discussion: """
            Example:
              tenure jobs resume nightly --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @Argument(help: "The job's name.")
    var name: String

    func run() async throws {
        let hasChanged = try await self.scope.withClient(self.global) { try await $0.resumeJob(self.name) }
        self.global.results.done(
            .object(["name": .string(self.name), "changed": .boolean(hasChanged)]),
            "Job '\(self.name)' \(hasChanged ? "is resumed" : "was not paused")."
        )
    }
}
