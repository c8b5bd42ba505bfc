internal import Foundation
internal import TestSupport

extension TestCluster {
    /// Runs a query in one tenant's database, with `@` standing for its schema.
    package func query(_ tenant: Tenant, _ sql: String) async throws -> [[String]] {
        let text = try await self.postgres.query(
            sql.replacingOccurrences(of: "@", with: tenant.schema),
            database: tenant.database
        )
        return Self.rows(text)
    }

    /// Runs a query over all tenants, one round trip a database; each row begins with the tenant's ID.
    ///
    /// `@` stands for the tenant's schema, `@tenant` for its ID.
    package func queryAll(_ sql: String, tenants: [Tenant]? = nil) async throws -> [[String]] {
        var rows: [[String]] = []
        for (database, tenants) in Dictionary(grouping: tenants ?? self.tenants, by: \.database).sorted(by: {
            $0.key < $1.key
        }) {
            let statements = tenants.map { tenant in
                let one = sql.replacingOccurrences(of: "@tenant", with: tenant.id)
                    .replacingOccurrences(of: "@", with: tenant.schema)
                return "SELECT '\(tenant.id)', q.* FROM (\(one)) q"
            }
            let text = try await self.postgres.query(statements.joined(separator: "; "), database: database)
            rows += Self.rows(text)
        }
        return rows
    }

    private static func rows(_ text: String) -> [[String]] {
        text.split(separator: "\n").map {
            $0.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        }
    }

    /// The tenants' Postgres now, in seconds since 1970.
    package func now() async throws -> Double {
        let text = try await self.postgres.query("SELECT extract(epoch FROM clock_timestamp())")
        guard let now = Double(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw ChildProcess.Failure("no time: \(text)")
        }
        return now
    }

    /// Which node owns each tenant, as the fences in Postgres say.
    package func owners(tenants: [Tenant]? = nil) async throws -> [String: String] {
        let rows = try await self.queryAll("SELECT node FROM @.fence", tenants: tenants)
        return Dictionary(rows.map { ($0[0], $0[1]) }, uniquingKeysWith: { $1 })
    }

    /// The installed epoch of each tenant.
    package func epochs() async throws -> [String: Int] {
        let rows = try await self.queryAll("SELECT epoch FROM @.fence")
        return Dictionary(rows.map { ($0[0], Int($0[1]) ?? -1) }, uniquingKeysWith: { $1 })
    }
}
