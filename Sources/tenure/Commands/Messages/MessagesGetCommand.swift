internal import ArgumentParser
internal import Tenure

/// `tenure messages get`
struct MessagesGetCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Shows a message or a recurrence as it stands.",
        discussion: """
            Example:
              tenure messages get 4711 --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: MessageScope

    @Argument(help: "The token.")
    var token: String

    func run() async throws {
        let token = try MessageToken(self.token)
        guard let message = try await self.scope.withScheduler(self.global, { try await $0.get(token) }) else {
            throw Failure(.failed, "there is no message \(token), or it is no longer kept")
        }
        self.global.results.object(.message(message))
    }
}
