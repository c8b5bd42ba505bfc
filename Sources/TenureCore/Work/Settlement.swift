/// Names one claim: a UUID in lower case that the claiming node makes, so that a claim whose reply was lost can be
/// found.
public struct BatchID: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The UUID in lower case.
    public let description: String

    /// Wraps a UUID.
    package init(_ text: String) {
        self.description = text
    }

    /// Orders by the text, for stable output only.
    public static func < (lhs: BatchID, rhs: BatchID) -> Bool { lhs.description < rhs.description }
}

/// How one attempt ended.
package struct Outcome: Sendable, Equatable {
    package enum Verdict: Sendable, Equatable {
        /// Done: the row goes, history stays.
        case completed
        /// Failed: counted as an attempt, tried again after the delay.
        case retry(after: Duration)
        /// Failed for good, or too often: to the dead letters.
        case discarded(reason: String)
        /// The handler asked to be run again later; no attempt is counted.
        case snoozed(for: Duration)
        /// Interrupted by a shutdown; the attempt is given back, due at once.
        case released
        /// Cancelled by a user.
        case cancelled
    }

    package var id: WorkID
    /// The attempt that ended, from 1.
    package var attempt: Int
    package var verdict: Verdict
    /// By the tenant's Postgres, as estimated from its last reply.
    package var startedAt: ServerTime
    package var finishedAt: ServerTime
    /// What went wrong; stored up to 2,048 characters.
    package var error: String?
    /// What the attempt returned, and how far it said last that it was.
    package var report: RunReport

    package init(
        id: WorkID,
        attempt: Int,
        verdict: Verdict,
        startedAt: ServerTime,
        finishedAt: ServerTime,
        error: String? = nil,
        report: RunReport = RunReport()
    ) {
        self.id = id
        self.attempt = attempt
        self.verdict = verdict
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.error = error
        self.report = report
    }
}

/// Outcomes of one claim, settled in one transaction that stands or falls with the claim.
package struct Settlement: Sendable, Equatable {
    package var batch: BatchID
    package var outcomes: [Outcome]

    package init(batch: BatchID, outcomes: [Outcome]) {
        self.batch = batch
        self.outcomes = outcomes
    }
}

/// What became of a settlement.
package enum SettlementResult: Sendable, Equatable {
    /// Committed.
    case accepted
    /// The claim no longer stands: revoked, or settled by an earlier try whose reply was lost. Nothing was written.
    case gone
    /// Not committed, or unknown: to be tried again.
    case failed(StoreError)
}
