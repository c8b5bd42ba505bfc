internal import ArgumentParser
internal import Tenure

/// `tenure registry init`
struct RegistryInitCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Creates the registry, or brings it up to date.",
        discussion: """
            Example:
              tenure registry init --registry postgresql://127.0.0.1/registry
            """
    )

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let hasChanged = try await self.global.withRegistry { try await $0.setUp() }
        self.global.results.done(
            .object(["changed": .boolean(hasChanged)]),
            hasChanged ? "The registry is ready." : "The registry was ready already."
        )
    }
}
