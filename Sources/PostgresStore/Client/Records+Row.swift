internal import Foundation
internal import PostgresClient
internal import TenureCore

extension PostgresRow {
    func workID(_ column: Int) throws(PostgresError) -> WorkID {
        WorkID(Int64(try self.int(column)))
    }

    func epoch(_ column: Int) throws(PostgresError) -> Epoch? {
        try self.optionalInt(column).map { Epoch(Int64($0)) }
    }

    func workKind(_ column: Int) throws(PostgresError) -> WorkKind {
        let name = try self.string(column)
        guard let kind = WorkKind(rawValue: name) else {
            throw PostgresError(.malformed, .answered, operation: "decode", message: "unknown kind of work: \(name)")
        }
        return kind
    }
}

extension JobRecord {
    /// Decodes a row of `client_jobs.sql`.
    init(_ row: PostgresRow) throws(PostgresError) {
        let schedule: JobSchedule
        if let cron = try row.optionalString(3) {
            schedule = .cron(cron)
        } else {
            schedule = .interval(microseconds: Int64(try row.int(4)), anchor: try row.time(24))
        }
        self.init(
            definition: JobDefinition(
                name: try row.string(0),
                topic: try row.string(1),
                schedule: schedule,
                timeZone: try row.string(5),
                daylight: DaylightPolicy(gap: try row.string(16), overlap: try row.string(17)),
                misfire: MisfirePolicy(rawValue: try row.string(9)) ?? .latest,
                misfireGraceMilliseconds: Int64(try row.int(10)),
                misfireBound: try row.int(11),
                isPaused: try row.bool(18),
                pausedAt: try row.optionalTime(31),
                resumedAt: try row.optionalTime(32),
                calendar: try row.calendar(33),
                startsAt: try row.optionalTime(13),
                endsAt: try row.optionalTime(14),
                nextDue: try row.optionalTime(19),
                lastOccurrence: try row.optionalTime(20),
                plannedFrom: try row.time(25),
                revision: Int64(try row.int(21))
            ),
            payload: try row.string(2),
            priority: try row.int(6),
            retry: RetryPolicy(
                maxAttempts: try row.int(7),
                baseDelayMilliseconds: Int64(try row.int(26)),
                maxDelayMilliseconds: Int64(try row.int(27))
            ),
            timeoutMilliseconds: try row.optionalInt(8).map { Int64($0) },
            overlap: try row.string(12),
            overlapBound: try row.int(36),
            description: try row.optionalString(37),
            tags: try row.strings(38),
            jitterMilliseconds: Int64(try row.int(15)),
            daylightGap: try row.string(16),
            daylightOverlap: try row.string(17),
            limitKey: try row.optionalString(30),
            createdAt: try row.time(22),
            updatedAt: try row.time(23)
        )
        self.retry.delays = try row.optionalString(28).flatMap(RetryDelays.init)
        self.retry.retryFor = try row.optionalInt(29).map { .milliseconds($0) }
    }
}

extension CalendarRecord {
    /// Decodes a row of `client_calendars.sql`.
    init(_ row: PostgresRow) throws(PostgresError) {
        self.init(
            definition: JobCalendar(
                name: try row.string(0),
                excluded: try row.strings(1),
                timeZone: try row.optionalString(2)
            ),
            revision: Int64(try row.int(3)),
            createdAt: try row.time(4),
            updatedAt: try row.time(5),
            jobs: try row.strings(6)
        )
    }
}

extension WorkRecord {
    /// Decodes a row of `client_work.sql`.
    init(_ row: PostgresRow) throws(PostgresError) {
        self.init(
            id: try row.workID(0),
            kind: try row.workKind(1),
            topic: try row.string(2),
            payload: try row.string(3),
            dueAt: try row.time(4),
            priority: try row.int(5),
            attempts: try row.int(6),
            maxAttempts: try row.int(7),
            jobName: try row.optionalString(8),
            scheduledFor: try row.optionalTime(9),
            uniqueKey: try row.optionalString(10),
            orderingKey: try row.optionalString(11),
            correlationID: try row.optionalString(12),
            isSuspect: try row.bool(13),
            crashes: try row.int(14),
            createdAt: try row.time(15),
            state: try row.string(16),
            node: try row.optionalString(17),
            epoch: try row.epoch(18),
            claimedAt: try row.optionalTime(19),
            limitKey: try row.optionalString(20)
        )
    }
}

extension RunRecord {
    /// Decodes a row of `client_runs.sql`.
    init(_ row: PostgresRow) throws(PostgresError) {
        self.init(
            id: try row.workID(0),
            attempt: try row.int(1),
            kind: try row.workKind(2),
            topic: try row.string(3),
            jobName: try row.optionalString(4),
            scheduledFor: try row.optionalTime(5),
            dueAt: try row.optionalTime(6),
            node: try row.optionalString(7),
            epoch: try row.epoch(8),
            startedAt: try row.optionalTime(9),
            finishedAt: try row.time(10),
            state: try row.string(11),
            reason: try row.optionalString(12),
            error: try row.optionalString(13),
            correlationID: try row.optionalString(14),
            output: try row.optionalString(15),
            progress: try row.optionalString(16)
        )
    }
}

extension RunningRecord {
    /// Decodes a row of `client_running.sql`.
    init(_ row: PostgresRow) throws(PostgresError) {
        self.init(
            id: try row.workID(0),
            attempt: try row.int(1),
            kind: try row.workKind(2),
            topic: try row.string(3),
            jobName: try row.optionalString(4),
            scheduledFor: try row.optionalTime(5),
            dueAt: try row.time(6),
            node: try row.string(7),
            incarnation: Incarnation(try row.string(8)),
            epoch: Epoch(Int64(try row.int(9))),
            claimedAt: try row.time(10),
            progress: try row.optionalString(11)
        )
    }
}

extension DeadLetterRecord {
    /// Decodes a row of `client_dead_letters.sql`.
    init(_ row: PostgresRow) throws(PostgresError) {
        self.init(
            id: try row.workID(0),
            kind: try row.workKind(1),
            topic: try row.string(2),
            payload: try row.string(3),
            failedAt: try row.time(4),
            reason: try row.optionalString(5),
            error: try row.optionalString(6),
            node: try row.optionalString(7),
            epoch: try row.epoch(8),
            dueAt: try row.time(9),
            attempts: try row.int(10),
            maxAttempts: try row.int(11),
            crashes: try row.int(12),
            jobName: try row.optionalString(13),
            scheduledFor: try row.optionalTime(14),
            uniqueKey: try row.optionalString(15),
            orderingKey: try row.optionalString(16),
            correlationID: try row.optionalString(17),
            createdAt: try row.time(18),
            errors: try AttemptError.list(try row.optionalString(19))
        )
    }
}

extension AttemptError {
    /// Decodes what `errors_in_microseconds` gives.
    static func list(_ text: String?) throws(PostgresError) -> [AttemptError] {
        guard let text else { return [] }
        do {
            return try JSONDecoder().decode([AttemptError].self, from: Data(text.utf8))
        } catch {
            throw PostgresError(.malformed, .answered, operation: "decode", message: "errors of work: \(error)")
        }
    }
}

extension ChangeRecord {
    /// Decodes a row of `client_changes.sql`.
    init(_ row: PostgresRow) throws(PostgresError) {
        self.init(
            at: try row.time(0),
            role: try row.string(1),
            program: try row.optionalString(2),
            what: try row.string(3),
            name: try row.optionalString(4),
            count: try row.optionalInt(5),
            detail: try row.optionalString(6)
        )
    }
}

extension InboxRecord {
    /// Decodes a row of `client_inbox.sql`.
    init(_ row: PostgresRow) throws(PostgresError) {
        self.init(
            source: try row.string(0),
            messageID: try row.string(1),
            id: try row.workID(2),
            receivedAt: try row.time(3)
        )
    }
}

extension TenantSummary {
    /// Decodes the row of `client_summary.sql`.
    init(_ row: PostgresRow) throws(PostgresError) {
        self.init(
            epoch: Epoch(Int64(try row.int(0))),
            node: try row.string(1),
            incarnation: Incarnation(try row.string(2)),
            since: try row.time(3),
            serverTime: try row.time(4),
            pending: try row.int(5),
            due: try row.int(6),
            earliestDue: try row.optionalTime(7),
            running: try row.int(8),
            deadLetters: try row.int(9),
            ended: try row.int(10),
            completed: try row.int(11),
            completedTwice: try row.int(12),
            discarded: try row.int(13),
            skipped: try row.int(14),
            crashed: try row.int(15)
        )
    }
}
