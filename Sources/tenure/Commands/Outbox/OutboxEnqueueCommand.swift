internal import ArgumentParser
internal import Tenure

/// `tenure outbox enqueue`
struct OutboxEnqueueCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "enqueue",
        abstract: "Enqueues a message; prints its ID.",
        discussion: """
            Examples:
              tenure outbox enqueue --tenant acme --topic invoice.send --payload '{"number": 7}'
              tenure outbox enqueue --tenant acme --topic stock.changed --ordering-key item-3
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope
    @OptionGroup var payload: PayloadArgument
    @OptionGroup var work: WorkArguments

    @Option(help: "The topic, which decides what becomes of it.")
    var topic: String

    @Option(
        name: .customLong("in"),
        help: ArgumentHelp("Not before this, by the database's clock.", valueName: "duration")
    )
    var delay: DurationArgument?

    func run() async throws {
        let payload = try self.payload.json()
        let id = try await self.scope.withClient(self.global) { client in
            try await client.enqueue(
                self.topic,
                payload: payload,
                due: self.delay.map { .after($0.duration) } ?? .now,
                options: self.work.options
            )
        }
        self.global.results.done(.object(["id": .integer(id.value)]), "\(id)")
    }
}
