import Foundation
import Tenure

/// The part of an application that only hands work over: it runs no node.
///
/// Sends an invoice and asks for a report, for a tenant of the program in `examples/embedded`.
/// Usage: `enqueue TENANT`; environment: `POSTGRES_URL`.
@main
struct Enqueue {
    static func main() async throws {
        let postgres = ProcessInfo.processInfo.environment["POSTGRES_URL"] ?? "postgresql://127.0.0.1/postgres"
        let router = TenantRouter(
            discovery: StaticDiscovery(
                Tenant(id: try TenantID("acme"), connection: postgres, schema: "embedded_acme"),
                Tenant(id: try TenantID("globex"), connection: postgres, schema: "embedded_globex")
            )
        )
        do {
            let client = try await router.client(for: CommandLine.arguments.dropFirst().first ?? "acme")
            try await client.migrate()
            let invoice = try await client.enqueue("invoice.send", payload: #"{"number": 7, "email": "a@example.org"}"#)
            let report = try await client.schedule(
                "report.make",
                after: .seconds(2),
                payload: #"{"month": "2026-03"}"#
            )
            try await client.putJob(
                "nightly",
                topic: "report.make",
                cron: "0 3 * * *",
                payload: #"{"month": "2026-03"}"#
            )
            Self.say("invoice is work \(invoice), report is work \(report)")
        } catch let error as UnknownTenant {
            Self.say("\(error)")
            exit(1)
        }
        await router.close()
    }

    private static func say(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }
}
