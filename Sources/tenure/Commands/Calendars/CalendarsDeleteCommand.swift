internal import ArgumentParser
internal import Tenure

/// `tenure calendars delete`
struct CalendarsDeleteCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Deletes a calendar that no job uses.",
        discussion: """
            Example:
              tenure calendars delete holidays --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @Argument(help: "The calendar's name.")
    var name: String

    func run() async throws {
        try await self.scope.withClient(self.global) { try await $0.deleteCalendar(self.name) }
        self.global.results.done(
            .object(["name": .string(self.name), "deleted": .boolean(true)]),
            "Calendar '\(self.name)' is deleted."
        )
    }
}
