package import PostgresClient
package import TenureCore

/// What is recorded of one run, or of one occurrence.
extension TenantSnapshot {
    /// The IDs that occurrences between two instants were given, with their instants.
    package func ids(
        of job: String,
        in range: ClosedRange<ServerTime>
    ) async throws(PostgresError) -> [(id: WorkID, scheduledFor: ServerTime)] {
        try await self.query(
            Statements.explainIds,
            .text(job),
            .timestamp(microseconds: range.lowerBound.microseconds),
            .timestamp(microseconds: range.upperBound.microseconds)
        ).map { row throws(PostgresError) in (try row.workID(0), try row.time(1)) }
    }

    /// Attempts that ended, the oldest first.
    package func attempts(of id: WorkID) async throws(PostgresError) -> [RunRecord] {
        try await self.query(
            Statements.clientRuns,
            .int(id.value),
            .texts([String]()),
            .null(.text),
            .texts([String]()),
            .timestamp(microseconds: nil),
            .int(1_000)
        ).map(RunRecord.init).reversed()
    }

    /// The work that is still there.
    package func work(_ id: WorkID) async throws(PostgresError) -> WorkRecord? {
        let none = PostgresValue.texts([String]())
        return try await self.query(Statements.clientWork, none, .null(.text), .int(id.value), .int(1), none)
            .map(WorkRecord.init).first
    }

    /// The dead letter.
    package func deadLetter(_ id: WorkID) async throws(PostgresError) -> DeadLetterRecord? {
        let (text, time) = (PostgresValue.null(.text), PostgresValue.timestamp(microseconds: nil))
        return try await self.query(
            Statements.clientDeadLetters,
            .int(id.value),
            text,
            text,
            text,
            time,
            time,
            .int(1)
        ).map(DeadLetterRecord.init).first
    }

    /// A job that is not deleted.
    package func job(_ name: String) async throws(PostgresError) -> JobRecord? {
        try await self.query(Statements.clientJobs, .text(name), .texts([String]())).map(JobRecord.init).first
    }

    /// When things happened to a job, a deleted one too.
    package func times(ofJob name: String) async throws(PostgresError) -> JobTimes? {
        guard let row = try await self.query(Statements.explainJob, .text(name)).first else { return nil }
        return JobTimes(
            createdAt: try row.time(0),
            updatedAt: try row.time(1),
            pausedAt: try row.optionalTime(2),
            resumedAt: try row.optionalTime(3),
            deletedAt: try row.optionalTime(4),
            isPaused: try row.bool(5),
            overlap: try row.string(6)
        )
    }

    /// What users did to a job, the oldest first.
    package func changes(ofJob name: String) async throws(PostgresError) -> [JobChange] {
        try await self.query(Statements.explainChanges, .text(name)).map { row throws(PostgresError) in
            JobChange(at: try row.time(0), role: try row.string(1), what: try row.string(2))
        }
    }

    /// Earlier runs of the same job that had not ended at an instant.
    package func blocking(
        _ id: WorkID,
        of job: String,
        at instant: ServerTime
    ) async throws(PostgresError) -> [BlockingRun] {
        try await self.query(
            Statements.explainBlocking,
            .text(job),
            .int(id.value),
            .timestamp(microseconds: instant.microseconds)
        ).map { row throws(PostgresError) in
            BlockingRun(id: try row.workID(0), scheduledFor: try row.optionalTime(1), endedAt: try row.optionalTime(2))
        }
    }

    /// The work that is ahead of this under its ordering key.
    package func head(before id: WorkID) async throws(PostgresError) -> WorkID? {
        try await self.query(Statements.explainHead, .int(id.value)).first?.workID(0)
    }
}
