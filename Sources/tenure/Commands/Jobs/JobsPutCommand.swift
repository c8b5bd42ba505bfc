internal import ArgumentParser
internal import Cron
internal import Tenure
internal import TenureCore

/// `tenure jobs put`
struct JobsPutCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "put",
        abstract: "Creates a recurring job, or changes it.",
        discussion: """
            Putting a job again that has not changed changes nothing; another schedule counts from now on.

            Examples:
              tenure jobs put nightly --tenant acme --topic report.make --cron "0 3 * * *" --time-zone Europe/Berlin
              tenure jobs put poll --tenant acme --topic poll --every 30s --overlap skip
              tenure jobs put sync --tenant acme --topic sync --every 1m --overlap queue --overlap-bound 3 --tag erp
              tenure jobs put pay --tenant acme --topic pay --cron "0 9 * * *" --calendar holidays
              tenure jobs put close --tenant acme --topic close --cron "0 18 LW * *" --payload '{"dry_run": false}'
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope
    @OptionGroup var payload: PayloadArgument
    @OptionGroup var runs: RunArguments

    @Argument(help: "The job's name, unique in the tenant.")
    var name: String

    @Option(help: "The topic of its runs.")
    var topic: String

    @Option(help: ArgumentHelp("When it is due: a cron expression, quoted.", valueName: "expression"))
    var cron: String?

    @Option(help: ArgumentHelp("When it is due: every so often, without drift.", valueName: "duration"))
    var every: DurationArgument?

    @Option(
        help: ArgumentHelp(
            "The zone of the cron expression: UTC, or region and city as in Europe/Berlin.",
            valueName: "zone"
        )
    )
    var timeZone = "UTC"

    @Option(help: ArgumentHelp("What becomes of occurrences that could not start in time.", valueName: "policy"))
    var misfire = MisfirePolicy.latest

    @Option(help: ArgumentHelp("How late an occurrence may start without being a misfire.", valueName: "duration"))
    var misfireGrace = DurationArgument(.seconds(60))

    @Option(help: ArgumentHelp("The most occurrences that are caught up at once.", valueName: "n"))
    var misfireBound = 100

    @Option(
        help: ArgumentHelp(
            "What an occurrence does while other work of the job waits, runs, or is to be tried again.",
            valueName: "policy"
        )
    )
    var overlap = JobOverlap.allow

    @Option(help: ArgumentHelp("How many may wait behind the first, with --overlap queue.", valueName: "n"))
    var overlapBound = 100

    @Option(help: ArgumentHelp("The calendar on whose dates it does not run.", valueName: "name"))
    var calendar: String?

    @Option(help: ArgumentHelp("What it is for.", valueName: "text"))
    var description: String?

    @Option(help: ArgumentHelp("To choose jobs by; may be given several times.", valueName: "tag"))
    var tag: [String] = []

    @Option(
        help: ArgumentHelp(
            "Puts each run off by a time up to this, which its job and its instant determine.",
            valueName: "duration"
        )
    )
    var jitter = DurationArgument(.zero)

    @Option(help: ArgumentHelp("It is not due before: ISO 8601.", valueName: "time"))
    var startsAt: TimeArgument?

    @Option(help: ArgumentHelp("It is not due after: ISO 8601.", valueName: "time"))
    var endsAt: TimeArgument?

    @Option(help: ArgumentHelp("What becomes of local times that the clock skips.", valueName: "policy"))
    var dstGap = DaylightGap.firstValidInstant

    @Option(help: ArgumentHelp("In which pass local times that come twice count.", valueName: "policy"))
    var dstOverlap = DaylightOverlap.automatic

    func validate() throws {
        guard (self.cron == nil) != (self.every == nil) else { throw ValidationError("Give either --cron or --every.") }
    }

    private func draft() throws -> JobDraft {
        // One of the two is there: it was validated.
        let schedule: JobDraft.Schedule = self.cron.map { .cron($0) } ?? .every(self.every?.duration ?? .zero)
        var draft = JobDraft(name: self.name, topic: self.topic, schedule: schedule)
        draft.payload = try self.payload.json()
        draft.timeZone = self.timeZone
        draft.priority = self.runs.priority
        draft.retry = self.runs.retry
        draft.limitKey = self.runs.limitKey
        draft.timeout = self.runs.timeout?.duration
        draft.misfire = self.misfire
        draft.misfireGrace = self.misfireGrace.duration
        draft.misfireBound = self.misfireBound
        draft.overlap = self.overlap
        draft.overlapBound = self.overlapBound
        draft.calendar = self.calendar
        draft.description = self.description
        draft.tags = self.tag
        draft.startsAt = self.startsAt?.time
        draft.endsAt = self.endsAt?.time
        draft.jitter = self.jitter.duration
        draft.daylightGap = self.dstGap
        draft.daylightOverlap = self.dstOverlap
        return draft
    }

    func run() async throws {
        let draft = try self.draft()
        // The database knows no better: this program can say which zone was probably meant.
        do { _ = try TimeZoneLookup.zone(named: self.timeZone) } catch { throw Failure(.usage, "\(error)") }
        let revision = try await self.scope.withClient(self.global) { try await $0.putJob(draft) }
        self.global.results.done(
            .object(["name": .string(self.name), "revision": .integer(revision)]),
            "Job '\(self.name)' is in place, revision \(revision)."
        )
    }
}
