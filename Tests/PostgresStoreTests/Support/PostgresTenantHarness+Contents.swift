import Foundation
import InMemoryStores
import PostgresClient
import PostgresStore
import TenureCore

extension PostgresTenantHarness {
    /// Everything that the schema holds, read from its tables.
    func contents() async throws -> TenantContents {
        var contents = TenantContents()
        if let row = try await self.rows("SELECT epoch, node, incarnation FROM fence").first {
            contents.fence.epoch = Epoch(try row.required(0))
            let node = try row.text(1)
            if !node.isEmpty { contents.fence.holder = try Self.holder(node, try row.text(2)) }
        }
        contents.work = try await self.rows("SELECT \(Self.workColumns) FROM work ORDER BY id").map { row in
            try Self.work(row)
        }
        contents.claims = try await self.claims()
        contents.cancellations = try await self.rows("SELECT id FROM cancellations ORDER BY id").map { row in
            WorkID(try row.required(0))
        }
        contents.calendars = try await self.client.calendars().map { record in
            TenantContents.Calendar(definition: record.definition, revision: record.revision)
        }
        contents.jobs = try await self.jobs()
        contents.runs = try await self.runs()
        contents.progress = try await self.progress()
        contents.deadLetters = try await self.deadLetters()
        contents.messages = try await self.rows(
            "SELECT source, message_id, work_id, \(Self.time("received_at")) FROM inbox ORDER BY source, message_id"
        ).map { row in
            TenantContents.Message(
                source: try row.text(0),
                messageID: try row.text(1),
                id: WorkID(try row.required(2)),
                receivedAt: ServerTime(microseconds: try row.required(3))
            )
        }
        return contents
    }

    private func claims() async throws -> [TenantContents.Claim] {
        try await self.rows(
            """
            SELECT batch, node, incarnation, epoch, \(Self.time("claimed_at")), \(Self.time("lent_until")), lone,
                array_to_string(ids, ','), array_to_string(keys, ',')
            FROM claims ORDER BY batch
            """
        ).map { row in
            TenantContents.Claim(
                batch: BatchID(try row.text(0)),
                holder: try Self.holder(try row.text(1), try row.text(2)),
                epoch: Epoch(try row.required(3)),
                claimedAt: ServerTime(microseconds: try row.required(4)),
                lentUntil: row.time(5),
                isLone: row[6] == "t",
                ids: try row.text(7).split(separator: ",").compactMap { Int64($0) }.map { WorkID($0) },
                keys: try row.text(8).split(separator: ",").map(String.init).sorted()
            )
        }
    }

    private func runs() async throws -> [TenantContents.Run] {
        try await self.rows(
            """
            SELECT run_id, attempt, state, reason, error, epoch, node, kind, topic, job_name,
                \(Self.time("scheduled_for")), \(Self.time("due_at")), \(Self.time("started_at")),
                \(Self.time("finished_at")), correlation_id, output, progress
            FROM runs ORDER BY run_id, attempt, finished_at, ctid
            """
        ).map { row in
            TenantContents.Run(
                id: WorkID(try row.required(0)),
                attempt: Int(try row.required(1)),
                state: try row.text(2),
                reason: row[3],
                error: row[4],
                epoch: row.number(5).map { Epoch($0) },
                node: row[6],
                kind: try Self.kind(try row.text(7)),
                topic: try row.text(8),
                jobName: row[9],
                scheduledFor: row.time(10),
                dueAt: row.time(11),
                startedAt: row.time(12),
                finishedAt: ServerTime(microseconds: try row.required(13)),
                correlationID: row[14],
                report: RunReport(output: row[15], progress: row[16])
            )
        }
    }

    private func progress() async throws -> [TenantContents.Progress] {
        try await self.rows("SELECT run_id, progress FROM progress ORDER BY run_id").map { row in
            TenantContents.Progress(id: WorkID(try row.required(0)), progress: try row.text(1))
        }
    }

    private func deadLetters() async throws -> [TenantContents.DeadLetter] {
        let columns = Self.workColumns.replacing("suspect", with: "false")
            .replacing(Self.time("retry_until"), with: "NULL")
        return try await self.rows(
            "SELECT \(columns), reason, error, node, epoch, \(Self.time("failed_at")) FROM dead_letters ORDER BY id"
        ).map { row in
            TenantContents.DeadLetter(
                work: try Self.work(row),
                reason: row[24],
                error: row[25],
                node: row[26],
                epoch: row.number(27).map { Epoch($0) },
                failedAt: ServerTime(microseconds: try row.required(28))
            )
        }
    }

    /// The definitions as the client reads them; what it was asked for is made of the same rows.
    private func jobs() async throws -> [TenantContents.Job] {
        try await self.client.jobs().map { record in
            let definition = record.definition
            let schedule: NewJob.Schedule =
                switch definition.schedule {
                case .cron(let expression): .cron(expression)
                case .interval(let microseconds, _): .every(.microseconds(microseconds))
                }
            var request = NewJob(name: definition.name, topic: definition.topic, schedule: schedule)
            request.payload = record.payload
            request.timeZone = definition.timeZone
            request.daylight = definition.daylight
            request.misfire = definition.misfire
            request.misfireGraceMilliseconds = definition.misfireGraceMilliseconds
            request.misfireBound = definition.misfireBound
            request.overlap = NewJob.Overlap(rawValue: record.overlap) ?? .allow
            request.overlapBound = record.overlapBound
            request.calendar = definition.calendar?.name
            request.description = record.description
            request.tags = record.tags
            request.priority = record.priority
            request.retry = record.retry
            request.timeoutMilliseconds = record.timeoutMilliseconds
            request.jitterMilliseconds = record.jitterMilliseconds
            request.startsAt = definition.startsAt
            request.endsAt = definition.endsAt
            request.limitKey = record.limitKey
            return TenantContents.Job(definition: definition, request: request)
        }
    }

    // MARK: Rows

    private static let workColumns = """
        id, kind, topic, payload, \(time("due_at")), priority, attempts, max_attempts, backoff_base_ms, backoff_max_ms,
        timeout_ms, ordering_key, job_name, \(time("scheduled_for")), correlation_id, trace_context, suspect, crashes,
        unique_key, retry, \(time("retry_until")), limit_key, retry_for_ms, \(AttemptError.column)
        """

    private static func work(_ row: Row) throws -> TenantContents.Work {
        var work = TenantContents.Work(
            item: WorkItem(
                id: WorkID(try row.required(0)),
                kind: try self.kind(try row.text(1)),
                topic: try row.text(2),
                payload: try row.text(3),
                dueAt: ServerTime(microseconds: try row.required(4)),
                priority: Int(try row.required(5)),
                attempts: Int(try row.required(6)),
                retry: RetryPolicy(
                    maxAttempts: Int(try row.required(7)),
                    baseDelayMilliseconds: try row.required(8),
                    maxDelayMilliseconds: try row.required(9)
                ),
                timeoutMilliseconds: row.number(10),
                orderingKey: row[11],
                jobName: row[12],
                scheduledFor: row.time(13),
                correlationID: row[14],
                traceContext: row[15],
                isSuspect: row[16] == "t",
                crashes: Int(try row.required(17))
            ),
            uniqueKey: row[18],
            retryFor: row.number(22).map { .milliseconds($0) },
            errors: try AttemptError.list(row[23])
        )
        work.item.retry.delays = row[19].flatMap(RetryDelays.init)
        work.item.retryUntil = row.time(20)
        work.item.limitKey = row[21]
        return work
    }

    private static func time(_ column: String) -> String { "(extract(epoch FROM \(column)) * 1000000)::bigint" }

    private static func holder(_ node: String, _ incarnation: String) throws -> Holder {
        Holder(node: try NodeID(node), incarnation: Incarnation(incarnation))
    }

    private static func kind(_ name: String) throws -> WorkKind {
        guard let kind = WorkKind(rawValue: name) else { throw Unreadable(value: name) }
        return kind
    }

    private func rows(_ sql: String) async throws -> [Row] {
        try await self.connection.run(sql).map { Row(values: $0) }
    }
}

/// A value of the schema that is not as it should be.
private struct Unreadable: Error {
    let value: String?
}

/// The values of a row as text.
private struct Row {
    let values: [String?]

    subscript(_ column: Int) -> String? { self.values[column] }

    func text(_ column: Int) throws -> String {
        guard let text = self.values[column] else { throw Unreadable(value: nil) }
        return text
    }

    func number(_ column: Int) -> Int64? { self.values[column].flatMap { Int64($0) } }

    func required(_ column: Int) throws -> Int64 {
        guard let number = self.number(column) else { throw Unreadable(value: self.values[column]) }
        return number
    }

    func time(_ column: Int) -> ServerTime? { self.number(column).map { ServerTime(microseconds: $0) } }
}

extension AttemptError {
    /// What to read them by.
    fileprivate static let column = "errors_in_microseconds(errors)"

    fileprivate static func list(_ text: String?) throws -> [AttemptError] {
        try text.map { try JSONDecoder().decode([AttemptError].self, from: Data($0.utf8)) } ?? []
    }
}
