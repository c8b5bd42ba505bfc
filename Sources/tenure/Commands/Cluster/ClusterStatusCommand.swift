internal import ArgumentParser
internal import Tenure

/// `tenure cluster status`
struct ClusterStatusCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows who leads, which nodes there are, who owns what, and what nobody owns.",
        discussion: """
            Examples:
              tenure cluster status
              tenure cluster status --cluster eu --output json
            """
    )

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let settings = try self.global.settings()
        let state = try await self.global.withCluster { try await $0.status() }
        let report = ClusterStatusReport(cluster: settings.cluster, state: state)
        self.global.results.result(report.json, text: report.text)
    }
}
