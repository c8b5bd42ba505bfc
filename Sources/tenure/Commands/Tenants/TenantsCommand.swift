internal import ArgumentParser

/// `tenure tenants`
struct TenantsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tenants",
        abstract: "The tenants in the registry.",
        subcommands: [
            TenantsAddCommand.self, TenantsListCommand.self, TenantsShowCommand.self, TenantsSuspendCommand.self,
            TenantsResumeCommand.self, TenantsRemoveCommand.self, TenantsMoveCommand.self, TenantsPinCommand.self,
            TenantsUnpinCommand.self, TenantsMigrateCommand.self,
        ]
    )
}
