internal import ArgumentParser
internal import Tenure
internal import TenureCore

/// `tenure limits list`
struct LimitsListCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the limits of a tenant; those of a node's settings are shown by `config check`.",
        discussion: """
            Example:
              tenure limits list --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope

    func run() async throws {
        let limits = try await self.scope.withClient(self.global) { try await $0.limits() }
        self.global.results.list(
            limits.map(JSON.limit),
            columns: ["name", "topic", "key", "max_running", "rate", "burst"],
            empty: "No limits."
        )
    }
}

extension JSON {
    /// A limit as it was put.
    static func limit(_ limit: LimitDefinition) -> JSON {
        .object([
            "name": .string(limit.name),
            "topic": .string(limit.topic),
            "key": .string(orNull: limit.key),
            "max_running": .integer(limit.maxRunning.map(Int64.init)),
            "rate": .string(orNull: limit.rate?.description),
            "burst": .integer(limit.burst.map(Int64.init)),
        ])
    }
}
