internal import ArgumentParser
internal import Cron
internal import Foundation
internal import Tenure
internal import TenureCore

/// `tenure jobs backfill`
struct JobsBackfillCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "backfill",
        abstract: "Runs occurrences of the past that have neither run nor left a row in the history.",
        discussion: """
            The range counts with both its ends. Each occurrence is enqueued once, however often this is called. What \
            ran, was skipped with a reason, or is about to run is left out and counted, and so is what the schedule \
            itself has yet to come to, or the job's calendar leaves out. Unless the job allows overlaps the runs are \
            one at a time.

            Examples:
              tenure jobs backfill nightly --tenant acme --from 2026-01-01T00:00:00Z --to 2026-01-31T23:59:59Z --plan
              tenure jobs backfill nightly --tenant acme --from 2026-01-01T00:00:00Z --to 2026-01-31T23:59:59Z
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @Argument(help: "The job's name.")
    var name: String

    @Option(help: ArgumentHelp("The first instant: ISO 8601.", valueName: "time"))
    var from: TimeArgument

    @Option(help: ArgumentHelp("The last instant: ISO 8601.", valueName: "time"))
    var to: TimeArgument

    @Option(help: ArgumentHelp("A range with more occurrences is refused; at most 100,000.", valueName: "n"))
    var limit = TenantClient.defaultBackfillLimit

    @Flag(help: "Only print the instants that it would add.")
    var plan = false

    func validate() throws {
        guard self.from.time <= self.to.time else { throw ValidationError("--to is earlier than --from.") }
    }

    func run() async throws {
        let range = self.from.time...self.to.time
        let (backfill, zone) = try await self.scope.withClient(self.global) { client in
            let backfill =
                self.plan
                ? try await client.planBackfill(ofJob: self.name, in: range, limit: self.limit)
                : try await client.backfillJob(self.name, in: range, limit: self.limit)
            let job = try await client.job(self.name)
            return (backfill, try TimeZoneLookup.zone(named: job?.definition.timeZone ?? "UTC"))
        }
        let added = backfill.occurrences.filter { $0.state == .added }
        let texts = added.map { occurrence in
            let date = Date(timeIntervalSince1970: Double(occurrence.instant.microseconds) / 1_000_000)
            return ISO8601.string(from: date, in: zone)
        }
        let (present, upcoming) = (backfill.count(.present), backfill.count(.upcoming))
        let excluded = backfill.count(.excluded)
        let occurrences = zip(added, texts).map { occurrence, text in
            JSON.object(["scheduled_for": .string(text), "id": .integer(occurrence.run?.value)])
        }
        if self.global.output == .text {
            StandardStreams.writeError(
                "\(added.count) \(self.plan ? "would be added" : "added"), \(present) present already, "
                    + "\(upcoming) left to the schedule"
                    + (excluded > 0 ? ", \(excluded) on dates that the calendar leaves out." : ".")
            )
        }
        self.global.results.result(
            .object([
                "name": .string(self.name),
                "plan": .boolean(self.plan),
                "added": .integer(added.count),
                "present": .integer(present),
                "upcoming": .integer(upcoming),
                "excluded": .integer(excluded),
                "occurrences": .array(occurrences),
            ]),
            text: self.plan ? texts : Self.shortened(zip(added, texts).map { "\($0.run?.description ?? "")  \($1)" })
        )
    }

    /// What was done is a summary for people; JSON and `--plan` tell everything.
    private static func shortened(_ lines: [String]) -> [String] {
        let most = 20
        guard lines.count > most else { return lines }
        return lines.prefix(most) + ["… and \(lines.count - most) more: --output json lists them all"]
    }
}
