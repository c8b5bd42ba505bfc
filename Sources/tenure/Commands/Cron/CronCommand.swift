internal import ArgumentParser

/// `tenure cron`
struct CronCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cron",
        abstract: "Explains cron expressions.",
        discussion: """
            Needs no server.

            Example:
              tenure cron next "0 3 * * *" --time-zone Europe/Berlin
            """,
        subcommands: [CronNextCommand.self]
    )
}
