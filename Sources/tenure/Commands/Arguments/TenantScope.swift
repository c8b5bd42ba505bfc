internal import ArgumentParser
internal import Tenure

/// Which tenant a command is about.
struct TenantScope: ParsableArguments {
    @Option(help: ArgumentHelp("The tenant; ID=URL for one that no registry or settings file knows.", valueName: "id"))
    var tenant: String

    /// Nothing yet: the parser fills it.
    init() {}

    /// A tenant that is known.
    init(tenant: TenantID) {
        self.tenant = tenant.description
    }

    /// Gives a client of the tenant to a body.
    func withClient<Value>(
        _ global: GlobalOptions,
        _ body: (TenantClient) async throws -> Value
    ) async throws -> Value {
        var settings = try global.settings()
        var name = self.tenant
        if self.tenant.contains("=") {
            let tenant = try TenantArgument.parse(self.tenant)
            settings.tenants = [tenant]
            settings.registry = nil
            settings.discovery.query = nil
            name = tenant.id.description
        }
        let access = try TenantAccess(settings)
        do {
            let value = try await body(try await access.router.client(for: name))
            await access.close()
            return value
        } catch {
            await access.close()
            throw error
        }
    }
}

/// A tenant on the command line.
enum TenantArgument {
    /// Reads `ID=URL`.
    static func parse(_ text: String) throws -> Tenant {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            let shown = SecretMask.apply(text)
            throw ValidationError("--tenant takes ID=URL, such as acme=postgresql://127.0.0.1/acme; got '\(shown)'")
        }
        let id = try TenantID(String(text[..<equals]))
        return Tenant(id: id, connection: String(text[text.index(after: equals)...]))
    }
}
