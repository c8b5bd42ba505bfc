internal import ArgumentParser
internal import Tenure
internal import TenureCore

/// `tenure doctor`
struct DoctorCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Tells what is wrong with a set-up, by measuring, and what to do about it.",
        discussion: """
            Redis, the list of tenants and every tenant's database: reachable and how far, versions, permissions, \
            limits, schemas, clocks. The cluster: who leads or why nobody does, nodes, what nobody owns, the balance. \
            Changes nothing. Exits with status 1 when something fails, and with 69 when neither Redis nor the list of \
            tenants can be reached.

            Examples:
              tenure doctor
              tenure doctor --tenant acme --problems
              tenure doctor --output json
            """
    )

    @OptionGroup var global: GlobalOptions

    @Option(
        help: ArgumentHelp(
            "Only this tenant's database; ID=URL for one that is not known. Repeatable.",
            valueName: "id"
        )
    )
    var tenant: [String] = []

    @Flag(help: "Leave out what is as it should be.")
    var problems = false

    @Option(help: ArgumentHelp("How many databases at the same time.", valueName: "n"))
    var concurrency = 8

    func validate() throws {
        guard (1...100).contains(self.concurrency) else {
            throw ValidationError("--concurrency is \(self.concurrency): use 1 to 100.")
        }
    }

    func run() async throws {
        let selection = try TenantSelection(self.tenant, try self.global.settings())
        let settings = selection.settings
        var options = DoctorOptions()
        options.coordination = settings.coordination
        options.connections = settings.connections
        options.placement = settings.placementStrategy
        options.tenants = selection.ids
        options.concurrency = self.concurrency
        let doctor = try ClusterDoctor(
            redisURL: settings.redis,
            cluster: settings.cluster,
            keyPrefix: settings.keyPrefix,
            discovery: try settings.tenantDiscovery(),
            options: options
        )
        let progress = SlowProgress()
        let report = await doctor.examine { progress.report(done: $0.done, all: $0.all, "databases examined") }
        let shown = report.findings.filter { !self.problems || $0.level != .ok }
        self.global.results.result(
            .object([
                "healthy": .boolean(report.isHealthy),
                "findings": .array(shown.map(\.json)),
            ]),
            text: Self.text(shown, report)
        )
        guard !report.isBlind else { throw ExitCode(ExitStatus.unavailable.rawValue) }
        guard report.isHealthy else { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    private static func text(_ findings: [DoctorFinding], _ report: DoctorReport) -> [String] {
        let rows = findings.map(\.json)
        let counts = [DoctorFinding.Level.fail, .warn, .ok].map { level in
            "\(report.findings.count { $0.level == level }) \(level.rawValue)"
        }
        let advice = findings.filter { $0.advice != nil }.map {
            "\($0.level.rawValue) \($0.subject): \($0.advice ?? "")"
        }
        var lines =
            rows.isEmpty ? [] : TextTable.lines(rows, columns: ["level", "check", "subject", "measured"]) + [""]
        if !advice.isEmpty { lines += ["What to do:"] + advice.map { "  \($0)" } + [""] }
        return lines + [counts.joined(separator: ", ")]
    }
}

extension DoctorFinding {
    fileprivate var json: JSON {
        .object([
            "check": .string(self.check),
            "subject": .string(self.subject),
            "level": .string(self.level.rawValue),
            "measured": .string(self.measured),
            "advice": .string(orNull: self.advice),
        ])
    }
}
