internal import ArgumentParser
internal import Logging

/// `tenure bench throughput`
struct BenchThroughputCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "throughput",
        abstract: "Measures how many no-op timers a second one node runs for one tenant, with history.",
        discussion: """
            Each round runs the timers twice, in schemas that are dropped afterwards: with a bare loop over libpq \
            that reads a batch, then deletes it with its history rows in one statement (the limit), and with a whole \
            node (the value), from when it has opened the tenant to the last completion that is committed. Prints the \
            medians, and the ratio. Without --postgres and --redis it starts servers of its own, with fsync on. \
            Progress goes to standard error.

            Examples:
              tenure bench throughput
              tenure bench throughput --timers 500000 --batch-size 2000 --output json
              tenure bench throughput --postgres postgresql://127.0.0.1/scratch --redis redis://127.0.0.1:6379
            """
    )

    @Option(help: ArgumentHelp("Timers in each round.", valueName: "n"))
    var timers = 200_000

    @Option(help: ArgumentHelp("Rounds, of which the median counts.", valueName: "n"))
    var rounds = 3

    @Option(help: ArgumentHelp("Rows in a batch, for both.", valueName: "n"))
    var batchSize = 1_000

    @Option(
        help: ArgumentHelp("A database in which schemas may be created. Default: a private server.", valueName: "url")
    )
    var postgres: String?

    @Option(help: ArgumentHelp("A Redis for the node. Default: a private server.", valueName: "url"))
    var redis: String?

    @Option(help: "The form of what goes to standard output.")
    var output: OutputFormat = .text

    var results: Output { Output(format: self.output) }

    func validate() throws {
        for (name, value, range) in [
            ("timers", self.timers, 1...10_000_000), ("rounds", self.rounds, 1...100),
            ("batch-size", self.batchSize, 1...10_000),
        ] where !range.contains(value) {
            throw ValidationError("--\(name) is \(value): use \(range.lowerBound) to \(range.upperBound).")
        }
    }

    func run() async throws {
        var kinds: PrivateServers.Kinds = []
        if self.postgres == nil { kinds.insert(.postgres) }
        if self.redis == nil { kinds.insert(.redis) }
        let servers = try await PrivateServers.start(kinds)
        let result: ThroughputResult
        do {
            result = try await self.bench(servers).run { StandardStreams.writeError($0) }
        } catch {
            await servers.stop()
            throw error
        }
        await servers.stop()
        self.results.result(result.json, text: result.text)
    }

    private func bench(_ servers: PrivateServers) -> ThroughputBench {
        guard let postgresURL = self.postgres ?? servers.postgres?.url(),
            let redisURL = self.redis ?? servers.redis?.url
        else { preconditionFailure("what is not given is started") }
        var logger = Logger(label: "bench") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        return ThroughputBench(
            timers: self.timers,
            rounds: self.rounds,
            batchSize: self.batchSize,
            postgresURL: postgresURL,
            redisURL: redisURL,
            logger: logger
        )
    }
}
