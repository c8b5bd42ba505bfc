internal import PostgresClient
internal import TenureCore

/// Columns of the `found` type, in the order of `scan.sql` and `materialise.sql`.
enum FoundColumn {
    static let id = 0
    static let ahead = 21
    static let blocked = 22
    static let snapshot = 23
    static let more = 24
    static let overflow = 25
    static let nextDue = 26
    static let serverTime = 27
    static let asleep = 28
}

extension WorkItem {
    /// Decodes the first twenty-one columns.
    init(_ row: PostgresRow) throws(PostgresError) {
        let kind = try row.string(1)
        guard let kind = WorkKind(rawValue: kind) else {
            throw PostgresError(.malformed, .answered, operation: "work", message: "unknown kind of work: \(kind)")
        }
        self.init(
            id: WorkID(Int64(try row.int(FoundColumn.id))),
            kind: kind,
            topic: try row.string(2),
            payload: try row.optionalString(3) ?? "null",
            dueAt: ServerTime(microseconds: try row.microseconds(4)),
            priority: try row.int(5),
            attempts: try row.int(6),
            retry: RetryPolicy(
                maxAttempts: try row.int(7),
                baseDelayMilliseconds: Int64(try row.int(8)),
                maxDelayMilliseconds: Int64(try row.int(9))
            ),
            timeoutMilliseconds: try row.optionalInt(10).map { Int64($0) },
            orderingKey: try row.optionalString(11),
            jobName: try row.optionalString(12),
            scheduledFor: try row.optionalTime(13),
            correlationID: try row.optionalString(14),
            traceContext: try row.optionalString(15),
            limitKey: try row.optionalString(20),
            retryUntil: try row.optionalTime(19),
            isSuspect: try row.bool(16),
            crashes: try row.int(17)
        )
        // A policy that this version does not know is as good as none.
        self.retry.delays = try row.optionalString(18).flatMap(RetryDelays.init)
    }
}

extension JobDefinition {
    /// Decodes a row of `jobs.sql`.
    init(_ row: PostgresRow) throws(PostgresError) {
        let schedule: JobSchedule
        if let cron = try row.optionalString(2) {
            schedule = .cron(cron)
        } else {
            schedule = .interval(microseconds: Int64(try row.int(3)), anchor: try row.time(4))
        }
        self.init(
            name: try row.string(0),
            topic: try row.string(1),
            schedule: schedule,
            timeZone: try row.string(5),
            daylight: DaylightPolicy(gap: try row.string(16), overlap: try row.string(17)),
            misfire: MisfirePolicy(rawValue: try row.string(6)) ?? .latest,
            misfireGraceMilliseconds: Int64(try row.int(7)),
            misfireBound: try row.int(8),
            isPaused: try row.bool(9),
            pausedAt: try row.optionalTime(18),
            resumedAt: try row.optionalTime(19),
            calendar: try row.calendar(20),
            startsAt: try row.optionalTime(10),
            endsAt: try row.optionalTime(11),
            nextDue: try row.optionalTime(12),
            lastOccurrence: try row.optionalTime(13),
            plannedFrom: try row.time(14),
            revision: Int64(try row.int(15))
        )
    }
}

extension LimitDefinition {
    /// Decodes a row of `limits.sql`.
    init(_ row: PostgresRow) throws(PostgresError) {
        let count = try row.optionalInt(4)
        let interval = try row.optionalInt(5)
        self.init(
            name: try row.string(0),
            topic: try row.string(1),
            key: try row.optionalString(2),
            maxRunning: try row.optionalInt(3),
            rate: count.flatMap { count in interval.map { LimitRate(count, per: .milliseconds($0)) } },
            burst: try row.optionalInt(6)
        )
    }
}

extension PostgresRow {
    /// A calendar of three columns from this one on: name, what it leaves out, time zone. `nil` where there is no name.
    func calendar(_ column: Int) throws(PostgresError) -> JobCalendar? {
        guard let name = try self.optionalString(column) else { return nil }
        return JobCalendar(
            name: name,
            excluded: try self.strings(column + 1),
            timeZone: try self.optionalString(column + 2)
        )
    }

    /// A `timestamptz`.
    func time(_ column: Int) throws(PostgresError) -> ServerTime {
        ServerTime(microseconds: try self.microseconds(column))
    }

    /// A `timestamptz`.
    func optionalTime(_ column: Int) throws(PostgresError) -> ServerTime? {
        try self.optionalMicroseconds(column).map { ServerTime(microseconds: $0) }
    }
}
