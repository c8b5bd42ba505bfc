internal import ArgumentParser

/// `tenure cron`
struct CronCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cron",
        abstract: "Explains cron expressions.",
        subcommands: [CronNextCommand.self]
    )
}
