internal import ClusterHarness
internal import TestSupport

/// A Postgres that goes away and comes back with its data.
extension FaultCell {
    static let postgresDeaths = [
        FaultCell("postgres-restart", "Postgres is stopped, and started after 3 s", length: .seconds(3)) { trial in
            try await trial.cluster.postgres.stop()
            try await trial.pass()
            try await trial.cluster.postgres.startAgain()
        },
        FaultCell(
            "postgres-crash",
            "kill -9 of Postgres's postmaster and sessions; it recovers from its log after 3 s",
            length: .seconds(3)
        ) { trial in
            try await trial.cluster.postgres.kill()
            try await trial.pass()
            try await trial.cluster.postgres.startAgain()
        },
    ]
}
