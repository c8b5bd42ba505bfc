internal import ArgumentParser

/// `tenure config`
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Looks at the settings.",
        discussion: """
            A file, the environment and flags make up the settings; flags come first.

            Example:
              tenure config check --config tenure.yaml
            """,
        subcommands: [ConfigCheckCommand.self]
    )
}
