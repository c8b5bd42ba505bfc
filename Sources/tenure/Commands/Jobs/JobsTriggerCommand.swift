internal import ArgumentParser
internal import Tenure

/// `tenure jobs trigger`
struct JobsTriggerCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "trigger",
        abstract: "Runs a job once now; prints the run's ID.",
        discussion: """
            Example:
              tenure jobs trigger nightly --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @Argument(help: "The job's name.")
    var name: String

    func run() async throws {
        let id = try await self.scope.withClient(self.global) { try await $0.triggerJob(self.name) }
        self.global.results.done(.object(["id": .integer(id.value)]), "\(id)")
    }
}
