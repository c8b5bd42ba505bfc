internal import ArgumentParser

/// `tenure cluster`
struct ClusterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster",
        abstract: "The cluster, as Redis knows it.",
        subcommands: [
            ClusterStatusCommand.self, ClusterEventsCommand.self, ClusterRebalanceCommand.self,
            ClusterDrainCommand.self, ClusterUndrainCommand.self,
        ]
    )
}
