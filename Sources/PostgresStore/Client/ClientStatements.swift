internal import PostgresClient
internal import TenureCore

/// The statements of a tenant's users, made for one schema once.
struct ClientStatements: Sendable {
    let addWork: PostgresStatement
    let receive: PostgresStatement
    let cancel: PostgresStatement
    let cancelRun: PostgresStatement
    let work: PostgresStatement
    let scheduleJob: PostgresStatement
    let pauseJob: PostgresStatement
    let resumeJob: PostgresStatement
    let triggerJob: PostgresStatement
    let deleteJob: PostgresStatement
    let jobs: PostgresStatement
    let runs: PostgresStatement
    let running: PostgresStatement
    let progress: PostgresStatement
    let inbox: PostgresStatement
    let summary: PostgresStatement
    let lag: PostgresStatement
    let leases: LeaseStatements
    let messages: MessageStatements

    init(_ schema: SchemaName) {
        self.addWork = Statements.clientAddWork.prepared(in: schema)
        self.receive = Statements.clientReceive.prepared(in: schema)
        self.cancel = Statements.clientCancel.prepared(in: schema)
        self.cancelRun = Statements.clientCancelRun.prepared(in: schema)
        self.work = Statements.clientWork.prepared(in: schema)
        self.scheduleJob = Statements.clientScheduleJob.prepared(in: schema)
        self.pauseJob = Statements.clientPauseJob.prepared(in: schema)
        self.resumeJob = Statements.clientResumeJob.prepared(in: schema)
        self.triggerJob = Statements.clientTriggerJob.prepared(in: schema)
        self.deleteJob = Statements.clientDeleteJob.prepared(in: schema)
        self.jobs = Statements.clientJobs.prepared(in: schema)
        self.runs = Statements.clientRuns.prepared(in: schema)
        self.progress = Statements.progress.prepared(in: schema)
        self.running = Statements.clientRunning.prepared(in: schema)
        self.inbox = Statements.clientInbox.prepared(in: schema)
        self.summary = Statements.clientSummary.prepared(in: schema)
        self.lag = Statements.clientLag.prepared(in: schema)
        self.leases = LeaseStatements(schema)
        self.messages = MessageStatements(schema)
    }
}

extension DueTime {
    /// The instant and, where there is none, the delay in microseconds.
    var parameters: [PostgresValue] {
        switch self {
        case .now: [.null(.timestamptz), .int(0)]
        case .after(let delay): [.null(.timestamptz), .int(max(0, delay.microseconds))]
        case .at(let instant): [.timestamp(microseconds: instant.microseconds), .int(0)]
        }
    }
}

extension WorkAttributes {
    /// From the unique key on.
    var parameters: [PostgresValue] {
        [
            .text(self.uniqueKey), .text(self.orderingKey), .int(self.priority), .int(self.retry.maxAttempts),
            .text(self.correlationID), .int(self.timeout?.milliseconds), .int(self.retry.baseDelayMilliseconds),
            .int(self.retry.maxDelayMilliseconds), .text(self.traceContext), .text(self.retry.delays?.description),
            .int(self.retry.retryFor?.milliseconds), .text(self.limitKey), .text(self.onConflict),
            .text(self.uniqueStates), .int(self.uniqueFor?.milliseconds),
        ]
    }
}

extension JobRequest {
    /// In the order of `client_schedule_job.sql`.
    var parameters: [PostgresValue] {
        let (cron, every): (String?, Int64?) =
            switch self.schedule {
            case .cron(let text): (text, nil)
            case .every(let interval): (nil, interval.microseconds)
            }
        return [
            .text(self.name), .text(self.topic), .text(cron), .json(self.payload), .text(self.timeZone), .int(every),
            .int(self.priority), .int(self.retry.maxAttempts), .int(self.timeout?.milliseconds),
            .int(self.retry.baseDelayMilliseconds), .int(self.retry.maxDelayMilliseconds), .text(self.misfire.rawValue),
            .int(self.misfireGrace.milliseconds), .int(self.misfireBound), .text(self.overlap),
            .timestamp(microseconds: self.startsAt?.microseconds), .timestamp(microseconds: self.endsAt?.microseconds),
            .int(self.jitter.milliseconds), .text(self.daylightGap), .text(self.daylightOverlap),
            .text(self.retry.delays?.description), .int(self.retry.retryFor?.milliseconds), .text(self.limitKey),
            .int(self.overlapBound), .text(self.calendar), .text(self.description), .texts(self.tags),
        ]
    }
}
