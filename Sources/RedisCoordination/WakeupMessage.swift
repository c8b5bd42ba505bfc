package import TenureCore

/// The text of a wake-up on the channel: one letter for its kind, then its values, separated by spaces.
///
///     A                                      the assignment or the moves changed, or a lock was released
///     L                                      the leadership was given up
///     Q                                      an operator left a request
///     W tenant                               work was enqueued
///     P tenant to to' from from' epoch last  a lock was passed; node and incarnation of each side, last claim in µs
///
/// The scripts write the same texts. One that this version does not know is ignored: a hint that is lost costs time
/// only.
package enum WakeupMessage {
    /// What tells a tenant's owner that work was enqueued.
    package static func work(for tenant: TenantID) -> String {
        "W \(tenant)"
    }

    /// Reads a message; `nil` when it is none of ours.
    package static func parse(_ text: String) -> Wakeup? {
        let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        switch (words[0], words.count) {
        case ("A", 1): return .assignmentChanged
        case ("L", 1): return .leadershipReleased
        case ("Q", 1): return .requested
        case ("W", 2):
            return Names.tenant(words[1]).map(Wakeup.work)
        case ("P", 8):
            guard let tenant = Names.tenant(words[1]), let target = Names.node(words[2]),
                let source = Names.node(words[4]),
                let epoch = Int64(words[6]), let lastClaim = Int64(words[7])
            else { return nil }
            return .lockPassed(
                tenant: tenant,
                to: Holder(node: target, incarnation: Incarnation(words[3])),
                from: Holder(node: source, incarnation: Incarnation(words[5])),
                epoch: Epoch(epoch),
                lastClaim: ServerTime(microseconds: lastClaim)
            )
        default: return nil
        }
    }
}
