internal import ArgumentParser
internal import Tenure
internal import TenureCore

/// `tenure tenants remove`
struct TenantsRemoveCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Removes a tenant: runs in progress finish; its schema stays.",
        discussion: """
            Example:
              tenure tenants remove acme
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The tenant's ID.")
    var id: TenantID

    func run() async throws {
        try await self.global.withRegistry { try await $0.remove(self.id) }
        self.global.results.done(
            .object(["id": .string(self.id.description), "removed": .boolean(true)]),
            "Tenant \(self.id) is removed: its node lets go of it; its schema stays."
        )
    }
}
