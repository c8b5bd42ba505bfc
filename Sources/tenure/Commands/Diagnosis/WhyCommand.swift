internal import ArgumentParser
internal import Tenure
internal import TenureCore

/// `tenure why`
struct WhyCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Explains one occurrence of a job, or one run, from what is recorded.",
        discussion: """
            Owner, epoch, when it was due, made into work, claimed, started and finished, or why it was skipped or has \
            not run yet, and what it waited for. It says what the record supports and nothing else. Works without \
            Redis; who owned the tenant when is then not told. Exits with status 1 when there is no such job, run or \
            occurrence; for an instant that is no occurrence it tells those before and after.

            Examples:
              tenure why acme nightly 2026-11-30T03:00:00Z
              tenure why acme --run 4711 --output json
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The tenant; ID=URL for one that no registry or settings file knows.")
    var tenant: String

    @Argument(help: "The job.")
    var job: String?

    @Argument(help: ArgumentHelp("The instant that the occurrence was scheduled for.", valueName: "time"))
    var time: TimeArgument?

    @Option(help: ArgumentHelp("Explain this run instead.", valueName: "id"))
    var run: WorkID?

    func validate() throws {
        guard (self.run == nil) == (self.job != nil), (self.job == nil) == (self.time == nil) else {
            throw ValidationError("Give either a job and an instant, such as 2026-11-30T03:00:00Z, or --run ID.")
        }
    }

    func run() async throws {
        let selection = try TenantSelection([self.tenant], try self.global.settings())
        let discovery = try selection.settings.tenantDiscovery()
        let cluster = try selection.settings.clusterClient()
        let explanation: RunExplanation
        do {
            let inquiry = RunInquiry(discovery: discovery, cluster: cluster)
            explanation = try await self.explain(inquiry, selection.ids[0])
            await cluster.close()
        } catch {
            await cluster.close()
            guard let error = error as? NotAnOccurrence else { throw error }
            throw Failure(.failed, error.description, json: error.json)
        }
        self.global.results.result(explanation.json, text: explanation.text)
    }

    private func explain(_ inquiry: RunInquiry, _ tenant: TenantID) async throws -> RunExplanation {
        if let run { return try await inquiry.explain(run: run, tenant: tenant) }
        guard let job, let time else { preconditionFailure("validate() lets nothing else through") }
        return try await inquiry.explain(job: job, at: time.time, tenant: tenant)
    }
}

extension NotAnOccurrence {
    fileprivate var json: JSON {
        .object([
            "error": .string(self.description),
            "exit_status": .integer(ExitStatus.failed.rawValue),
            "previous": .time(self.previous),
            "next": .time(self.next),
        ])
    }
}
