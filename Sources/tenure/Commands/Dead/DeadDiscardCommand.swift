internal import ArgumentParser
internal import Tenure

/// `tenure dead discard`
struct DeadDiscardCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "discard",
        abstract: "Deletes dead letters for good; their history stays.",
        discussion: """
            Examples:
              tenure dead discard 4711 --tenant acme
              tenure dead discard --tenant acme --job nightly --before 2026-03-01T00:00:00Z --plan
              tenure dead discard --tenant acme --all
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    @OptionGroup var selection: DeadLetterSelection

    func run() async throws {
        guard self.selection.ids.isEmpty else { return try await self.discard(self.selection.ids) }
        let (filter, limit) = (self.selection.conditions.filter, self.selection.limit)
        let change = try await self.scope.withClient(self.global) { client in
            self.selection.plan
                ? try await client.planDiscardOfDeadLetters(filter, limit: limit)
                : try await client.discardDeadLetters(filter, limit: limit)
        }
        let words = (did: "are discarded", would: "would be discarded", key: "discarded")
        self.selection.report(change, to: self.global.results, words: words)
    }

    private func discard(_ ids: [WorkID]) async throws {
        let missing = try await self.scope.withClient(self.global) { client in
            var missing: [WorkID] = []
            for id in ids where try await !client.discardDeadLetter(id) { missing.append(id) }
            return missing
        }
        guard missing.isEmpty else {
            throw Failure(.failed, "no such dead letters: \(missing.map(\.description).joined(separator: ", "))")
        }
        self.global.results.done(
            .object(["discarded": .array(ids.map { .integer($0.value) })]),
            "Discarded: \(ids.map(\.description).joined(separator: ", "))."
        )
    }
}
