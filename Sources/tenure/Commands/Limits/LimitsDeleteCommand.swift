internal import ArgumentParser
internal import Tenure

/// `tenure limits delete`
struct LimitsDeleteCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Deletes a limit; exits with status 1 when there is none.",
        discussion: """
            Example:
              tenure limits delete mail --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @Argument(help: "The limit's name.")
    var name: String

    func run() async throws {
        let wasThere = try await self.scope.withClient(self.global) { try await $0.deleteLimit(self.name) }
        guard wasThere else { throw Failure(.failed, "there is no limit '\(self.name)'") }
        self.global.results.done(
            .object(["name": .string(self.name), "deleted": .boolean(true)]),
            "Limit '\(self.name)' is deleted."
        )
    }
}
