internal import ArgumentParser
internal import Tenure
internal import TenureCore

/// The tenants that a command was asked about, and settings that know them.
struct TenantSelection {
    /// Empty for all.
    let ids: [TenantID]
    let settings: Settings

    /// Reads `ID` and `ID=URL`.
    ///
    /// - Throws: `ValidationError` or ``InvalidName``.
    init(_ texts: [String], _ settings: Settings) throws {
        var settings = settings
        var ids: [TenantID] = []
        var isKnownOtherwise = false
        for text in texts {
            if text.contains("=") {
                let tenant = try TenantArgument.parse(text)
                settings.tenants.removeAll { $0.id == tenant.id }
                settings.tenants.append(tenant)
                ids.append(tenant.id)
            } else {
                ids.append(try TenantID(text))
                isKnownOtherwise = true
            }
        }
        if !ids.isEmpty, !isKnownOtherwise {
            // Every one came with its URL: no registry is needed.
            settings.registry = nil
            settings.discovery.query = nil
        }
        self.ids = ids
        self.settings = settings
    }
}
