internal import ArgumentParser
internal import Tenure

/// `tenure dead show`
struct DeadShowCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows everything about a dead letter.",
        discussion: """
            Example:
              tenure dead show 4711 --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @Argument(help: "The dead letter's ID.")
    var id: WorkID

    func run() async throws {
        guard let letter = try await self.scope.withClient(self.global, { try await $0.deadLetter(self.id) }) else {
            throw Failure(.failed, "there is no dead letter \(self.id)")
        }
        self.global.results.object(.deadLetter(letter))
    }
}
