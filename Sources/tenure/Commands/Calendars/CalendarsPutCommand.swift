internal import ArgumentParser
internal import Tenure
internal import TenureCore

/// `tenure calendars put`
struct CalendarsPutCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "put",
        abstract: "Creates a calendar, or changes it: what is given replaces what there was.",
        discussion: """
            The jobs that name it obey the change at once. What they skipped before stays skipped.

            Examples:
              tenure calendars put holidays --tenant acme --exclude 12-25 --exclude 2026-04-03..2026-04-06
              tenure calendars put weekdays --tenant acme --exclude SAT --exclude SUN --time-zone Europe/Berlin
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @Argument(help: "The calendar's name, unique in the tenant.")
    var name: String

    @Option(
        help: ArgumentHelp(
            """
            A date (2026-12-25), a range with both ends (2026-12-24..2026-12-31), a day of every year (12-25) or of \
            every week (SAT); may be given several times.
            """,
            valueName: "date"
        )
    )
    var exclude: [String] = []

    @Option(help: ArgumentHelp("Whose dates they are. Default: the zone of each job.", valueName: "zone"))
    var timeZone: String?

    func run() async throws {
        let calendar = JobCalendar(name: self.name, excluded: self.exclude, timeZone: self.timeZone)
        let revision = try await self.scope.withClient(self.global) { try await $0.putCalendar(calendar) }
        self.global.results.done(
            .object(["name": .string(self.name), "revision": .integer(revision)]),
            "Calendar '\(self.name)' is in place, revision \(revision)."
        )
    }
}
