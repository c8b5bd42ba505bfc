internal import ArgumentParser
internal import Tenure

/// `tenure timers add`
struct TimersAddCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Schedules one-shot work; prints its ID.",
        discussion: """
            Examples:
              tenure timers add --tenant acme --topic reminder.send --in 10m --payload '{"user": 7}'
              tenure timers add --tenant acme --topic trial.end --at 2026-04-01T00:00:00+02:00 --unique-key trial-7
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope
    @OptionGroup var payload: PayloadArgument
    @OptionGroup var work: WorkArguments

    @Option(help: "The topic, which decides what becomes of it.")
    var topic: String

    @Option(help: ArgumentHelp("When: ISO 8601; UTC unless it has an offset.", valueName: "time"))
    var at: TimeArgument?

    @Option(
        name: .customLong("in"),
        help: ArgumentHelp("When: after this, by the database's clock.", valueName: "duration")
    )
    var delay: DurationArgument?

    func validate() throws {
        guard (self.at == nil) != (self.delay == nil) else { throw ValidationError("Give either --at or --in.") }
    }

    func run() async throws {
        let payload = try self.payload.json()
        let id = try await self.scope.withClient(self.global) { client in
            if let at {
                try await client.schedule(self.topic, at: at.time, payload: payload, options: self.work.options)
            } else {
                try await client.schedule(
                    self.topic,
                    after: self.delay?.duration ?? .zero,
                    payload: payload,
                    options: self.work.options
                )
            }
        }
        self.global.results.done(.object(["id": .integer(id.value)]), "\(id)")
    }
}
