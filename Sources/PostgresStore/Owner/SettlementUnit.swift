internal import PostgresClient
internal import TenureCore

extension Settlement {
    /// The transaction that settles the outcomes; `nil` if there are none.
    ///
    /// Runs that all completed take the short way.
    func unit(_ statements: TenantStatements) -> PostgresUnit? {
        guard !self.outcomes.isEmpty else { return nil }
        // The claim's own order, which tells the server that the whole claim is meant.
        let outcomes = self.outcomes.sorted { $0.id < $1.id }
        let ids = PostgresValue.ints(outcomes.map(\.id.value))
        let starts = PostgresValue.timestamps(microseconds: outcomes.map(\.startedAt.microseconds))
        let ends = PostgresValue.timestamps(microseconds: outcomes.map(\.finishedAt.microseconds))
        if outcomes.allSatisfy({ $0.verdict == .completed && $0.error == nil && $0.report == RunReport() }) {
            return PostgresUnit(
                statements.settleCompleted,
                .text(self.batch.description),
                ids,
                starts,
                ends
            )
        }
        return PostgresUnit(
            statements.settle,
            .text(self.batch.description),
            ids,
            .texts(outcomes.map(\.verdict.state)),
            starts,
            ends,
            .ints(outcomes.map(\.verdict.delayMicroseconds)),
            .texts(outcomes.map(\.verdict.reason)),
            .texts(outcomes.map { $0.error.map(Self.bounded) }),
            .jsons(outcomes.map(\.report.output)),
            .jsons(outcomes.map(\.report.progress))
        )
    }

    /// At most as many characters as the column takes, and none that Postgres refuses.
    private static func bounded(_ error: String) -> String {
        String(error.prefix(2048)).replacing("\0", with: "\u{FFFD}")
    }
}

extension Outcome.Verdict {
    /// The name that `settle` knows it by.
    fileprivate var state: String {
        switch self {
        case .completed: "completed"
        case .retry: "retryable"
        case .discarded: "discarded"
        case .snoozed: "snoozed"
        case .released: "interrupted"
        case .cancelled: "cancelled"
        }
    }

    fileprivate var delayMicroseconds: Int64 {
        switch self {
        case .retry(let delay), .snoozed(let delay): max(0, delay.microseconds)
        case .completed, .discarded, .released, .cancelled: 0
        }
    }

    fileprivate var reason: String? {
        switch self {
        case .discarded(let reason): reason
        case .completed, .retry, .snoozed, .released, .cancelled: nil
        }
    }
}
