internal import ArgumentParser
internal import Tenure

/// `tenure dead retry`
struct DeadRetryCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Puts dead letters back to work under their IDs, with their attempts forgotten.",
        discussion: """
            Their errors are kept. Those whose unique key other work has meanwhile stay.

            Examples:
              tenure dead retry 4711 4712 --tenant acme
              tenure dead retry --tenant acme --topic 'report.*' --reason 'attempts exhausted' --plan
              tenure dead retry --tenant acme --before 2026-03-01T00:00:00Z --limit 500
              tenure dead retry --tenant acme --all
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @OptionGroup var selection: DeadLetterSelection

    func run() async throws {
        let ids = self.selection.ids
        guard ids.isEmpty else {
            try await self.scope.withClient(self.global) { client in
                for id in ids { try await client.retryDeadLetter(id) }
            }
            self.global.results.done(
                .object(["retried": .array(ids.map { .integer($0.value) })]),
                "Back to work: \(ids.map(\.description).joined(separator: ", "))."
            )
            return
        }
        let (filter, limit) = (self.selection.conditions.filter, self.selection.limit)
        let change = try await self.scope.withClient(self.global) { client in
            self.selection.plan
                ? try await client.planRetryOfDeadLetters(filter, limit: limit)
                : try await client.retryDeadLetters(filter, limit: limit)
        }
        let words = (did: "are back to work", would: "would go back to work", key: "retried")
        self.selection.report(change, to: self.global.results, words: words)
    }
}
