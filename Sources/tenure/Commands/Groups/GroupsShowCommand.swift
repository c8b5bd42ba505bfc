internal import ArgumentParser
internal import Tenure

/// `tenure groups show`
struct GroupsShowCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a group: how its members ended, and how many are left.",
        discussion: """
            Example:
              tenure groups show 7 --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @Argument(help: "The group's ID.")
    var id: GroupID

    func run() async throws {
        let group = try await self.scope.withClient(self.global) { try await $0.group(self.id) }
        guard let group else { throw Failure(.failed, "there is no group \(self.id)") }
        self.global.results.object(.group(group))
    }
}
