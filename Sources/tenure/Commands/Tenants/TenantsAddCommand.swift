internal import ArgumentParser
internal import Tenure
internal import TenureCore

/// `tenure tenants add`
struct TenantsAddCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Adds a tenant; running nodes take it up within seconds.",
        discussion: """
            Examples:
              tenure tenants add acme --connection postgresql://127.0.0.1/acme
              tenure tenants add globex --connection env:GLOBEX_URL --schema app --weight 2 --label region=eu
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The tenant's ID: 1 to 64 letters, digits, dots, underscores or hyphens.")
    var id: TenantID

    @Option(help: ArgumentHelp("A libpq URI or keyword string, or env:VARIABLE, or file:PATH.", valueName: "url"))
    var connection: String

    @Option(help: "The schema that holds its tables.")
    var schema = "tenure"

    @Option(help: ArgumentHelp("Its share of the load.", valueName: "number"))
    var weight = 1.0

    @Option(help: ArgumentHelp("Higher comes first under the priority selection.", valueName: "n"))
    var priority = 0

    @Option(
        name: .customLong("label"),
        help: ArgumentHelp("A label that its node must have. Repeatable.", valueName: "k=v")
    )
    var labels: [String] = []

    @Option(help: ArgumentHelp("The only node that may own it.", valueName: "node"))
    var pin: NodeID?

    @Option(help: "For people.")
    var name: String?

    func validate() throws {
        for label in self.labels where label.split(separator: "=", maxSplits: 1).count != 2 {
            throw ValidationError("--label takes k=v, such as region=eu; got '\(label)'")
        }
    }

    func run() async throws {
        var labels: [String: String] = [:]
        for label in self.labels {
            let parts = label.split(separator: "=", maxSplits: 1)
            labels[String(parts[0])] = String(parts[1])
        }
        let tenant = Tenant(
            id: self.id,
            connection: self.connection,
            schema: self.schema,
            weight: self.weight,
            priority: self.priority,
            labels: labels,
            pinnedNode: self.pin
        )
        try await self.global.withRegistry { registry in
            do {
                try await registry.add(tenant, name: self.name)
            } catch let error as RequestRefused where !error.isNotFound {
                throw Failure(.failed, error.description)
            }
        }
        self.global.results.done(.object(["id": .string(self.id.description)]), "Tenant \(self.id) is added.")
    }
}
