internal import ArgumentParser
internal import Tenure

/// `tenure jobs show`
struct JobsShowCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows everything about a job.",
        discussion: """
            Example:
              tenure jobs show nightly --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @Argument(help: "The job's name.")
    var name: String

    func run() async throws {
        guard let job = try await self.scope.withClient(self.global, { try await $0.job(self.name) }) else {
            throw Failure(.failed, "there is no job '\(self.name)'")
        }
        self.global.results.object(.job(job))
    }
}
