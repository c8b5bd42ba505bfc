internal import Foundation
internal import Tenure

/// The clients of a command, with what they need closed afterwards.
struct TenantAccess: Sendable {
    let router: TenantRouter
    private let cluster: ClusterClient

    /// Clients of the tenants that these settings know. Connects when they are first used.
    init(_ settings: Settings) throws {
        self.cluster = try settings.clusterClient()
        self.router = TenantRouter(
            discovery: try settings.tenantDiscovery(),
            hints: self.cluster,
            name: Self.caller
        )
    }

    /// Who calls, for the tenant's record of changes.
    private static var caller: String {
        let name = "command by \(NSUserName())@\(ProcessInfo.processInfo.hostName)"
        return String(name.filter { $0.isASCII && !$0.isNewline }.prefix(50))
    }

    /// Sends what is to be sent, and closes every connection.
    func close() async {
        await self.router.close()
        await self.cluster.close()
    }
}

extension Settings {
    /// A client of the cluster.
    func clusterClient() throws -> ClusterClient {
        try ClusterClient(redisURL: self.redis, cluster: self.cluster, keyPrefix: self.keyPrefix)
    }

    /// The registry.
    ///
    /// - Throws: ``InvalidSettings`` when there is none.
    func tenantRegistry() throws -> Registry {
        guard let registry else {
            let message = "no registry: give --registry, or set TENURE_REGISTRY_URL or DATABASE_URL"
            throw InvalidSettings(problems: [SettingsProblem(place: nil, message: message)])
        }
        return Registry(connection: registry)
    }
}
