internal import ArgumentParser
internal import Foundation
internal import Tenure
internal import TenureCore

/// `tenure tenants import`
struct TenantsImportCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Puts what 'tenure tenants export' wrote into a tenant: all of it, or nothing.",
        discussion: """
            A job that is so already keeps its next due instant; jobs that the file does not name stay. Timers and \
            messages are added unless they are there already, so that an import may be repeated.

            Examples:
              tenure tenants import globex --file acme.json --dry-run
              tenure tenants import globex --file acme.json
              tenure tenants import globex --file -
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The tenant's ID.")
    var id: TenantID

    @Option(help: ArgumentHelp("What to read; - for standard input.", valueName: "file"))
    var file: String

    @Flag(help: "Only tell what it would do: it is tried, and undone.")
    var dryRun = false

    private func export() throws -> TenantExport {
        let data: Data
        do {
            data =
                self.file == "-"
                ? try FileHandle.standardInput.readToEnd() ?? Data() : try Data(contentsOf: URL(filePath: self.file))
        } catch {
            throw Failure(.usage, "\(self.file) cannot be read: \(error.localizedDescription)")
        }
        do {
            return try TenantExport(data: data)
        } catch {
            throw Failure(.usage, "\(self.file == "-" ? "standard input" : self.file): \(error)")
        }
    }

    func run() async throws {
        let export = try self.export()
        let report = try await TenantScope(tenant: self.id).withClient(self.global) { client in
            self.dryRun ? try await client.rehearsedImport(export) : try await client.importing(export)
        }
        let counts = [TenantImport.Outcome.added, .changed, .unchanged].map { "\(report.count($0)) \($0.rawValue)" }
        let work = export.work.isEmpty ? "" : "; work: \(report.addedWork) added, \(report.presentWork) present"
        let jobs = report.jobs.map { job in
            JSON.object(["name": .string(job.name), "outcome": .string(job.outcome.rawValue)])
        }
        let calendars = report.calendars.map { calendar in
            JSON.object(["name": .string(calendar.name), "outcome": .string(calendar.outcome.rawValue)])
        }
        self.global.results.result(
            .object([
                "id": .string(self.id.description),
                "dry_run": .boolean(self.dryRun),
                "added": .integer(report.count(.added)),
                "changed": .integer(report.count(.changed)),
                "unchanged": .integer(report.count(.unchanged)),
                "work_added": .integer(report.addedWork),
                "work_present": .integer(report.presentWork),
                "jobs": .array(jobs),
                "calendars": .array(calendars),
            ]),
            text: report.calendars.map { "\($0.outcome.rawValue)  calendar \($0.name)" }
                + report.jobs.map { "\($0.outcome.rawValue)  \($0.name)" }
                + ["\(self.dryRun ? "It would be" : "Jobs"): \(counts.joined(separator: ", "))\(work)."]
        )
    }
}
