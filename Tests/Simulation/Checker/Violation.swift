/// Something that a promise rules out.
package struct Violation: Sendable, Hashable, CustomStringConvertible {
    /// Which invariant, in a word that a test can name.
    package enum Invariant: String, Sendable, Hashable, CaseIterable {
        case staleEpoch = "stale-epoch"
        case epochWentBack = "epoch-went-back"
        case termWentBack = "term-went-back"
        case staleTerm = "stale-term"
        case twoLeaders = "two-leaders"
        case claimWithoutLock = "claim-without-lock"
        case settledWithoutClaim = "settled-without-claim"
        case completedTwice = "completed-twice"
        case claimedTwice = "claimed-twice"
        case startedTwice = "started-twice"
        case startedWithoutClaim = "started-without-claim"
        case occurrenceTwice = "occurrence-twice"
        case occurrenceMissing = "occurrence-missing"
        case revokedFromTheLiving = "revoked-from-the-living"
        case workLost = "work-lost"
        case movedWithoutDecision = "moved-without-decision"
        case tenantDropped = "tenant-dropped"
        case notSettled = "not-settled"
    }

    package let invariant: Invariant
    package let detail: String
    /// Where in the trace to look.
    package let tenant: String?

    package var description: String { "\(self.invariant.rawValue): \(self.detail)" }
}
