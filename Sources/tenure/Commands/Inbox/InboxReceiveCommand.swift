internal import ArgumentParser
internal import Tenure

/// `tenure inbox receive`
struct InboxReceiveCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "receive",
        abstract: "Takes a message in, once for each source and message ID; prints its ID.",
        discussion: """
            A message that was seen before is no error: nothing is added, and the ID is null. One that was seen \
            with another payload is refused, unless --if-changed says ignore.

            Example:
              tenure inbox receive --tenant acme --source shop --message-id 8f2c --topic order.placed --payload -
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope
    @OptionGroup var payload: PayloadArgument
    @OptionGroup var work: WorkArguments

    @Option(help: "The topic, which decides what becomes of it.")
    var topic: String

    @Option(help: "Where the message comes from.")
    var source: String

    @Option(name: .customLong("message-id"), help: ArgumentHelp("The source's name for it.", valueName: "id"))
    var messageID: String

    @Option(
        help: ArgumentHelp("A known message with another payload: error (default) or ignore.", valueName: "what")
    )
    var ifChanged: ChangedMessage = .error

    func run() async throws {
        let payload = try self.payload.json()
        let id = try await self.scope.withClient(self.global) { client in
            try await client.receive(
                source: self.source,
                messageID: self.messageID,
                topic: self.topic,
                payload: payload,
                options: self.work.options,
                ifChanged: self.ifChanged
            )
        }
        self.global.results.done(
            .object(["id": .integer(id?.value), "seen": .boolean(id == nil)]),
            id.map(\.description) ?? "Seen before: nothing was added."
        )
    }
}
