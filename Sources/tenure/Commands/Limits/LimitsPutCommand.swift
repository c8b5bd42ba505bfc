internal import ArgumentParser
internal import Tenure
internal import TenureCore

/// `tenure limits put`
struct LimitsPutCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "put",
        abstract: "Creates a limit, or changes it.",
        discussion: """
            Work that several limits are about needs room in each. With --key each limit key counts by itself.

            Examples:
              tenure limits put all --tenant acme --max-running 20
              tenure limits put mail --tenant acme --topic "mail.*" --rate 10/s --burst 20
              tenure limits put customers --tenant acme --topic "sync.*" --key "*" --max-running 1
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @Argument(help: "The limit's name, unique in the tenant.")
    var name: String

    @Option(help: ArgumentHelp("The topics: one, or the beginning of some followed by *.", valueName: "pattern"))
    var topic = "*"

    @Option(
        help: ArgumentHelp("The limit keys: one, or the beginning of some followed by *.", valueName: "pattern")
    )
    var key: String?

    @Option(help: ArgumentHelp("Runs in progress at once.", valueName: "n"))
    var maxRunning: Int?

    @Option(help: ArgumentHelp("Starts in a time, such as 10/s, 100/m or 3/10s.", valueName: "rate"))
    var rate: LimitRate?

    @Option(help: ArgumentHelp("Starts at once after a pause. Default: those of one interval.", valueName: "n"))
    var burst: Int?

    func validate() throws {
        guard self.maxRunning != nil || self.rate != nil else {
            throw ValidationError("Give --max-running, --rate, or both.")
        }
    }

    func run() async throws {
        let limit = LimitDefinition(
            name: self.name,
            topic: self.topic,
            key: self.key,
            maxRunning: self.maxRunning,
            rate: self.rate,
            burst: self.burst
        )
        let hasChanged = try await self.scope.withClient(self.global) { try await $0.putLimit(limit) }
        self.global.results.done(
            .object(["name": .string(self.name), "changed": .boolean(hasChanged)]),
            "Limit '\(self.name)' is in place."
        )
    }
}
