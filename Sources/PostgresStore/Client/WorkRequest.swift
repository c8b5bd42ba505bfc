package import TenureCore

/// When new work is due.
package enum DueTime: Sendable, Hashable {
    /// As soon as possible.
    case now
    /// After a delay, counted by the tenant's Postgres.
    case after(Duration)
    /// At an instant; one that has passed means now.
    case at(ServerTime)
}

/// What the enqueuer of work may say besides topic, payload and instant.
package struct WorkAttributes: Sendable, Hashable {
    /// While work with this key is to be done or running, another is not added: its ID is returned.
    package var uniqueKey: String?
    /// `ignore`, `replace` or `error`: what happens when the unique key is taken.
    package var onConflict: String = "ignore"
    /// `waiting` or `live`: whether running work takes the unique key.
    package var uniqueStates: String = "live"
    /// How long after the enqueuing the unique key is taken at least.
    package var uniqueFor: Duration?
    /// Work of one key runs in the order of enqueuing, one at a time.
    package var orderingKey: String?
    /// −9 (last) to 9 (first). Default 0.
    package var priority: Int = 0
    /// Attempts and delays.
    package var retry = RetryPolicy()
    /// The longest that one attempt may take; `nil` for the node's default.
    package var timeout: Duration?
    /// What belongs together.
    package var correlationID: String?
    /// W3C trace context.
    package var traceContext: String?
    /// What limits that count by key count by.
    package var limitKey: String?

    /// All defaults.
    package init() {}
}

/// A recurring job to be created or changed.
package struct JobRequest: Sendable, Hashable {
    /// When it is due.
    package enum Schedule: Sendable, Hashable {
        /// A cron expression of five or six fields, or a macro.
        case cron(String)
        /// Every so often, at least 100 ms.
        case every(Duration)
    }

    package var name: String
    package var topic: String
    package var schedule: Schedule
    /// JSON text. Default an empty object.
    package var payload: String = "{}"
    /// An IANA name. Default UTC.
    package var timeZone: String = "UTC"
    /// −9 (last) to 9 (first). Default 0.
    package var priority: Int = 0
    /// Attempts and delays.
    package var retry = RetryPolicy()
    /// The longest that one attempt may take; `nil` for the node's default.
    package var timeout: Duration?
    /// What happens to occurrences that could not start in time.
    package var misfire: MisfirePolicy = .latest
    /// How late an occurrence may start without being a misfire. Default 60 s.
    package var misfireGrace: Duration = .seconds(60)
    /// Most occurrences that are caught up at once. Default 100.
    package var misfireBound: Int = 100
    /// `allow`, `skip`, `queue`, `queue-one` or `cancel-running`: what happens to an occurrence while there is other
    /// work of the job.
    package var overlap: String = "allow"
    /// How many occurrences may wait behind the first, with `queue`. Default 100.
    package var overlapBound: Int = 100
    /// The name of the calendar whose dates it leaves out.
    package var calendar: String?
    /// For people.
    package var description: String?
    /// For people, and to choose by.
    package var tags: [String] = []
    /// Occurrences lie within this window, when it is set.
    package var startsAt: ServerTime?
    package var endsAt: ServerTime?
    /// Each run is put off by a time up to this that its job and instant determine. Default none.
    package var jitter: Duration = .zero
    /// `first-valid-instant`, `skip` or `shift`: local times that a change of the clocks leaves out.
    package var daylightGap: String = "first-valid-instant"
    /// `automatic`, `first`, `second` or `both`: local times that a change of the clocks repeats.
    package var daylightOverlap: String = "automatic"
    /// What limits that count by key count by.
    package var limitKey: String?

    /// A job with the defaults of the tenant's schema.
    package init(name: String, topic: String, schedule: Schedule) {
        self.name = name
        self.topic = topic
        self.schedule = schedule
    }
}

/// A request that the tenant's schema refused because of its arguments, or of something that does not exist.
package struct RefusedRequest: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong.
    package let message: String
    /// What to do instead.
    package let hint: String?
    /// Whether something that the request names does not exist.
    package let isNotFound: Bool

    package var description: String { self.hint.map { "\(self.message). \($0)" } ?? self.message }
}
