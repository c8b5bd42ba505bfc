/// When a recurring job is due.
public enum JobSchedule: Sendable, Hashable {
    /// A cron expression of five or six fields, or a macro.
    case cron(String)
    /// Every so many microseconds, counted from an anchor without drift.
    case interval(microseconds: Int64, anchor: ServerTime)
}

/// What a cron schedule does where local time jumps, in the words of the tenant's schema.
public struct DaylightPolicy: Sendable, Hashable, Codable {
    /// An instant that the clock skips: `first-valid-instant` (the default), `skip` or `shift`.
    public var gap: String
    /// An instant that the clock shows twice: `automatic` (the default: fixed times once, intervals in both hours),
    /// `first`, `second` or `both`.
    public var overlap: String

    /// A policy; the defaults are those of the tenant's schema.
    public init(gap: String = "first-valid-instant", overlap: String = "automatic") {
        self.gap = gap
        self.overlap = overlap
    }
}

/// What happens to occurrences that could not start in time.
public enum MisfirePolicy: String, Sendable, Hashable, Codable, CaseIterable {
    /// Those beyond the grace do not run.
    case skip
    /// Those beyond the grace do not run, except the latest one if none is within the grace. The default.
    case latest
    /// All run, up to the bound; the oldest beyond it do not.
    case all
    /// Those beyond the grace do not run, and the job is paused.
    case pause
}

/// A recurring job as its owner reads it.
public struct JobDefinition: Sendable, Hashable {
    public var name: String
    public var topic: String
    public var schedule: JobSchedule
    /// An IANA name.
    public var timeZone: String
    /// What happens where local time jumps.
    public var daylight: DaylightPolicy
    public var misfire: MisfirePolicy
    /// How late an occurrence may start without being a misfire.
    public var misfireGraceMilliseconds: Int64
    /// Most occurrences that are caught up at once.
    public var misfireBound: Int
    public var isPaused: Bool
    /// Between these instants it was last paused; several pauses that its owner has not looked between count as one.
    public var pausedAt: ServerTime?
    public var resumedAt: ServerTime?
    /// Dates on which it does not run.
    public var calendar: JobCalendar?
    /// Due instants lie within this window, when it is set.
    public var startsAt: ServerTime?
    public var endsAt: ServerTime?
    /// The next occurrence; `nil` when it has yet to be computed, or there is none.
    public var nextDue: ServerTime?
    /// The last occurrence that was materialised or skipped; the next one lies after it.
    public var lastOccurrence: ServerTime?
    /// Occurrences lie after this instant when none has been yet: when the schedule was put.
    public var plannedFrom: ServerTime
    /// Changes with each change of the definition, or of its calendar.
    public var revision: Int64

    /// A job as read from the tenant's schema.
    public init(
        name: String,
        topic: String,
        schedule: JobSchedule,
        timeZone: String,
        daylight: DaylightPolicy = DaylightPolicy(),
        misfire: MisfirePolicy = .latest,
        misfireGraceMilliseconds: Int64 = 60_000,
        misfireBound: Int = 100,
        isPaused: Bool = false,
        pausedAt: ServerTime? = nil,
        resumedAt: ServerTime? = nil,
        calendar: JobCalendar? = nil,
        startsAt: ServerTime? = nil,
        endsAt: ServerTime? = nil,
        nextDue: ServerTime? = nil,
        lastOccurrence: ServerTime? = nil,
        plannedFrom: ServerTime,
        revision: Int64
    ) {
        self.name = name
        self.topic = topic
        self.schedule = schedule
        self.timeZone = timeZone
        self.daylight = daylight
        self.misfire = misfire
        self.misfireGraceMilliseconds = misfireGraceMilliseconds
        self.misfireBound = misfireBound
        self.isPaused = isPaused
        self.pausedAt = pausedAt
        self.resumedAt = resumedAt
        self.calendar = calendar
        self.startsAt = startsAt
        self.endsAt = endsAt
        self.nextDue = nextDue
        self.lastOccurrence = lastOccurrence
        self.plannedFrom = plannedFrom
        self.revision = revision
    }
}
