/// What happens to an occurrence while other work of its job waits, runs, or is to be tried again.
public enum JobOverlap: String, Sendable, Hashable, Codable, CaseIterable {
    /// It runs beside it. The default.
    case allow
    /// It does not run.
    case skip
    /// It runs after it, unless ``JobDraft/overlapBound`` others wait already.
    case queue
    /// It runs after it, unless another waits already.
    case queueOne = "queue-one"
    /// It cancels the other work, and runs when that has ended.
    case cancelRunning = "cancel-running"
}

/// What becomes of an occurrence whose local time the clock skips when it is moved forward.
public enum DaylightGap: String, Sendable, Hashable, Codable, CaseIterable {
    /// It happens at the first instant after the gap. The default.
    case firstValidInstant = "first-valid-instant"
    /// It does not happen.
    case skip
    /// It happens as much later as the gap is long.
    case shift
}

/// In which pass an occurrence happens whose local time comes twice because the clock is moved back.
public enum DaylightOverlap: String, Sendable, Hashable, Codable, CaseIterable {
    /// In both passes when the expression has intervals (`*`, ranges, steps) in its time of day, otherwise in the
    /// first. The default.
    case automatic
    /// In the first pass only.
    case first
    /// In the second pass only.
    case second
    /// In both passes.
    case both
}

/// A recurring job to be created or changed.
public struct JobDraft: Sendable, Hashable {
    /// When a job is due.
    public enum Schedule: Sendable, Hashable {
        /// A cron expression of five or six fields, or a macro.
        case cron(String)
        /// Every so often, at least 100 ms, counted from when the schedule was put or from ``JobDraft/startsAt``.
        case every(Duration)
    }

    /// Its name, unique in the tenant.
    public var name: String
    /// The topic of its runs.
    public var topic: String
    /// When it is due.
    public var schedule: Schedule
    /// JSON text. Default an empty object.
    public var payload: String = "{}"
    /// The IANA name of the zone whose wall clock a cron expression is about. Default UTC.
    public var timeZone: String = "UTC"
    /// −9 (last) to 9 (first). Default 0.
    public var priority: Int = 0
    /// Attempts and delays. Default: 5 attempts, 250 ms to 60 s.
    public var retry = RetryPolicy()
    /// The longest that one attempt may take. Default: the node's `runs.default_timeout`.
    public var timeout: Duration?
    /// What happens to occurrences that could not start in time. Default ``MisfirePolicy/latest``.
    public var misfire: MisfirePolicy = .latest
    /// How late an occurrence may start without being a misfire. Default 60 s.
    public var misfireGrace: Duration = .seconds(60)
    /// The most occurrences that ``MisfirePolicy/all`` catches up at once. Default 100.
    public var misfireBound: Int = 100
    /// What happens to an occurrence while there is other work of the job. Default ``JobOverlap/allow``.
    public var overlap: JobOverlap = .allow
    /// How many occurrences may wait behind the first, with ``JobOverlap/queue``. Default 100, at most 10,000.
    public var overlapBound: Int = 100
    /// The name of the calendar on whose dates it does not run; it has to be there. Default none.
    public var calendar: String?
    /// What it is for, in at most 1,000 characters.
    public var description: String?
    /// To choose jobs by: at most 20, each of 1 to 50 printable ASCII characters without spaces.
    public var tags: [String] = []
    /// The first instant at which it may be due.
    public var startsAt: ServerTime?
    /// The last instant at which it may be due.
    public var endsAt: ServerTime?
    /// Each run is put off by a time up to this that its job's name and its instant determine. Default none.
    public var jitter: Duration = .zero
    /// What becomes of local times that the clock skips. Default ``DaylightGap/firstValidInstant``.
    public var daylightGap: DaylightGap = .firstValidInstant
    /// In which pass local times that come twice count. Default ``DaylightOverlap/automatic``.
    public var daylightOverlap: DaylightOverlap = .automatic
    /// What limits that count by key count its runs by.
    public var limitKey: String?

    /// A job with the defaults of the tenant's schema.
    public init(name: String, topic: String, schedule: Schedule) {
        self.name = name
        self.topic = topic
        self.schedule = schedule
    }
}
