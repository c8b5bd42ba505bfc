internal import ArgumentParser
internal import Tenure
internal import TenureCore

/// `tenure audit`
struct AuditCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Checks a live cluster and its tenants' databases against what Tenure promises.",
        discussion: """
            One owner for each tenant, lock and fence agree, epochs in order, no occurrence missing or doubled, no run \
            completed twice, no claims of nobody, partitions and indexes in place. Changes nothing. What may also be a \
            hand-over or a takeover in progress is looked at again until --patience runs out.

            Exits with status 1 when a promise is broken, and shows the rows; with 69 when Redis, the registry or a \
            tenant that was asked for cannot be reached.

            Examples:
              tenure audit
              tenure audit --tenant acme --tenant globex --since 2026-11-30T08:00:00Z --output json
              tenure audit --databases-only --patience 5s
            """
    )

    @OptionGroup var global: GlobalOptions

    @Option(
        help: ArgumentHelp(
            "Only this tenant; ID=URL for one that no registry or settings file knows. Repeatable.",
            valueName: "id"
        )
    )
    var tenant: [String] = []

    @Option(help: ArgumentHelp("Leave out history that ended before.", valueName: "time"))
    var since: TimeArgument?

    @Flag(help: "Ask only the databases: without Redis, who owns what is not known.")
    var databasesOnly = false

    @Option(
        help: ArgumentHelp(
            "How long something has to stay that may be a hand-over or a takeover in progress.",
            valueName: "duration"
        )
    )
    var patience = DurationArgument(.seconds(10))

    @Option(help: ArgumentHelp("How many tenants at the same time.", valueName: "n"))
    var concurrency = 8

    func validate() throws {
        guard (1...100).contains(self.concurrency) else {
            throw ValidationError("--concurrency is \(self.concurrency): use 1 to 100.")
        }
        guard self.patience.duration >= .zero, self.patience.duration <= .seconds(3_600) else {
            throw ValidationError("--patience is \(DurationText.text(self.patience.duration)): use 0s to 1h.")
        }
    }

    func run() async throws {
        let selection = try TenantSelection(self.tenant, try self.global.settings())
        var options = AuditOptions()
        options.tenants = selection.ids
        options.since = self.since?.time
        options.patience = self.patience.duration
        options.drainTimeout = selection.settings.coordination.drainTimeout
        options.concurrency = self.concurrency
        let discovery = try selection.settings.tenantDiscovery()
        let report: AuditReport
        if self.databasesOnly {
            report = try await self.audit(discovery, nil, options)
        } else {
            report = try await self.global.withCluster { [options] in try await self.audit(discovery, $0, options) }
        }
        self.global.results.result(report.json, text: report.text)
        if let lost = report.unreachable.first(where: { options.tenants.contains($0.tenant) }) {
            StandardStreams.writeError("error: the database of \(lost.tenant) cannot be used: \(lost.reason)")
            throw ExitCode(ExitStatus.unavailable.rawValue)
        }
        guard report.isSound else { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    private func audit(
        _ discovery: any TenantDiscovery,
        _ cluster: ClusterClient?,
        _ options: AuditOptions
    ) async throws -> AuditReport {
        let progress = SlowProgress()
        return try await ClusterAudit(discovery: discovery, cluster: cluster, options: options).run { step in
            progress.report(done: step.done, all: step.all, "tenants read")
        }
    }
}
