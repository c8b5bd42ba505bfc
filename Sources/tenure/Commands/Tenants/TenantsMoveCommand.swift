internal import ArgumentParser
internal import Tenure
internal import TenureCore

/// `tenure tenants move`
struct TenantsMoveCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "move",
        abstract: "Asks the leader to move a tenant to a node, once.",
        discussion: """
            Balancing may move it elsewhere later; 'tenants pin' keeps it where it is.

            Example:
              tenure tenants move acme --to node-2
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The tenant's ID.")
    var id: TenantID

    @Option(help: ArgumentHelp("The node.", valueName: "node"))
    var to: NodeID

    func run() async throws {
        try await self.global.withCluster { client in
            guard try await client.waitUntilServed(try await client.move(self.id, to: self.to)) else {
                throw Failure(.failed, "no leader took the request up within 5 seconds: see 'tenure cluster status'")
            }
        }
        self.global.results.done(
            .object(["id": .string(self.id.description), "to": .string(self.to.description)]),
            "The leader moves tenant \(self.id) to \(self.to): see 'tenure cluster status'."
        )
    }
}
