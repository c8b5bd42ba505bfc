internal import ArgumentParser
internal import Tenure

/// `tenure jobs put`
struct JobsPutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put",
        abstract: "Creates a recurring job, or changes it.",
        discussion: """
            Putting a job again that has not changed changes nothing; another schedule is planned anew from now on.

            Examples:
              tenure jobs put nightly --tenant acme --topic report.make --cron "0 3 * * *" --time-zone Europe/Berlin
              tenure jobs put poll --tenant acme --topic poll --every 30s --overlap skip
              tenure jobs put close --tenant acme --topic books.close --cron "0 18 LW * *" --misfire all \\
                --payload '{"dry_run": false}'
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope
    @OptionGroup var payload: PayloadArgument

    @Argument(help: "The job's name, unique for the tenant.")
    var name: String

    @Option(help: "The topic of its runs.")
    var topic: String

    @Option(help: ArgumentHelp("When it is due: a cron expression, quoted.", valueName: "expression"))
    var cron: String?

    @Option(help: ArgumentHelp("When it is due: every so often, without drift.", valueName: "duration"))
    var every: DurationArgument?

    @Option(help: ArgumentHelp("The zone of the cron expression. Default: UTC.", valueName: "zone"))
    var timeZone = "UTC"

    @Option(help: ArgumentHelp("What occurrences do that could not start in time: skip, latest, all or pause.", valueName: "policy"))
    var misfire = "latest"

    @Option(help: ArgumentHelp("How late an occurrence may start without being a misfire.", valueName: "duration"))
    var misfireGrace = DurationArgument(.seconds(60))

    @Option(help: ArgumentHelp("Most occurrences that are caught up at once.", valueName: "n"))
    var misfireBound = 100

    @Option(help: ArgumentHelp("What an occurrence does while the one before runs: allow, skip or queue.", valueName: "policy"))
    var overlap = "allow"

    @Option(help: ArgumentHelp("Spreads each run over so long.", valueName: "duration"))
    var jitter: DurationArgument?

    @Option(help: ArgumentHelp("Not due before.", valueName: "time"))
    var startsAt: TimeArgument?

    @Option(help: ArgumentHelp("Not due after.", valueName: "time"))
    var endsAt: TimeArgument?

    @Option(help: ArgumentHelp("Local times that the clock skips: first-valid-instant, skip or shift.", valueName: "policy"))
    var dstGap = "first-valid-instant"

    @Option(help: ArgumentHelp("Local times that come twice: automatic, first, second or both.", valueName: "policy"))
    var dstOverlap = "automatic"

    @Option(help: ArgumentHelp("-9 to 9, higher first.", valueName: "n"))
    var priority = 0

    @Option(help: ArgumentHelp("Attempts of each run.", valueName: "n"))
    var maxAttempts = 5

    @Option(help: ArgumentHelp("How long one attempt may take. Default: the node's.", valueName: "duration"))
    var timeout: DurationArgument?

    func validate() throws {
        guard (self.cron == nil) != (self.every == nil) else {
            throw ValidationError("Give either --cron or --every.")
        }
    }

    func run() async throws {
        let draft = try self.draft()
        let revision = try await self.scope.withClient(self.global) { try await $0.putJob(draft) }
        self.global.results.done(
            .object(["name": .string(self.name), "revision": .integer(revision)]),
            "Job \(self.name) is in place, revision \(revision)."
        )
    }
}
