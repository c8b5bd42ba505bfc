package import TenureCore

/// Work that a user adds to a tenant.
package struct NewWork: Sendable, Equatable {
    /// When new work is due.
    package enum Due: Sendable, Equatable {
        /// As soon as possible.
        case now
        /// After a delay, counted by the tenant's clock.
        case after(Duration)
        /// At an instant; one that has passed means now.
        case at(ServerTime)
    }

    package var kind: WorkKind
    package var topic: String
    /// JSON text. Default an empty object.
    package var payload: String = "{}"
    package var due: Due
    /// −9 (last) to 9 (first). Default 0.
    package var priority: Int = 0
    package var retry = RetryPolicy()
    package var timeoutMilliseconds: Int64?
    /// While work with this key is to be done or running, another is not added: its ID is returned.
    package var uniqueKey: String?
    /// What happens when the unique key is taken.
    package var onConflict = UniqueConflict.ignore
    /// Whether running work takes the unique key.
    package var uniqueStates = UniqueStates.live
    /// The unique key is taken for at least so long after the enqueuing.
    package var uniqueFor: Duration?
    /// What limits that count by key count by.
    package var limitKey: String?
    /// Work of one key runs in the order of the IDs, one at a time.
    package var orderingKey: String?
    package var correlationID: String?
    /// W3C trace context.
    package var traceContext: String?

    /// Work with the defaults of the tenant's schema.
    package init(_ kind: WorkKind = .outbox, topic: String = "topic", due: Due = .now) {
        self.kind = kind
        self.topic = topic
        self.due = due
    }
}

/// A recurring job that a user puts into a tenant.
package struct NewJob: Sendable, Equatable {
    /// When it is due.
    package enum Schedule: Sendable, Equatable {
        /// A cron expression of five or six fields, or a macro.
        case cron(String)
        /// Every so often, at least 100 ms.
        case every(Duration)
    }

    /// What happens to an occurrence while there is other work of the job.
    package enum Overlap: String, Sendable, Equatable, CaseIterable {
        /// It runs besides.
        case allow
        /// It does not run; history says so.
        case skip
        /// It runs afterwards, if no more than the bound wait already.
        case queue
        /// It runs afterwards, if none waits already.
        case queueOne = "queue-one"
        /// It cancels the other work, and runs afterwards.
        case cancelRunning = "cancel-running"
    }

    package var name: String
    package var topic: String
    package var schedule: Schedule
    /// JSON text. Default an empty object.
    package var payload: String = "{}"
    /// An IANA name. Default UTC.
    package var timeZone: String = "UTC"
    package var daylight = DaylightPolicy()
    package var misfire: MisfirePolicy = .latest
    package var misfireGraceMilliseconds: Int64 = 60_000
    package var misfireBound: Int = 100
    package var overlap: Overlap = .allow
    /// How many occurrences may wait behind the first, with ``Overlap/queue``.
    package var overlapBound: Int = 100
    /// The name of one that is there.
    package var calendar: String?
    package var description: String?
    package var tags: [String] = []
    /// −9 (last) to 9 (first). Default 0.
    package var priority: Int = 0
    package var retry = RetryPolicy()
    package var timeoutMilliseconds: Int64?
    /// Each run is put off by up to this, by its name and instant. Default none.
    package var jitterMilliseconds: Int64 = 0
    /// What limits that count by key count by.
    package var limitKey: String?
    /// Occurrences lie within this window, when it is set.
    package var startsAt: ServerTime?
    package var endsAt: ServerTime?

    /// A job with the defaults of the tenant's schema.
    package init(name: String, topic: String = "topic", schedule: Schedule) {
        self.name = name
        self.topic = topic
        self.schedule = schedule
    }

    /// Whether the other job is due at the same instants.
    func hasSameSchedule(as other: NewJob) -> Bool {
        self.schedule == other.schedule && self.timeZone == other.timeZone && self.daylight == other.daylight
            && self.startsAt == other.startsAt && self.endsAt == other.endsAt
    }
}
