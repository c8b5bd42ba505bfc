internal import ArgumentParser
internal import Tenure

/// `tenure jobs delete`
struct JobsDeleteCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Deletes a job, and cancels what has not started of it; its history stays.",
        discussion: """
            Example:
              tenure jobs delete nightly --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @Argument(help: "The job's name.")
    var name: String

    func run() async throws {
        try await self.scope.withClient(self.global) { try await $0.deleteJob(self.name) }
        self.global.results.done(
            .object(["name": .string(self.name), "deleted": .boolean(true)]),
            "Job '\(self.name)' is deleted."
        )
    }
}
