internal import ArgumentParser

/// `tenure registry`
struct RegistryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "registry",
        abstract: "The registry of tenants.",
        subcommands: [
            RegistryInitCommand.self
        ]
    )
}
