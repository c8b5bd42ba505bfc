internal import ArgumentParser
internal import Tenure

/// `tenure messages cancel`
struct MessagesCancelCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancels a message or a recurrence; exits with status 1 when it is too late.",
        discussion: """
            Example:
              tenure messages cancel 4711 --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: MessageScope

    @Argument(help: "The token.")
    var token: String

    func run() async throws {
        let token = try MessageToken(self.token)
        guard try await self.scope.withScheduler(self.global, { try await $0.cancel(token) }) else {
            throw Failure(
                .failed,
                "message \(token) is not cancelled: it was delivered, is being delivered, has failed, or never was"
            )
        }
        self.global.results.done(
            .object(["token": .string(token.text), "cancelled": .boolean(true)]),
            "Message \(token) is cancelled."
        )
    }
}
