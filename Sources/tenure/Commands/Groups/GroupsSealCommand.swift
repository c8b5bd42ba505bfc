internal import ArgumentParser
internal import Tenure

/// `tenure groups seal`
struct GroupsSealCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "seal",
        abstract: "Says that a group gets no further members; exits with status 1 when it was sealed or has ended.",
        discussion: """
            Example:
              tenure groups seal 7 --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @Argument(help: "The group's ID.")
    var id: GroupID

    func run() async throws {
        let isSealed = try await self.scope.withClient(self.global) { try await $0.sealGroup(self.id) }
        guard isSealed else { throw Failure(.failed, "group \(self.id) was sealed before, or has ended") }
        self.global.results.done(
            .object(["id": .integer(self.id.value), "sealed": .boolean(true)]),
            "Group \(self.id) is sealed."
        )
    }
}
