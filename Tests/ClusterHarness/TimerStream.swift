internal import IOReactor
internal import PostgresClient
internal import TestSupport

/// Adds timers to every tenant while a test runs. Keeps its connections, so that it takes little of the machine away
/// from what is measured.
package final class TimerStream: Sendable {
    private let task: Task<Void, any Error>

    /// Adds one timer a round to each tenant, due half a second later.
    ///
    /// - Parameters:
    ///   - cluster: Whose tenants.
    ///   - interval: Between two rounds.
    ///   - payload: JSON text; `sleep_ms` makes runs last.
    package static func start(
        _ cluster: TestCluster,
        every interval: Duration = .milliseconds(500),
        payload: String = #"{"sleep_ms": 0}"#
    ) -> TimerStream {
        let scripts = Dictionary(grouping: cluster.tenants, by: \.database).mapValues { tenants in
            tenants.map {
                "INSERT INTO public.ledger SELECT '\($0.id)', \($0.schema).schedule_timer(topic => 'timer', "
                    + "due_at => now() + interval '500 ms', payload => '\(payload)')"
            }.joined(separator: "; ")
        }
        return TimerStream(
            task: Task {
                let limits = PoolLimits(
                    perServer: scripts.count,
                    perDatabase: 1,
                    reservedForOpening: 0,
                    reservedForClaiming: 0
                )
                let pools = PostgresPools(reactor: IOReactor(name: "timers"), limits: limits)
                while !Task.isCancelled {
                    for (database, script) in scripts.sorted(by: { $0.key < $1.key }) {
                        let target = try PostgresTarget(cluster.postgres.url(database: database))
                        // While the server is away nothing is added; what was committed must run.
                        try? await pools.withConnection(
                            to: target,
                            purpose: .claiming,
                            deadline: .now + .seconds(5)
                        ) { connection in
                            try await connection.execute(script: script, deadline: .now + .seconds(5))
                        }
                    }
                    // Cancellation ends the loop at its head.
                    try? await Task.sleep(for: interval)
                }
                await pools.close()
            }
        )
    }

    private init(task: Task<Void, any Error>) {
        self.task = task
    }

    /// Stops adding.
    package func stop() async throws {
        self.task.cancel()
        try await self.task.value
    }
}
