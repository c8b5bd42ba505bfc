internal import ArgumentParser
internal import Foundation

/// The program: every command, and how it ends.
@main
struct Program: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenure",
        abstract: "A scheduling cluster for software with one Postgres database per tenant.",
        discussion: """
            Settings come from flags, then the environment (TENURE_REDIS_URL or REDIS_URL, TENURE_REGISTRY_URL or \
            DATABASE_URL, TENURE_CLUSTER, TENURE_NODE_ID, TENURE_HEARTBEAT_INTERVAL and so on), then the settings \
            file, then defaults. `tenure config check` shows what is in effect and where it came from.

            Exit status: 0 done; 1 negative answer or failed operation; 64 usage; 69 a server cannot be reached; \
            78 invalid settings. With --output json a command prints exactly one JSON value, also for an error: an \
            object with 'error' and 'exit_status'; a command line that makes no sense is told on standard error only.

            Examples:
              tenure dev
              tenure node --node-id node-1 --registry postgresql://127.0.0.1/registry
              tenure cluster status --output json
            """,
        groupedSubcommands: [
            CommandGroup(name: "Running", subcommands: [DevCommand.self, NodeCommand.self]),
            CommandGroup(
                name: "The cluster",
                subcommands: [ClusterCommand.self, RegistryCommand.self, TenantsCommand.self]
            ),
            CommandGroup(
                name: "A tenant's work",
                subcommands: [
                    JobsCommand.self, CalendarsCommand.self, TimersCommand.self, OutboxCommand.self, InboxCommand.self,
                    GroupsCommand.self, RunsCommand.self, DeadCommand.self, LimitsCommand.self, LeaseCommand.self,
                    MessagesCommand.self,
                ]
            ),
            CommandGroup(name: "Diagnosis", subcommands: [DoctorCommand.self, AuditCommand.self, WhyCommand.self]),
            CommandGroup(name: "Helpers", subcommands: [CronCommand.self, ConfigCommand.self, BenchCommand.self]),
        ]
    )

    static func main() async {
        var results: Output?
        do {
            var command = try Self.parseAsRoot()
            results = (command as? any ReportingCommand)?.results
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            if let failure = Failure(of: error) {
                StandardStreams.writeError("error: \(failure.message)")
                // Whoever asked for JSON reads one value in any case.
                if let results, results.format == .json { results.result(failure.json, text: []) }
                Foundation.exit(failure.status.rawValue)
            }
            self.exit(withError: error)
        }
    }
}
