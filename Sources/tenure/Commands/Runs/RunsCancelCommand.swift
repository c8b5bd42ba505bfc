internal import ArgumentParser
internal import Tenure

/// `tenure runs cancel`
struct RunsCancelCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancels a run of any kind that has not started; exits with status 1 when it is too late.",
        discussion: """
            Example:
              tenure runs cancel 4711 --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @Argument(help: "The run's ID.")
    var id: WorkID

    func run() async throws {
        let isCancelled = try await self.scope.withClient(self.global) { try await $0.cancel(self.id) }
        guard isCancelled else {
            throw Failure(.failed, "run \(self.id) is not cancelled: it is running, has ended, or never was")
        }
        self.global.results.done(
            .object(["run_id": .integer(self.id.value), "cancelled": .boolean(true)]),
            "Run \(self.id) is cancelled."
        )
    }
}
