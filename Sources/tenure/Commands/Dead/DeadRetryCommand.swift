internal import ArgumentParser
internal import Tenure

/// `tenure dead retry`
struct DeadRetryCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Puts dead letters back to work under their IDs, with their attempts forgotten.",
        discussion: """
            Example:
              tenure dead retry 4711 4712 --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @Argument(help: "The dead letters' IDs.")
    var ids: [WorkID]

    func run() async throws {
        try await self.scope.withClient(self.global) { client in
            for id in self.ids { try await client.retryDeadLetter(id) }
        }
        self.global.results.done(
            .object(["retried": .array(self.ids.map { .integer($0.value) })]),
            "Back to work: \(self.ids.map(\.description).joined(separator: ", "))."
        )
    }
}
