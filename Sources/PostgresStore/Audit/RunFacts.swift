package import TenureCore

/// When things happened to a job.
package struct JobTimes: Sendable, Hashable {
    package var createdAt: ServerTime
    package var updatedAt: ServerTime
    package var pausedAt: ServerTime?
    package var resumedAt: ServerTime?
    package var deletedAt: ServerTime?
    package var isPaused: Bool
    /// `allow`, `skip` or `queue`.
    package var overlap: String

    /// Describes a job's past.
    package init(
        createdAt: ServerTime,
        updatedAt: ServerTime,
        pausedAt: ServerTime? = nil,
        resumedAt: ServerTime? = nil,
        deletedAt: ServerTime? = nil,
        isPaused: Bool = false,
        overlap: String = "allow"
    ) {
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.pausedAt = pausedAt
        self.resumedAt = resumedAt
        self.deletedAt = deletedAt
        self.isPaused = isPaused
        self.overlap = overlap
    }
}

/// Something that a user did to a job.
package struct JobChange: Sendable, Hashable {
    package var at: ServerTime
    package var role: String
    /// `job.put`, `job.paused`, `job.resumed`, `job.deleted`, `job.backfilled`.
    package var what: String

    /// Describes a change.
    package init(at: ServerTime, role: String, what: String) {
        self.at = at
        self.role = role
        self.what = what
    }
}

/// An earlier run of the same job that had not ended yet.
package struct BlockingRun: Sendable, Hashable {
    package var id: WorkID
    package var scheduledFor: ServerTime?
    /// `nil` while it has not ended.
    package var endedAt: ServerTime?

    /// Describes a run.
    package init(id: WorkID, scheduledFor: ServerTime?, endedAt: ServerTime?) {
        self.id = id
        self.scheduledFor = scheduledFor
        self.endedAt = endedAt
    }
}
