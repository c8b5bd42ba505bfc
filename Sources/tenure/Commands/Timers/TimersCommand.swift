internal import ArgumentParser

/// `tenure timers`
struct TimersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "timers",
        abstract: "One-shot work of a tenant.",
        subcommands: [
            TimersAddCommand.self, TimersListCommand.self, TimersCancelCommand.self,
        ]
    )
}
