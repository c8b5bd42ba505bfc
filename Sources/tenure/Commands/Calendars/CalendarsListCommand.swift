internal import ArgumentParser
internal import Tenure

/// `tenure calendars list`
struct CalendarsListCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the calendars.",
        discussion: """
            Example:
              tenure calendars list --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    func run() async throws {
        let calendars = try await self.scope.withClient(self.global) { try await $0.calendars() }
        self.global.results.list(
            calendars.map(JSON.calendar),
            columns: ["name", "time_zone", "excluded", "jobs"],
            empty: "No calendars."
        )
    }
}
