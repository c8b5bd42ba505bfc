internal import ArgumentParser
internal import Tenure
internal import TenureSinks

/// `tenure config check`
struct ConfigCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Prints the effective settings and where each came from; passwords are masked.",
        discussion: """
            Exits with status 78, and says what is wrong, where, and what to do, when the settings cannot be used.

            Example:
              TENURE_HEARTBEAT_INTERVAL=500ms tenure config check --config tenure.yaml
            """
    )

    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let settings = try self.global.settings()
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
        switch rule.sink {
        case .log: .object(["match": .string(rule.pattern), "sink": "log"])
        case .sleep: .object(["match": .string(rule.pattern), "sink": "sleep"])
        case .exec(let exec):
            .object([
                "match": .string(rule.pattern), "sink": "exec",
                "command": .string(exec.command.joined(separator: " ")),
            ])
        }
    }
}
