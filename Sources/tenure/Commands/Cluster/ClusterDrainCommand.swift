internal import ArgumentParser
internal import Tenure
internal import TenureCore

/// `tenure cluster drain`
struct ClusterDrainCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Lets a node hand over its tenants and take no others.",
        discussion: """
            Example:
              tenure cluster drain node-2
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The node's name.")
    var node: NodeID

    func run() async throws {
        guard try await self.global.withCluster({ try await $0.drain(self.node) }) else {
            throw Failure(.failed, UnknownNode(self.node).description)
        }
        self.global.results.done(
            .object(["node": .string(self.node.description), "state": "draining"]),
            "Node \(self.node) hands its tenants over and takes no others."
        )
    }
}
