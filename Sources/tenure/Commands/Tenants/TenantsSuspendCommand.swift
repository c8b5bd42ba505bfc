internal import ArgumentParser
internal import Tenure
internal import TenureCore

/// `tenure tenants suspend`
struct TenantsSuspendCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "suspend",
        abstract: "Suspends a tenant: it stays known, and nobody owns it.",
        discussion: """
            Example:
              tenure tenants suspend acme
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The tenant's ID.")
    var id: TenantID

    func run() async throws {
        try await self.global.withRegistry { try await $0.setSuspended(self.id, true) }
        self.global.results.done(
            .object(["id": .string(self.id.description), "suspended": .boolean(true)]),
            "Tenant \(self.id) is suspended: its node lets go of it."
        )
    }
}
