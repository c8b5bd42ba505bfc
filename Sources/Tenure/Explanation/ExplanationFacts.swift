internal import PostgresStore
internal import TenureCore

/// What was read about one run, or one occurrence, at one instant, in a form that decides nothing.
struct ExplanationFacts: Sendable {
    var tenant: TenantID
    var isSuspended = false
    /// `nil` when the control rows are not as they should be.
    var standing: TenantStanding?
    var id: WorkID?
    var jobName: String?
    var scheduledFor: ServerTime?
    var attempts: [RunRecord] = []
    var work: WorkRecord?
    var deadLetter: DeadLetterRecord?
    /// The job as it is now; `nil` when there is none, or it is deleted.
    var job: JobRecord?
    var times: JobTimes?
    var changes: [JobChange] = []
    var blocking: [BlockingRun] = []
    /// The work that is ahead under the ordering key.
    var head: WorkID?
    /// What is recorded of the job's occurrences from this one on.
    var later: [RecordedOccurrence] = []
    /// What the cluster's events say; `nil` when Redis was not asked, or did not answer.
    var history: OwnershipHistory?
    /// What Redis says now; `nil` likewise.
    var cluster: ClusterState?
}

extension ExplanationFacts {
    /// Reads what became of one ID.
    mutating func read(_ id: WorkID, _ snapshot: TenantSnapshot) async throws {
        self.id = id
        self.attempts = try await snapshot.attempts(of: id)
        self.work = try await snapshot.work(id)
        self.deadLetter = try await snapshot.deadLetter(id)
        self.jobName = self.attempts.last?.jobName ?? self.work?.jobName ?? self.deadLetter?.jobName
        self.scheduledFor =
            self.attempts.last?.scheduledFor ?? self.work?.scheduledFor ?? self.deadLetter?.scheduledFor
        self.head = try await snapshot.head(before: id)
        if let jobName {
            try await self.read(job: jobName, snapshot)
            if self.times?.overlap != "allow", let scheduledFor {
                self.blocking = try await snapshot.blocking(id, of: jobName, at: scheduledFor)
            }
        }
    }

    /// Reads a job.
    mutating func read(job name: String, _ snapshot: TenantSnapshot) async throws {
        self.jobName = name
        self.job = try await snapshot.job(name)
        self.times = try await snapshot.times(ofJob: name)
        self.changes = try await snapshot.changes(ofJob: name)
    }
}
