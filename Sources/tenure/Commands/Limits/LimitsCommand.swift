internal import ArgumentParser

/// `tenure limits`
struct LimitsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limits",
        abstract: "How much of a tenant's work may run at once, or start in how much time.",
        discussion: """
            Work that a limit holds up stays available, and keeps no other work back.

            Example:
              tenure limits put mail --tenant acme --topic "mail.*" --rate 10/s --max-running 4
            """,
        subcommands: [LimitsPutCommand.self, LimitsListCommand.self, LimitsDeleteCommand.self]
    )
}
