internal import ArgumentParser
internal import Tenure

/// `tenure messages recurring`
struct MessagesRecurringCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "recurring",
        abstract: "Schedules a message by a cron expression; prints the token of the recurrence.",
        discussion: """
            Examples:
              tenure messages recurring --topic report.make --cron "0 9 L * ?" --time-zone Europe/Berlin
              tenure messages recurring --tenant acme --topic poll --cron "*/30 * * * * *" --key poll
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: MessageScope
    @OptionGroup var message: MessageArguments

    @Option(help: ArgumentHelp("When it is due: a cron expression, quoted.", valueName: "expression"))
    var cron: String

    @Option(
        help: ArgumentHelp(
            "The zone of the cron expression: UTC, or region and city as in Europe/Berlin.",
            valueName: "zone"
        )
    )
    var timeZone = "UTC"

    @Option(help: ArgumentHelp("What becomes of local times that the clock skips.", valueName: "policy"))
    var dstGap = DaylightGap.firstValidInstant

    @Option(help: ArgumentHelp("In which pass local times that come twice count.", valueName: "policy"))
    var dstOverlap = DaylightOverlap.automatic

    func run() async throws {
        let draft = try self.message.draft()
        var recurrence = MessageRecurrence(cron: self.cron, timeZone: self.timeZone)
        recurrence.daylightGap = self.dstGap
        recurrence.daylightOverlap = self.dstOverlap
        let token = try await self.scope.withScheduler(self.global) { [recurrence] scheduler in
            try await scheduler.scheduleRecurring(draft, recurrence)
        }
        self.global.results.done(.object(["token": .string(token.text)]), token.text)
    }
}
