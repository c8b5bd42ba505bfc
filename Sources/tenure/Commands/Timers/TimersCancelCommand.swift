internal import ArgumentParser
internal import Tenure

/// `tenure timers cancel`
struct TimersCancelCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancels a timer that has not started; exits with status 1 when it is too late.",
        discussion: """
            Example:
              tenure timers cancel 4711 --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @Argument(help: "The timer's ID.")
    var id: WorkID

    func run() async throws {
        let isCancelled = try await self.scope.withClient(self.global) { try await $0.cancelTimer(self.id) }
        guard isCancelled else {
            throw Failure(.failed, "timer \(self.id) is not cancelled: it is running, has ended, or never was")
        }
        self.global.results.done(
            .object(["id": .integer(self.id.value), "cancelled": .boolean(true)]),
            "Timer \(self.id) is cancelled."
        )
    }
}
