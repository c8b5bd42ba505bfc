internal import ArgumentParser
internal import Tenure

/// `tenure messages schedule`
struct MessagesScheduleCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule",
        abstract: "Schedules a message; prints its token.",
        discussion: """
            Examples:
              tenure messages schedule --topic reminder.send --in 10m --payload '{"user": 7}'
              tenure messages schedule --tenant acme --topic trial.end --at 2026-04-01T00:00:00+02:00 --key trial-7
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: MessageScope
    @OptionGroup var message: MessageArguments

    @Option(help: ArgumentHelp("When: ISO 8601; UTC unless it has an offset.", valueName: "time"))
    var at: TimeArgument?

    @Option(
        name: .customLong("in"),
        help: ArgumentHelp("When: after this, by the clock of the server.", valueName: "duration")
    )
    var delay: DurationArgument?

    func validate() throws {
        guard (self.at == nil) != (self.delay == nil) else { throw ValidationError("Give either --at or --in.") }
    }

    func run() async throws {
        let draft = try self.message.draft()
        let token = try await self.scope.withScheduler(self.global) { scheduler in
            if let at { return try await scheduler.schedule(draft, at: at.time) }
            return try await scheduler.schedule(draft, after: self.delay?.duration ?? .zero)
        }
        self.global.results.done(.object(["token": .string(token.text)]), token.text)
    }
}
