internal import ArgumentParser
internal import Tenure

/// `tenure tenants changes`
struct TenantsChangesCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "changes",
        abstract: "Lists who changed which job or dead letter of a tenant, the newest first.",
        discussion: """
            Examples:
              tenure tenants changes acme
              tenure tenants changes acme --what dead_letter
            """
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var list: ListArguments

    @Argument(help: "The tenant; ID=URL for one that no registry or settings file knows.")
    var id: String

    @Option(help: ArgumentHelp("Changes whose name begins so, such as 'job.'.", valueName: "prefix"))
    var what: String?

    func run() async throws {
        var scope = TenantScope()
        scope.tenant = self.id
        let changes = try await scope.withClient(self.global) { client in
            try await client.changes(prefix: self.what, limit: self.list.limit)
        }
        self.global.results.list(
            changes.map(JSON.change),
            columns: ["at", "what", "name", "count", "detail", "by_role", "via"],
            empty: "No changes are kept."
        )
    }
}
