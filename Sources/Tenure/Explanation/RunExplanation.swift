internal import TenureCore

/// What is recorded of one run, or of one occurrence of a job: what became of it, when, and what it waited for.
public struct RunExplanation: Sendable, Hashable {
    /// How it stands, in a word.
    public enum State: String, Sendable, Hashable, CaseIterable {
        // It is, or was, work.
        case scheduled, available, running, retryable, completed, cancelled, discarded, interrupted, crashed
        /// It did not run, for a reason that is recorded.
        case skipped
        // It never became work.
        /// Its instant has yet to come.
        case upcoming
        /// Its instant has come, and it is not made into work yet.
        case due
        /// Its job is paused.
        case paused
        /// Its job is deleted.
        case deleted
        /// It lies before the instant from which the present schedule counts.
        case before
        /// The history does not go back that far.
        case forgotten
        /// It should have left something, and did not.
        case missing
    }

    /// Something that happened at an instant.
    public struct Step: Sendable, Hashable {
        /// When, by the tenant's Postgres.
        public let at: ServerTime
        /// What, in a few words.
        public let what: String

        init(_ at: ServerTime, _ what: String) {
            self.at = at
            self.what = what
        }
    }

    /// Who owns the tenant by its database.
    public struct Owner: Sendable, Hashable {
        /// The node.
        public let node: String
        /// Under which epoch.
        public let epoch: Epoch
        /// Since when.
        public let since: ServerTime
    }

    /// The tenant.
    public let tenant: TenantID
    /// The job that this is an occurrence of.
    public internal(set) var jobName: String?
    /// The instant that the occurrence was scheduled for.
    public internal(set) var scheduledFor: ServerTime?
    /// The run, if it became one.
    public internal(set) var id: WorkID?
    /// How it stands.
    public internal(set) var state: State
    /// What became of it, in a sentence or two.
    public internal(set) var summary: String
    /// What happened, in the order of time.
    public internal(set) var steps: [Step] = []
    /// What it waited for, or waits for, as far as that is recorded; one sentence each.
    public internal(set) var waits: [String] = []
    /// Attempts that ended, the oldest first.
    public internal(set) var attempts: [RunInfo] = []
    /// Who owns the tenant; `nil` when nobody ever has.
    public internal(set) var owner: Owner?
    /// Whether the cluster's events could be asked for who owned the tenant when.
    public internal(set) var includesEvents = false
}

/// An instant at which a job has no occurrence, with those around it.
public struct NotAnOccurrence: Error, Sendable, Hashable, CustomStringConvertible {
    /// The job.
    public let job: String
    /// The instant.
    public let instant: ServerTime
    /// The occurrence before it, if there is one.
    public let previous: ServerTime?
    /// The occurrence after it, if there is one.
    public let next: ServerTime?

    /// A sentence for people.
    public var description: String {
        func text(_ time: ServerTime) -> String { UTCTimestamp.text(microseconds: time.microseconds) }
        let around = [
            self.previous.map { "the one before is at \(text($0))" }, self.next.map { "the next at \(text($0))" },
        ]
        .compactMap(\.self).joined(separator: ", ")
        return "job '\(self.job)' has no occurrence at \(text(self.instant))" + (around.isEmpty ? "" : ": \(around)")
    }
}
