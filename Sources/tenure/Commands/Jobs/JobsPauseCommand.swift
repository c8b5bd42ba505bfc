internal import ArgumentParser
internal import Tenure

/// `tenure jobs pause`
struct JobsPauseCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Stops a job from becoming due.",
        discussion: """
            Example:
              tenure jobs pause nightly --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @Argument(help: "The job's name.")
    var name: String

    func run() async throws {
        let hasChanged = try await self.scope.withClient(self.global) { try await $0.pauseJob(self.name) }
        self.global.results.done(
            .object(["name": .string(self.name), "changed": .boolean(hasChanged)]),
            "Job '\(self.name)' \(hasChanged ? "is paused" : "was paused already")."
        )
    }
}
