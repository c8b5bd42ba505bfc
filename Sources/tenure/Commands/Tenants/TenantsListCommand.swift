internal import ArgumentParser
internal import Tenure

/// `tenure tenants list`
struct TenantsListCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the tenants of the registry.",
        discussion: """
            Examples:
              tenure tenants list
              tenure tenants list --all --output json
            """
    )

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Also those that were removed.")
    var all = false

    func run() async throws {
        let registered = try await self.global.withRegistry { try await $0.tenants(includingInactive: self.all) }
        for row in registered.unreadable {
            StandardStreams.writeError("warning: tenant '\(row.tenant)': \(row.reason)")
        }
        var columns = ["id", "name", "connection", "schema", "suspended", "pinned_node", "weight", "labels"]
        if self.all { columns.insert("active", at: 4) }
        self.global.results.list(registered.tenants.map(JSON.tenant), columns: columns, empty: "No tenants.")
    }
}
