internal import ArgumentParser
internal import Tenure

/// `tenure dead show`
struct DeadShowCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows everything about a dead letter: the payload, and the errors of its attempts.",
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
        let json = JSON.deadLetter(letter)
        guard case .object(let entries) = json, case .array(let errors)? = json["errors"] else { return }
        let columns = ["attempt", "at", "state", "node", "epoch", "reason", "error"]
        self.global.results.result(
            json,
            text: TextTable.lines(entriesOf: .object(entries.filter { $0.key != "errors" }))
                + (errors.isEmpty ? [] : [""] + TextTable.lines(errors, columns: columns))
        )
    }
}
