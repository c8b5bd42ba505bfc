internal import ArgumentParser
internal import Tenure

/// `tenure tenants show`
struct TenantsShowCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a tenant, and where it stands by its database.",
        discussion: """
            Example:
              tenure tenants show acme
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The tenant's ID.")
    var id: TenantID

    /// What its database says; null, with a warning, when it says nothing.
    private func status(of tenant: Tenant) async -> JSON {
        let router = TenantRouter(discovery: StaticDiscovery(tenant))
        let status: JSON
        do {
            status = .status(try await router.client(for: tenant.id).status(history: .zero))
        } catch {
            let reason = Failure(of: error)?.message ?? "\(error)"
            StandardStreams.writeError("warning: its database does not say where it stands: \(reason)")
            status = .null
        }
        await router.close()
        return status
    }

    func run() async throws {
        let registered = try await self.global.withRegistry { try await $0.tenant(self.id) }
        guard case .object(let entries) = JSON.tenant(registered) else { return }
        let status = await self.status(of: registered.tenant)
        switch self.global.output {
        case .json: self.global.results.object(.object(entries + [JSON.Entry(key: "status", value: status)]))
        case .text:
            guard case .object(let standing) = status else { return self.global.results.object(.object(entries)) }
            self.global.results.object(.object(entries + standing))
        }
    }
}
