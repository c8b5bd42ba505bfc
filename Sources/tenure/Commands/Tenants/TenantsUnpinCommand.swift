internal import ArgumentParser
internal import Tenure
internal import TenureCore

/// `tenure tenants unpin`
struct TenantsUnpinCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpin",
        abstract: "Lets any node own a tenant.",
        discussion: """
            Example:
              tenure tenants unpin acme
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The tenant's ID.")
    var id: TenantID

    func run() async throws {
        try await self.global.withRegistry { try await $0.pin(self.id, to: nil) }
        self.global.results.done(
            .object(["id": .string(self.id.description), "unpinned": .boolean(true)]),
            "Tenant \(self.id) may be owned by any node."
        )
    }
}
