internal import ArgumentParser

/// `tenure config`
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Looks at the settings.",
        subcommands: [ConfigCheckCommand.self]
    )
}
