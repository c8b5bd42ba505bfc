internal import ArgumentParser
internal import Tenure

/// `tenure outbox enqueue`
struct OutboxEnqueueCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "enqueue",
        abstract: "Enqueues a message, and prints its ID; or those of a file.",
        discussion: """
            With --from, each line of the file is a JSON object with the keys topic (unless --topic is given), \
            payload, unique_key and ordering_key, of which all but the topic may be left out. The lines are enqueued \
            in steps of 1,000, each a transaction; progress goes to standard error. After a failure --skip goes on \
            where it ended.

            Examples:
              tenure outbox enqueue --tenant acme --topic invoice.send --payload '{"number": 7}'
              tenure outbox enqueue --tenant acme --topic stock.changed --ordering-key item-3
              tenure outbox enqueue --tenant acme --from messages.jsonl --skip 3000
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope
    @OptionGroup var payload: PayloadArgument
    @OptionGroup var work: WorkArguments

    @Option(help: "The topic, which decides what becomes of it.")
    var topic: String?

    @Option(
        name: .customLong("in"),
        help: ArgumentHelp("Not before this, by the database's clock.", valueName: "duration")
    )
    var delay: DurationArgument?

    @Option(help: ArgumentHelp("A file of messages, one a line; - reads standard input.", valueName: "file"))
    var from: String?

    @Option(help: ArgumentHelp("Lines of the file that were enqueued before.", valueName: "lines"))
    var skip = 0

    @Option(help: ArgumentHelp("A group that they join, as from groups open.", valueName: "id"))
    var group: GroupID?

    private var due: WorkDue { self.delay.map { .after($0.duration) } ?? .now }

    func validate() throws {
        guard let from else {
            if self.topic == nil {
                throw ValidationError("--topic is missing: it decides what becomes of the message.")
            }
            if self.skip != 0 { throw ValidationError("--skip belongs to --from.") }
            return
        }
        guard self.payload.payload == nil, self.work.uniqueKey == nil, self.work.orderingKey == nil else {
            throw ValidationError("With --from \(from), payloads and keys are said by the lines of the file.")
        }
        guard self.skip >= 0 else { throw ValidationError("--skip is \(self.skip): use 0 or more.") }
    }

    func run() async throws {
        if let from {
            try await self.load(from)
            return
        }
        let message = Message(
            self.topic ?? "",
            payload: try self.payload.json(),
            uniqueKey: self.work.uniqueKey,
            orderingKey: self.work.orderingKey
        )
        let ids = try await self.scope.withClient(self.global) { client in
            try await client.enqueue(
                contentsOf: [message],
                due: self.due,
                options: self.work.options,
                group: self.group
            )
        }
        guard let id = ids.first else { throw Failure(.failed, "the database returned no ID") }
        self.global.results.done(.object(["id": .integer(id.value)]), "\(id)")
    }

    private func load(_ path: String) async throws {
        let file = try MessageFile(path, topic: self.topic)
        var first: WorkID?
        var last: WorkID?
        var count = 0
        try await self.scope.withClient(self.global) { client in
            try file.skip(self.skip)
            while true {
                let done = file.lineCount
                let step = try file.next(MessageFile.step)
                if step.isEmpty { break }
                let ids: [WorkID]
                do {
                    ids = try await client.enqueue(
                        contentsOf: step,
                        due: self.due,
                        options: self.work.options,
                        group: self.group
                    )
                } catch {
                    StandardStreams.writeError("lines after \(done) were not enqueued; go on with --skip \(done)")
                    throw error
                }
                first = first ?? ids.first
                last = ids.last
                count += ids.count
                StandardStreams.writeError("\(count) messages are enqueued")
            }
        }
        self.global.results.done(
            .object([
                "enqueued": .integer(count), "first_id": .integer(first?.value), "last_id": .integer(last?.value),
            ]),
            "\(count) messages are enqueued" + (first.map { first in ", \(first) to \(last ?? first)." } ?? ".")
        )
    }
}
