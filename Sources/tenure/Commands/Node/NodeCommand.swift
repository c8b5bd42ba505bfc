internal import ArgumentParser
internal import Foundation
internal import Logging
internal import Tenure
internal import TenureSinks
internal import UnixSignals

/// `tenure node`
struct NodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node",
        abstract: "Runs one node until SIGTERM or SIGINT.",
        discussion: """
            The node joins the cluster, shares its tenants with the other nodes, and runs what is due. On SIGTERM or \
            SIGINT it hands its tenants over, lets runs finish, and leaves; a second signal ends it at once. Events \
            go to standard output, one a line; logs to standard error. What becomes of work is said by the rules \
            under 'topics' in the settings file; without them it is logged.

            Examples:
              tenure node --node-id node-1 --registry postgresql://127.0.0.1/registry
              tenure node --node-id node-2 --tenant acme=postgresql://127.0.0.1/acme --event-format json
              tenure node --config tenure.yaml --set runs.max_concurrent=200
            """
    )

    @OptionGroup var global: GlobalOptions

    @Option(
        name: .customLong("node-id"),
        help: ArgumentHelp("The node's name. Default: host and a random suffix.", valueName: "id")
    )
    var nodeID: String?

    @Option(
        name: .customLong("tenant"),
        help: ArgumentHelp(
            "A tenant without a registry: its ID and where its database is. Repeatable.",
            valueName: "id=url"
        )
    )
    var tenants: [String] = []

    @Option(help: "The form of events on standard output.")
    var eventFormat: OutputFormat = .text

    func run() async throws {
        // A reader of events that goes away must not take the node with it.
        signal(SIGPIPE, SIG_IGN)
        let settings = try self.effectiveSettings()
        do {
            try await self.run(settings)
        } catch NodeError.redisUnreachable(let reason) {
            throw Failure(redisUnreachable: reason, settings)
        }
    }

    private func effectiveSettings() throws -> Settings {
        var settings = try self.global.settings(flags: self.nodeID.map { [("node_id", "--node-id", $0)] } ?? [])
        for tenant in try self.tenants.map(TenantArgument.parse) {
            // A flag comes before the file.
            settings.tenants.removeAll { $0.id == tenant.id }
            settings.tenants.append(tenant)
        }
        return settings
    }

    private func run(_ settings: Settings) async throws {
        let options = try settings.nodeOptions()
        let logger = self.global.logger(settings)
        let node = try Node(
            options: options,
            discovery: try settings.tenantDiscovery(),
            handlers: Handlers(rules: settings.topics),
            logger: logger
        )
        let watch = try TenantListWatch(settings, node: options.nodeID, logger: logger)
        let events = node.events(minimum: settings.logLevel <= .debug ? .debug : .info)
        try await Self.run(node, watch, printing: events, as: self.eventFormat)
    }

    private static func run(
        _ node: Node,
        _ watch: TenantListWatch,
        printing events: AsyncStream<ClusterEvent>,
        as format: OutputFormat
    ) async throws {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let printer = LinePrinter()
        let watched = node.events()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await event in events { printer.write(format == .json ? event.json : event.text) }
            }
            group.addTask {
                var isFirst = true
                for await signal in signals {
                    if !isFirst { Foundation.exit(signal == .sigint ? 130 : 143) }
                    isFirst = false
                    node.shutDown()
                }
            }
            group.addTask { await watch.run(watched) }
            try await node.run()
            // The events end with the node; the signals only when they are cancelled.
            try await group.next()
            group.cancelAll()
        }
        await printer.flush()
    }
}
