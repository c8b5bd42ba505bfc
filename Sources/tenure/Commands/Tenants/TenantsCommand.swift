internal import ArgumentParser

/// `tenure tenants`
struct TenantsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenants",
        abstract: "The tenants in the registry.",
        discussion: """
            Nodes hear of each change and follow within seconds.

            Example:
              tenure tenants add acme --connection postgresql://127.0.0.1/acme
            """,
        subcommands: [
            TenantsAddCommand.self, TenantsListCommand.self, TenantsShowCommand.self, TenantsSuspendCommand.self,
            TenantsResumeCommand.self, TenantsRemoveCommand.self, TenantsMoveCommand.self, TenantsPinCommand.self,
            TenantsUnpinCommand.self, TenantsMigrateCommand.self, TenantsExportCommand.self, TenantsImportCommand.self,
            TenantsChangesCommand.self,
        ]
    )
}
