internal import ArgumentParser
internal import Tenure

/// `tenure groups open`
struct GroupsOpenCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "open",
        abstract: "Opens a group with the message that follows it; prints the group's ID.",
        discussion: """
            The follow-up's payload gets the key group: how the members ended.

            Examples:
              tenure groups open --tenant acme --follow-up import.done --payload '{"file": "a.csv"}'
              tenure groups open --tenant acme --follow-up import.done --expires-in 1h
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope
    @OptionGroup var payload: PayloadArgument
    @OptionGroup var work: WorkArguments

    @Option(help: "The topic of the follow-up.")
    var followUp: String

    @Option(
        help: ArgumentHelp("When the follow-up runs at the latest. Default: never early.", valueName: "duration")
    )
    var expiresIn: DurationArgument?

    func run() async throws {
        let payload = try self.payload.json()
        let id = try await self.scope.withClient(self.global) { client in
            try await client.openGroup(
                followUp: self.followUp,
                payload: payload,
                expiry: self.expiresIn.map { .after($0.duration) },
                options: self.work.options
            )
        }
        self.global.results.done(.object(["id": .integer(id.value)]), "\(id)")
    }
}
