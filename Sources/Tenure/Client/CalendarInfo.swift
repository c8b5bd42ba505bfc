/// A calendar as it stands.
public struct CalendarInfo: Sendable, Hashable {
    /// Name, dates and zone.
    public var definition: JobCalendar
    /// Grows with each change.
    public var revision: Int64
    /// When it was first put.
    public var createdAt: ServerTime
    /// When it was last changed.
    public var updatedAt: ServerTime
    /// The names of the jobs that use it, in ascending order.
    public var jobs: [String]

    /// Describes a calendar.
    package init(
        definition: JobCalendar,
        revision: Int64,
        createdAt: ServerTime,
        updatedAt: ServerTime,
        jobs: [String]
    ) {
        self.definition = definition
        self.revision = revision
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.jobs = jobs
    }
}
