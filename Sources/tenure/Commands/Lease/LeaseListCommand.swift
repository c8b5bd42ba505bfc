internal import ArgumentParser
internal import Tenure
internal import TenureCore

/// `tenure lease list`
struct LeaseListCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the leases, and permits of semaphores, that are held in a tenant's database, by name.",
        discussion: """
            Example:
              tenure lease list --tenant acme
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var scope: TenantScope
    @OptionGroup var list: ListArguments

    func run() async throws {
        let leases = try await self.scope.withClient(self.global) { try await $0.leases(limit: self.list.limit) }
        self.global.results.list(
            leases.map(Self.json),
            columns: ["kind", "name", "token", "holder", "acquired_at", "expires_at", "waiting"],
            empty: "No leases."
        )
    }

    private static func json(_ lease: LeaseInfo) -> JSON {
        .object([
            "kind": .string(lease.kind.rawValue),
            "name": .string(lease.name),
            "token": .integer(lease.token.value),
            "holder": .string(lease.holder),
            "acquired_at": .time(lease.acquiredAt),
            "expires_at": .time(lease.expiresAt),
            "limit": .integer(lease.limit),
            "waiting": .integer(lease.waiting),
        ])
    }
}
