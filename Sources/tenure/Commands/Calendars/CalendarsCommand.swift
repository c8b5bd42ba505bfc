internal import ArgumentParser

/// `tenure calendars`
struct CalendarsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calendars",
        abstract: "Dates on which jobs of a tenant do not run.",
        discussion: """
            A job names its calendar (tenure jobs put … --calendar NAME). An occurrence on one of the dates does not \
            run, and leaves a row in the history.

            Example:
              tenure calendars put holidays --tenant acme --exclude 12-25 --exclude SAT --exclude SUN
            """,
        subcommands: [
            CalendarsPutCommand.self, CalendarsListCommand.self, CalendarsShowCommand.self, CalendarsDeleteCommand.self,
        ]
    )
}
