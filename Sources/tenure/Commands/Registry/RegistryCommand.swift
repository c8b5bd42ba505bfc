internal import ArgumentParser

/// `tenure registry`
struct RegistryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "registry",
        abstract: "The registry of tenants.",
        discussion: """
            A table of a Postgres database that all nodes read; any database will do.

            Example:
              tenure registry init --registry postgresql://127.0.0.1/registry
            """,
        subcommands: [
            RegistryInitCommand.self
        ]
    )
}
