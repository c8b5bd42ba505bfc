internal import ArgumentParser
internal import Tenure

/// `tenure outbox fan-out`
struct OutboxFanOutCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "fan-out",
        abstract: "Enqueues a message for each row of a query; goes on where it ended when it is called again.",
        discussion: """
            The query runs in the tenant's database and returns the columns key, which is unique and orders the rows, \
            and payload, JSON. It is done in steps, each a transaction that also stores how far it came: after a crash \
            the same command goes on from there, and no row that keeps its key gets two messages, or none. With \
            --follow-up, that topic gets a message once all others have ended.

            Examples:
              tenure outbox fan-out news-12 --tenant acme --topic mail.send --query \
            'SELECT id AS key, to_jsonb(c) AS payload FROM app.customers AS c'
              tenure outbox fan-out bills --tenant acme --topic bill --follow-up billed --step 500 --query \
            'SELECT id AS key, to_jsonb(a) AS payload FROM app.accounts AS a'
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope
    @OptionGroup var runs: RunArguments

    @Argument(help: "Its name, which is how it goes on.")
    var name: String

    @Option(help: "The messages' topic.")
    var topic: String

    @Option(help: ArgumentHelp("Returns key and payload.", valueName: "sql"))
    var query: String

    @Option(help: ArgumentHelp("The topic of a message that follows once all have ended.", valueName: "topic"))
    var followUp: String?

    @Option(help: ArgumentHelp("Rows in one transaction.", valueName: "n"))
    var step = 1_000

    func validate() throws {
        guard (1...100_000).contains(self.step) else {
            throw ValidationError("--step is \(self.step): use 1 to 100,000.")
        }
    }

    func run() async throws {
        var fanOut = FanOut(name: self.name, topic: self.topic, query: self.query, followUp: self.followUp)
        fanOut.rowsPerStep = self.step
        fanOut.options.priority = self.runs.priority
        fanOut.options.retry = self.runs.retry
        let info = try await self.scope.withClient(self.global) { [fanOut] client in
            try await client.fanOut(fanOut) { count in
                StandardStreams.writeError("\(count) messages are enqueued")
            }
        }
        self.global.results.done(.fanOut(info), "\(info.enqueued) messages are enqueued.")
    }
}
