internal import ArgumentParser
internal import Tenure

/// `tenure calendars show`
struct CalendarsShowCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a calendar with the jobs that use it.",
        discussion: """
            Example:
              tenure calendars show holidays --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @Argument(help: "The calendar's name.")
    var name: String

    func run() async throws {
        guard let calendar = try await self.scope.withClient(self.global, { try await $0.calendar(self.name) }) else {
            throw Failure(.failed, "there is no calendar '\(self.name)'")
        }
        self.global.results.object(.calendar(calendar))
    }
}
