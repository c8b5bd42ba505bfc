internal import ArgumentParser
internal import Tenure

/// `tenure runs cancel`
struct RunsCancelCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancels a run of any kind, also one in progress; exits with status 1 when it is too late.",
        discussion: """
            A run that has not started is deleted. The handler of one in progress, on whatever node, is told within a
            second, and the run is not tried again; `runs show` tells how it ended.

            Example:
              tenure runs cancel 4711 --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @Argument(help: "The run's ID.")
    var id: WorkID

    func run() async throws {
        let reply = try await self.scope.withClient(self.global) { try await $0.cancelRun(self.id) }
        let text: String
        switch reply {
        case .cancelled: text = "Run \(self.id) is cancelled."
        case .requested: text = "Run \(self.id) is in progress; its handler is being cancelled."
        case .ended: throw Failure(.failed, "run \(self.id) is not cancelled: it has ended")
        case .unknown: throw Failure(.failed, "there is no run \(self.id)")
        }
        self.global.results.done(
            .object([
                "run_id": .integer(self.id.value), "result": .string(reply.rawValue),
                "cancelled": .boolean(reply == .cancelled),
            ]),
            text
        )
    }
}
