internal import ArgumentParser
internal import Foundation
internal import UnixSignals

/// `tenure dev`
struct DevCommand: GlobalCommand {
    static let configuration = CommandConfiguration(
        commandName: "dev",
        abstract: "Runs a whole cluster to try things on, with servers of its own.",
        discussion: """
            Starts a private Redis and Postgres in a temporary directory, a registry with sample tenants (each its own \
            database) that have a job due every second, a timer and a message each second, and node processes. Prints \
            the nodes' events, and how to kill a node; nothing is started again. Ends by SIGINT, SIGTERM, or after \
            --duration seconds: stops the nodes gracefully, and checks from the databases that nothing was missed and \
            nothing completed twice; exits with status 1 otherwise. Leaves nothing behind.

            With --output json, events go to standard error, and standard output gets the summary.

            Examples:
              tenure dev
              tenure dev --nodes 5 --tenants 20 --duration 60
              tenure dev --set coordination.heartbeat_interval=500ms
            """
    )

    @Option(help: ArgumentHelp("Node processes.", valueName: "n"))
    var nodes = 3

    @Option(help: ArgumentHelp("Sample tenants.", valueName: "n"))
    var tenants = 5

    @Option(help: ArgumentHelp("End after so many seconds (or a duration such as 2m).", valueName: "seconds"))
    var duration: String?

    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (1...50).contains(self.nodes) else { throw ValidationError("--nodes is \(self.nodes): use 1 to 50.") }
        guard (1...1_000).contains(self.tenants) else {
            throw ValidationError("--tenants is \(self.tenants): use 1 to 1,000.")
        }
        if let duration, Self.seconds(duration) == nil {
            throw ValidationError("--duration is '\(duration)': write seconds, or a duration such as 90s or 2m.")
        }
    }

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        signal(SIGPIPE, SIG_IGN)
        // Checked here, so that bad settings are told once and not by every node.
        _ = try self.global.settings()
        var options = DevOptions(nodes: self.nodes, tenants: self.tenants)
        options.duration = self.duration.flatMap(Self.seconds)
        options.nodeArguments = self.global.assignments.flatMap { ["--set", $0] }
        options.nodeArguments += self.global.config.map { ["--config", $0] } ?? []
        options.nodeArguments += ["--log-level", self.global.logLevel ?? "warning"]

        let cluster = try await DevCluster.start(options)
        let summary: DevSummary
        do {
            summary = try await self.run(cluster, until: signals)
        } catch {
            await cluster.stop()
            throw error
        }
        await cluster.stop()
        self.global.results.result(summary.json, text: summary.text)
        guard summary.isClean else { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    private func run(_ cluster: DevCluster, until signals: UnixSignalsSequence) async throws -> DevSummary {
        let say = self.say
        let nodes = try await cluster.startNodes()
        for line in Self.instructions(cluster, nodes) { say(line) }
        let (stops, stop) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for node in nodes { group.addTask { await cluster.follow(node, print: say) } }
            group.addTask {
                var isFirst = true
                for await _ in signals {
                    if !isFirst { await Self.endAtOnce(cluster, nodes) }
                    isFirst = false
                    stop.yield()
                }
            }
            await withTaskGroup(of: Void.self) { work in
                work.addTask { await cluster.makeTraffic() }
                await Self.waitForEnd(stops, cluster.options.duration)
                work.cancelAll()
            }
            say("Stopping: waiting for what is due, then for the nodes to leave.")
            let summary = try await cluster.finish(nodes)
            group.cancelAll()
            return summary
        }
    }

    /// Returns when it is to stop, or when the time is over.
    private static func waitForEnd(_ stops: AsyncStream<Void>, _ duration: Duration?) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in stops { return }
            }
            if let duration {
                // Ends early by cancellation only.
                group.addTask { try? await Task.sleep(for: duration) }
            }
            await group.next()
            group.cancelAll()
        }
    }

    /// Somebody is in a hurry: no hand-over, no summary, but nothing is left behind either.
    private static func endAtOnce(_ cluster: DevCluster, _ nodes: [DevNode]) async -> Never {
        for node in nodes { node.process.signal(SIGKILL) }
        await cluster.stop()
        Foundation.exit(ExitStatus.failed.rawValue)
    }

    private var say: @Sendable (String) -> Void {
        switch self.global.output {
        case .text: { StandardStreams.write($0) }
        case .json: { StandardStreams.writeError($0) }
        }
    }

    private static func instructions(_ cluster: DevCluster, _ nodes: [DevNode]) -> [String] {
        var lines = ["Redis    \(cluster.redisURL)", "Registry \(cluster.registryURL)"]
        for node in nodes {
            let pid = node.process.pid
            lines.append("\(node.id)   process \(pid): kill -9 \(pid) lets it crash, kill \(pid) lets it leave")
        }
        lines.append("Who owns what: tenure cluster status --cluster dev --redis \(cluster.redisURL)")
        lines.append("Ctrl-C ends everything.")
        return lines + [""]
    }

    /// Plain seconds, or a duration with its unit.
    private static func seconds(_ text: String) -> Duration? {
        let duration = Double(text).map { Duration.seconds($0) } ?? DurationText.parse(text)
        return duration.flatMap { $0 > .zero && $0 <= .seconds(86_400 * 30) ? $0 : nil }
    }
}
