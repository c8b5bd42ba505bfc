internal import ArgumentParser
internal import Tenure
internal import TenureCore

/// `tenure tenants resume`
struct TenantsResumeCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Ends the suspension of a tenant.",
        discussion: """
            Example:
              tenure tenants resume acme
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The tenant's ID.")
    var id: TenantID

    func run() async throws {
        try await self.global.withRegistry { try await $0.setSuspended(self.id, false) }
        self.global.results.done(
            .object(["id": .string(self.id.description), "resumed": .boolean(true)]),
            "Tenant \(self.id) is resumed."
        )
    }
}
