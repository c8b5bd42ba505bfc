internal import ArgumentParser
internal import Tenure
internal import TenureSinks

/// `tenure config check`
struct ConfigCheckCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Prints the effective settings and where each came from; passwords are masked.",
        discussion: """
            Checks what a node checks when it starts. Exits with status 78 when the settings cannot be used, and \
            says what is wrong, by the key in the settings file, where the value came from, and what to do.

            Examples:
              tenure config check --config tenure.yaml
              TENURE_HEARTBEAT_INTERVAL=500ms tenure config check --set coordination.lock_duration=6s --output json
            """
    )

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let settings = try self.global.settings()
        // A query without a database to run in is a contradiction; no tenants at all may be meant.
        if settings.discovery.query != nil { _ = try settings.tenantDiscovery() }
        let scalars = SettingsCatalogue.definitions.map { definition in
            let text = definition.text(settings)
            return Self.entry(
                definition.key,
                value: .string(orNull: definition.isSecret ? text.map(SecretMask.apply) : text),
                settings: settings
            )
        }
        let structures = [
            Self.entry("labels", value: .labels(settings.labels), settings: settings),
            Self.entry("tenants", value: .array(settings.tenants.map(Self.object)), settings: settings),
            Self.entry("topics", value: .array(settings.topics.map(Self.object)), settings: settings),
        ]
        self.global.results.list(scalars + structures, columns: ["key", "value", "source"], empty: "")
    }

    private static func entry(_ key: String, value: JSON, settings: Settings) -> JSON {
        .object(["key": .string(key), "value": value, "source": .string(settings.source(of: key).description)])
    }

    private static func object(_ tenant: Tenant) -> JSON {
        .object([
            "id": .string(tenant.id.description),
            "connection": .string(SecretMask.apply(tenant.connection)),
            "schema": .string(tenant.schema),
        ])
    }

    private static func object(_ rule: TopicRule) -> JSON {
        var entries = [JSON.Entry(key: "match", value: .string(rule.pattern))]
        switch rule.sink {
        case .log: entries.append(JSON.Entry(key: "sink", value: "log"))
        case .sleep: entries.append(JSON.Entry(key: "sink", value: "sleep"))
        case .exec(let exec):
            entries.append(JSON.Entry(key: "sink", value: "exec"))
            entries.append(JSON.Entry(key: "command", value: .string(exec.command.joined(separator: " "))))
        case .sql(let sql):
            entries.append(JSON.Entry(key: "sink", value: "sql"))
            entries.append(JSON.Entry(key: "function", value: .string(sql.function)))
            entries.append(JSON.Entry(key: "context", value: .boolean(sql.passesContext)))
        }
        if let most = rule.maxRunning { entries.append(JSON.Entry(key: "max_running", value: .integer(Int64(most)))) }
        if let rate = rule.rate { entries.append(JSON.Entry(key: "rate", value: .string(rate.description))) }
        if let burst = rule.burst { entries.append(JSON.Entry(key: "burst", value: .integer(Int64(burst)))) }
        return .object(entries)
    }
}
