internal import ArgumentParser
internal import Tenure
internal import TenureCore

/// `tenure tenants pin`
struct TenantsPinCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "pin",
        abstract: "Lets only one node own a tenant.",
        discussion: """
            Example:
              tenure tenants pin acme --to node-2
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The tenant's ID.")
    var id: TenantID

    @Option(help: ArgumentHelp("The node.", valueName: "node"))
    var to: NodeID

    func run() async throws {
        try await self.global.withRegistry { try await $0.pin(self.id, to: self.to) }
        self.global.results.done(
            .object(["id": .string(self.id.description), "pinned_node": .string(self.to.description)]),
            "Tenant \(self.id) is pinned to \(self.to)."
        )
    }
}
