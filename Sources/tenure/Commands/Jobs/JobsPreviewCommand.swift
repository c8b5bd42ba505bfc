internal import ArgumentParser
internal import Cron
internal import Foundation
internal import Tenure
internal import TenureCore

/// `tenure jobs preview`
struct JobsPreviewCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview",
        abstract: "Prints when a job would run next, one instant a line: not on dates that its calendar leaves out.",
        discussion: """
            Example:
              tenure jobs preview nightly --tenant acme --count 10
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @Argument(help: "The job's name.")
    var name: String

    @Option(help: ArgumentHelp("Where to start: ISO 8601. Default: now.", valueName: "time"))
    var from: TimeArgument?

    @Option(help: ArgumentHelp("How many instants, at most 10,000.", valueName: "n"))
    var count = 5

    func validate() throws {
        guard (1...10_000).contains(self.count) else {
            throw ValidationError("--count is \(self.count): use 1 to 10,000.")
        }
    }

    func run() async throws {
        let start = self.from?.time ?? ServerTime(Date())
        let (times, zone) = try await self.scope.withClient(self.global) { client in
            let times = try await client.previewJob(self.name, after: start, limit: self.count)
            let job = try await client.job(self.name)
            return (times, try TimeZoneLookup.zone(named: job?.definition.timeZone ?? "UTC"))
        }
        let texts = times.map { time in
            ISO8601.string(from: Date(timeIntervalSince1970: Double(time.microseconds) / 1_000_000), in: zone)
        }
        guard !texts.isEmpty else { throw Failure(.failed, "job '\(self.name)' is not due any more") }
        self.global.results.result(.array(texts.map { .string($0) }), text: texts)
    }
}
