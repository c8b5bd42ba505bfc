internal import ArgumentParser

/// `tenure timers`
struct TimersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "timers",
        abstract: "One-shot work of a tenant.",
        discussion: """
            A timer is work that is due once, at an instant or after a delay.

            Example:
              tenure timers add --tenant acme --topic reminder.send --in 10m
            """,
        subcommands: [
            TimersAddCommand.self, TimersListCommand.self, TimersCancelCommand.self,
        ]
    )
}
