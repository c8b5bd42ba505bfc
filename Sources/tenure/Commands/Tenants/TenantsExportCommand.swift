internal import ArgumentParser
internal import Foundation
internal import Tenure
internal import TenureCore

/// `tenure tenants export`
struct TenantsExportCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a tenant's jobs and calendars as JSON, to be imported elsewhere or kept.",
        discussion: """
            Jobs come with all their settings and whether they are paused; history does not. With --work, timers and \
            messages that have not started come too.

            Examples:
              tenure tenants export acme
              tenure tenants export acme --work --file acme.json
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The tenant's ID.")
    var id: TenantID

    @Option(help: ArgumentHelp("Where to write. Default: standard output.", valueName: "file"))
    var file: String?

    @Flag(help: "Also timers and messages that have not started.")
    var work = false

    func run() async throws {
        let scope = TenantScope(tenant: self.id)
        let export = try await scope.withClient(self.global) { client in
            try await client.exported(self.work ? .jobsAndWork : .jobs)
        }
        let data = try export.data()
        guard let file else { return StandardStreams.write(String(decoding: data, as: UTF8.self)) }
        do {
            try (data + Data("\n".utf8)).write(to: URL(filePath: file), options: .atomic)
        } catch {
            throw Failure(.failed, "\(file) cannot be written: \(error.localizedDescription)")
        }
        let work = self.work ? " and \(export.work.count) timers and messages" : ""
        self.global.results.done(
            .object([
                "id": .string(self.id.description), "file": .string(file), "jobs": .integer(export.jobs.count),
                "calendars": .integer(export.calendars.count), "work": .integer(export.work.count),
            ]),
            "\(file) holds \(export.jobs.count) jobs\(work)."
        )
    }
}
