internal import PostgresClient
package import TenureCore

/// A timer or a message that has not started, with all that was said about it.
package struct TransferredWork: Sendable, Hashable {
    package var kind: WorkKind
    package var topic: String
    /// JSON text.
    package var payload: String
    package var dueAt: ServerTime
    package var attributes: WorkAttributes

    /// Describes work.
    package init(kind: WorkKind, topic: String, payload: String, dueAt: ServerTime, attributes: WorkAttributes) {
        self.kind = kind
        self.topic = topic
        self.payload = payload
        self.dueAt = dueAt
        self.attributes = attributes
    }
}

/// What is to be there after an import.
package struct ImportRequest: Sendable {
    package var calendars: [JobCalendar] = []
    package var jobs: [(job: JobRequest, isPaused: Bool)] = []
    package var work: [TransferredWork] = []

    /// Nothing yet.
    package init() {}
}

/// What an import did, in the order of the request.
package struct ImportAnswer: Sendable, Hashable {
    /// What became of a job or a calendar.
    package enum Outcome: String, Sendable, Hashable {
        case added, changed, unchanged
    }

    package var calendars: [Outcome] = []
    package var jobs: [Outcome] = []
    package var addedWork = 0
    package var presentWork = 0
}

extension PostgresTenantClient {
    /// Timers and messages that have not started, in the order of enqueuing.
    ///
    /// - Throws: ``StoreError``.
    package func transferableWork() async throws -> [TransferredWork] {
        try await self.query(
            Statements.clientExportWork.prepared(in: self.place.schema),
            "tenant.export",
            [],
            timeout: .seconds(60)
        ).map { row in
            var attributes = WorkAttributes()
            attributes.uniqueKey = try row.optionalString(4)
            attributes.orderingKey = try row.optionalString(5)
            attributes.priority = try row.int(6)
            attributes.correlationID = try row.optionalString(8)
            attributes.timeout = try row.optionalInt(9).map { .milliseconds($0) }
            attributes.retry = RetryPolicy(
                maxAttempts: try row.int(7),
                baseDelayMilliseconds: Int64(try row.int(10)),
                maxDelayMilliseconds: Int64(try row.int(11))
            )
            attributes.traceContext = try row.optionalString(12)
            attributes.retry.delays = try row.optionalString(13).flatMap(RetryDelays.init)
            attributes.retry.retryFor = try row.optionalInt(14).map { .milliseconds($0) }
            attributes.limitKey = try row.optionalString(15)
            return TransferredWork(
                kind: try row.workKind(0),
                topic: try row.string(1),
                payload: try row.string(2),
                dueAt: try row.time(3),
                attributes: attributes
            )
        }
    }

    /// Puts jobs and adds work in one transaction: all of it, or nothing.
    ///
    /// A job that is as it should be is left alone. Work of which there is enough of its like already is not added.
    ///
    /// - Parameter commits: Whether it is to happen; otherwise it is tried and undone.
    /// - Throws: ``RefusedRequest`` that names the place in the request, or ``StoreError``.
    package func importContents(
        _ request: ImportRequest,
        commits: Bool,
        timeout: Duration = .seconds(60)
    ) async throws -> ImportAnswer {
        let deadline = ContinuousClock.now + timeout
        do {
            return try await self.pools.withConnection(
                to: self.place.target,
                purpose: .housekeeping,
                deadline: deadline
            ) { connection in
                try await connection.transaction(deadline: deadline) { connection in
                    let answer = try await self.perform(request, connection, deadline)
                    guard commits else { throw Rehearsed(answer: answer) }
                    return answer
                }
            }
        } catch let rehearsed as Rehearsed {
            return rehearsed.answer
        } catch let error as PostgresError {
            throw StoreError(error, operation: "tenant.import")
        }
    }

    /// Undoes the transaction of a rehearsal.
    private struct Rehearsed: Error {
        let answer: ImportAnswer
    }

    private func perform(
        _ request: ImportRequest,
        _ connection: PostgresConnection,
        _ deadline: ContinuousClock.Instant
    ) async throws -> ImportAnswer {
        var outcomes = [ImportAnswer.Outcome](repeating: .unchanged, count: request.jobs.count)
        // Every import locks calendars and jobs in the same order.
        var calendars = [ImportAnswer.Outcome](repeating: .unchanged, count: request.calendars.count)
        for index in request.calendars.indices.sorted(by: { request.calendars[$0].name < request.calendars[$1].name }) {
            let calendar = request.calendars[index]
            calendars[index] = try await Self.naming("calendars[\(index)] '\(calendar.name)'") {
                try await self.put(calendar, connection, deadline)
            }
        }
        for index in request.jobs.indices.sorted(by: { request.jobs[$0].job.name < request.jobs[$1].job.name }) {
            let (job, isPaused) = request.jobs[index]
            outcomes[index] = try await Self.naming("jobs[\(index)] '\(job.name)'") {
                try await self.put(job, isPaused: isPaused, connection, deadline)
            }
        }
        var answer = ImportAnswer(calendars: calendars, jobs: outcomes)
        var met: [TransferredWork: Int] = [:]
        for (index, work) in request.work.enumerated() {
            met[work, default: 0] += 1
            let parameters: [PostgresValue] =
                [
                    .text(work.kind.rawValue), .text(work.topic), .json(work.payload),
                    .timestamp(microseconds: work.dueAt.microseconds),
                ] + work.attributes.parameters + [.int(met[work] ?? 1)]
            let hasAdded = try await Self.naming("work[\(index)]") {
                try await connection.query(
                    Statements.clientImportWork.prepared(in: self.place.schema),
                    parameters: parameters,
                    deadline: deadline
                ).single().optionalInt(0) != nil
            }
            if hasAdded { answer.addedWork += 1 } else { answer.presentWork += 1 }
        }
        return answer
    }

    private func put(
        _ calendar: JobCalendar,
        _ connection: PostgresConnection,
        _ deadline: ContinuousClock.Instant
    ) async throws -> ImportAnswer.Outcome {
        let before = try await connection.query(
            Statements.clientCalendars.prepared(in: self.place.schema),
            .text(calendar.name),
            deadline: deadline
        ).first.map(CalendarRecord.init)
        let revision = try await connection.query(
            Statements.clientPutCalendar.prepared(in: self.place.schema),
            .text(calendar.name),
            .texts(calendar.excluded),
            .text(calendar.timeZone),
            deadline: deadline
        ).single().int(0)
        guard let before else { return .added }
        return before.revision == Int64(revision) ? .unchanged : .changed
    }

    private func put(
        _ job: JobRequest,
        isPaused: Bool,
        _ connection: PostgresConnection,
        _ deadline: ContinuousClock.Instant
    ) async throws -> ImportAnswer.Outcome {
        let before = try await connection.query(
            self.statements.jobs,
            .text(job.name),
            .texts([String]()),
            deadline: deadline
        )
        .first.map(JobRecord.init)
        let revision = try await connection.query(
            self.statements.scheduleJob,
            parameters: job.parameters,
            deadline: deadline
        ).single().int(0)
        let switching = isPaused ? self.statements.pauseJob : self.statements.resumeJob
        let hasSwitched = try await connection.query(switching, .text(job.name), deadline: deadline).single().bool(0)
        guard let before else { return .added }
        return hasSwitched || before.definition.revision != revision ? .changed : .unchanged
    }

    /// A refusal says which of many things was refused.
    private static func naming<Value>(_ place: String, _ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as PostgresError {
            guard let refusal = StoreError.refusal(error) else { throw error }
            throw RefusedRequest(
                message: "\(place): \(refusal.message)",
                hint: refusal.hint,
                isNotFound: refusal.isNotFound
            )
        }
    }
}
