internal import ArgumentParser
internal import Tenure
internal import TenureCore

/// `tenure cluster undrain`
struct ClusterUndrainCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "undrain",
        abstract: "Lets a drained node take tenants again.",
        discussion: """
            Example:
              tenure cluster undrain node-2
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The node's name.")
    var node: NodeID

    func run() async throws {
        guard try await self.global.withCluster({ try await $0.undrain(self.node) }) else {
            throw Failure(.failed, UnknownNode(self.node).description)
        }
        self.global.results.done(
            .object(["node": .string(self.node.description), "state": "active"]),
            "Node \(self.node) takes tenants again."
        )
    }
}
