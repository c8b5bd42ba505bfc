internal import ArgumentParser

/// `tenure cluster`
struct ClusterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster",
        abstract: "The cluster, as Redis knows it.",
        discussion: """
            Reads and changes what the nodes share in Redis; no node need run for looking.

            Example:
              tenure cluster status
            """,
        subcommands: [
            ClusterStatusCommand.self, ClusterEventsCommand.self, ClusterRebalanceCommand.self,
            ClusterDrainCommand.self, ClusterUndrainCommand.self,
        ]
    )
}
