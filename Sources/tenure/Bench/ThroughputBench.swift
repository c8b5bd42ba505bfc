internal import IOReactor
internal import Logging
internal import PostgresClient

/// Measures how many no-op timers a second one node runs for one tenant, and what the same Postgres can do at most.
struct ThroughputBench: Sendable {
    let timers: Int
    let rounds: Int
    let batchSize: Int
    let postgresURL: String
    let redisURL: String
    let logger: Logger

    func run(progress: (String) -> Void) async throws -> ThroughputResult {
        let reactor = IOReactor(name: "tenure-bench")
        let database = try await Database(self.postgresURL, reactor: reactor)
        let fsync = try await database.query("SHOW fsync").single().string(0)
        let version = try await database.query("SHOW server_version").single().string(0)
        if fsync != "on" { progress("warning: fsync is off: the figures mean little") }
        var rounds: [ThroughputResult.Round] = []
        for number in 1...self.rounds {
            let limit = try await self.measure("raw", in: database, progress: progress) { schema in
                try await RawLoop(schema: schema.name, batchSize: self.batchSize)
                    .run(on: database.connection, count: self.timers)
            }
            let value = try await self.measure("node", in: database, progress: progress) { schema in
                try await NodeRun(
                    postgresURL: self.postgresURL,
                    redisURL: self.redisURL,
                    schema: schema,
                    batchSize: self.batchSize,
                    logger: self.logger
                ).run(count: self.timers)
            }
            rounds.append(ThroughputResult.Round(value: value, limit: limit))
            progress("round \(number): \(Int(value)) of \(Int(limit)) runs/s")
        }
        await database.close()
        reactor.shutdown()
        return ThroughputResult(
            timers: self.timers,
            batchSize: self.batchSize,
            fsync: fsync,
            serverVersion: version,
            rounds: rounds
        )
    }

    /// Runs one side of a round in a schema of its own, and returns runs a second.
    private func measure(
        _ name: String,
        in database: Database,
        progress: (String) -> Void,
        _ body: (BenchSchema) async throws -> Duration
    ) async throws -> Double {
        let schema = try await BenchSchema.create(name, in: database)
        do {
            try await schema.fill(self.timers)
            progress("\(name): running \(self.timers) timers")
            let duration = try await body(schema)
            let completions = try await schema.completions()
            guard completions == self.timers else {
                throw Failure(.failed, "\(name): \(completions) rows of history for \(self.timers) timers")
            }
            try await schema.drop()
            return Double(self.timers) / (duration / .seconds(1))
        } catch {
            // The first error is the one to tell.
            try? await schema.drop()
            throw error
        }
    }
}
