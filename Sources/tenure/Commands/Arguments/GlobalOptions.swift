internal import ArgumentParser
internal import Foundation
internal import Logging

/// What every command understands.
struct GlobalOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where Redis is.", valueName: "url"))
    var redis: String?

    @Option(help: ArgumentHelp("The database that holds the registry of tenants.", valueName: "url"))
    var registry: String?

    @Option(help: ArgumentHelp("The cluster's name.", valueName: "name"))
    var cluster: String?

    @Option(help: ArgumentHelp("A settings file, YAML or JSON.", valueName: "file"))
    var config: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Sets anything that a settings file can set, e.g. coordination.lock_duration=4s. Repeatable.",
            valueName: "key=value"
        )
    )
    var assignments: [String] = []

    @Option(help: "The form of what goes to standard output.")
    var output: OutputFormat = .text

    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
    var logLevel: String?

    /// Where results go.
    var results: Output { Output(format: self.output) }

    /// The effective settings.
    ///
    /// - Parameter flags: What a command's own flags say, by key, with the flag's name.
    func settings(
        flags: [(key: String, flag: String, text: String)] = []
    ) throws -> Settings {
        var resolver = SettingsResolver()
        resolver.flags = flags
        let own = [
            ("redis", "--redis", self.redis), ("registry", "--registry", self.registry),
            ("cluster", "--cluster", self.cluster), ("log_level", "--log-level", self.logLevel),
        ]
        for case (let key, let flag, let text?) in own { resolver.flags.append((key, flag, text)) }
        for assignment in self.assignments {
            guard let equals = assignment.firstIndex(of: "=") else {
                throw ValidationError(
                    "--set takes key=value, such as coordination.lock_duration=4s; got '\(assignment)'"
                )
            }
            let key = String(assignment[..<equals])
            resolver.flags.append((key, "--set \(key)", String(assignment[assignment.index(after: equals)...])))
        }
        resolver.environment = ProcessInfo.processInfo.environment
        resolver.path = self.config
        return try resolver.resolve()
    }

    /// A logger that writes to standard error.
    func logger(_ settings: Settings) -> Logger {
        var logger = Logger(label: "tenure") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = settings.logLevel
        return logger
    }
}
