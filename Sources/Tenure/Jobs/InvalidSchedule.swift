/// A stored schedule that cannot be planned: a malformed expression, an unknown zone, an impossible interval.
///
/// It concerns one job only; the others of its tenant are planned as ever.
public struct InvalidSchedule: Error, Sendable, Hashable, CustomStringConvertible {
    /// The job's name.
    public let job: String
    /// What is wrong, and what to write instead.
    public let reason: String

    /// The job with the reason, in one line.
    public var description: String { "job '\(self.job)' cannot be planned: \(self.reason)" }
}
