internal import PostgresClient
internal import PostgresStore
internal import TenureCore

/// A tenant's schema in Postgres.
struct PostgresTenantBackend: TenantBackend {
    let client: PostgresTenantClient

    init(_ client: PostgresTenantClient) {
        self.client = client
    }

    func migrate() async throws -> [Int] {
        do {
            return try await self.client.migrate()
        } catch let error as PostgresError {
            // Connecting failed: what the client throws by itself is translated already.
            throw StoreError(.unavailable, operation: "schema.migrate", detail: error.message)
        }
    }

    // MARK: Work

    func add(
        _ kind: WorkKind,
        topic: String,
        payload: String,
        due: WorkDue,
        options: WorkOptions
    ) async throws -> WorkID {
        try await self.translating {
            kind == .timer
                ? try await self.client.scheduleTimer(topic: topic, due: .init(due), payload: payload, .init(options))
                : try await self.client.enqueue(topic: topic, payload: payload, due: .init(due), .init(options))
        }
    }

    func receive(
        source: String,
        messageID: String,
        topic: String,
        payload: String,
        due: WorkDue,
        options: WorkOptions,
        ifChanged: ChangedMessage
    ) async throws -> WorkID? {
        try await self.translating {
            try await self.client.receive(
                source: source,
                messageID: messageID,
                topic: topic,
                payload: payload,
                due: .init(due),
                .init(options),
                ifChanged: ifChanged.rawValue
            )
        }
    }

    func cancel(_ id: WorkID, kinds: [WorkKind]) async throws -> Bool {
        try await self.translating { try await self.client.cancel(id, kinds: kinds) }
    }

    func work(kinds: [WorkKind], job: String?, id: WorkID?, states: [String], limit: Int) async throws -> [WorkInfo] {
        try await self.translating {
            try await self.client.work(kinds: kinds, job: job, id: id, states: states, limit: limit)
                .map(WorkInfo.init)
        }
    }

    // MARK: Jobs

    func putJob(_ job: JobDraft) async throws -> Int64 {
        try await self.translating { try await self.client.putJob(JobRequest(job)) }
    }

    func pauseJob(_ name: String) async throws -> Bool {
        try await self.translating { try await self.client.pauseJob(name) }
    }

    func resumeJob(_ name: String) async throws -> Bool {
        try await self.translating { try await self.client.resumeJob(name) }
    }

    func triggerJob(_ name: String) async throws -> WorkID {
        try await self.translating { try await self.client.triggerJob(name) }
    }

    func deleteJob(_ name: String) async throws {
        try await self.translating { try await self.client.deleteJob(name) }
    }

    func jobs(tags: [String]) async throws -> [JobInfo] {
        try await self.translating { try await self.client.jobs(tags: tags).map(JobInfo.init) }
    }

    func job(_ name: String) async throws -> JobInfo? {
        try await self.translating { try await self.client.job(name).map(JobInfo.init) }
    }

    // MARK: History

    func running(limit: Int) async throws -> [RunningInfo] {
        try await self.translating { try await self.client.running(limit: limit).map(RunningInfo.init) }
    }

    func progress(of run: WorkID) async throws -> String? {
        try await self.translating { try await self.client.progress(of: run) }
    }

    func runs(_ filter: RunFilter, limit: Int) async throws -> [RunInfo] {
        try await self.translating {
            try await self.client.runs(
                id: filter.id,
                states: filter.states,
                job: filter.job,
                kinds: filter.kinds,
                before: filter.before,
                limit: limit
            ).map(RunInfo.init)
        }
    }

    func inbox(source: String?, limit: Int) async throws -> [ReceivedMessage] {
        try await self.translating {
            try await self.client.inbox(source: source, limit: limit).map {
                ReceivedMessage(source: $0.source, messageID: $0.messageID, id: $0.id, receivedAt: $0.receivedAt)
            }
        }
    }

    func status(history: Duration?) async throws -> TenantStatus {
        try await self.translating { TenantStatus(try await self.client.summary(history: history)) }
    }

    func lag() async throws -> Duration? {
        try await self.translating { try await self.client.lag() }
    }

    /// A refusal of the schema's becomes one of ours.
    func translating<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as RefusedRequest {
            throw RequestRefused(message: error.message, hint: error.hint, isNotFound: error.isNotFound)
        }
    }
}
