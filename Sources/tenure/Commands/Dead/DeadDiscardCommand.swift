internal import ArgumentParser
internal import Tenure

/// `tenure dead discard`
struct DeadDiscardCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "discard",
        abstract: "Deletes dead letters for good; their history stays.",
        discussion: """
            Example:
              tenure dead discard 4711 --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @Argument(help: "The dead letters' IDs.")
    var ids: [WorkID]

    func run() async throws {
        let missing = try await self.scope.withClient(self.global) { client in
            var missing: [WorkID] = []
            for id in self.ids where try await !client.discardDeadLetter(id) { missing.append(id) }
            return missing
        }
        guard missing.isEmpty else {
            throw Failure(.failed, "no such dead letters: \(missing.map(\.description).joined(separator: ", "))")
        }
        self.global.results.done(
            .object(["discarded": .array(self.ids.map { .integer($0.value) })]),
            "Discarded: \(self.ids.map(\.description).joined(separator: ", "))."
        )
    }
}
