internal import ArgumentParser
internal import Tenure

/// `tenure groups cancel`
struct GroupsCancelCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancels a group, its members and its follow-up; exits with status 1 when it has ended.",
        discussion: """
            Members in progress are asked to end, and are not tried again.

            Example:
              tenure groups cancel 7 --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @Argument(help: "The group's ID.")
    var id: GroupID

    func run() async throws {
        let count = try await self.scope.withClient(self.global) { try await $0.cancelGroup(self.id) }
        guard let count else { throw Failure(.failed, "group \(self.id) has ended") }
        self.global.results.done(
            .object(["id": .integer(self.id.value), "members": .integer(count)]),
            "Group \(self.id) is cancelled, with \(count) members."
        )
    }
}
