internal import ArgumentParser
internal import Tenure

/// `tenure outbox fan-outs`
struct OutboxFanOutsCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "fan-outs",
        abstract: "Lists fan-outs, the newest first, and how far they are; or forgets one.",
        discussion: """
            A name that was forgotten can be used again. What was enqueued under it stays.

            Examples:
              tenure outbox fan-outs --tenant acme
              tenure outbox fan-outs --tenant acme --forget news-12
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope
    @OptionGroup var list: ListArguments

    @Option(help: ArgumentHelp("Forgets this one instead.", valueName: "name"))
    var forget: String?

    func run() async throws {
        if let forget {
            let wasThere = try await self.scope.withClient(self.global) { try await $0.forgetFanOut(forget) }
            guard wasThere else { throw Failure(.failed, "there is no fan-out '\(forget)'") }
            self.global.results.done(.object(["forgotten": .string(forget)]), "Fan-out \(forget) is forgotten.")
            return
        }
        let fanOuts = try await self.scope.withClient(self.global) { try await $0.fanOuts(limit: self.list.limit) }
        self.global.results.list(
            fanOuts.map(JSON.fanOut),
            columns: ["name", "topic", "enqueued", "last_key", "group", "started_at", "finished_at"],
            empty: "No fan-outs."
        )
    }
}
