import InMemoryStores
import PostgresClient
import PostgresStore
import TenureCore
import TenureTesting

/// A tenant in a database of its own, for the conformance of its store.
struct PostgresTenantHarness: TenantStoreHarness {
    let database: StoreDatabase
    let stores: PostgresTenantStores
    let client: PostgresTenantClient
    let connection: PostgresConnection

    /// Runs a body with a tenant that is dropped afterwards.
    static func withTenant(_ body: (PostgresTenantHarness) async throws -> Void) async throws {
        try await withStoreDatabase { database in
            try await database.withConnections(1) { connections in
                let stores = PostgresTenantStores(pools: database.pools)
                let harness = PostgresTenantHarness(
                    database: database,
                    stores: stores,
                    client: try database.client,
                    connection: connections[0]
                )
                let result: Result<Void, any Error>
                do {
                    try await body(harness)
                    result = .success(())
                } catch {
                    result = .failure(error)
                }
                await stores.close()
                try result.get()
            }
        }
    }

    func makeStore() async throws -> any TenantStore { self.database.store(self.stores) }

    func now() async throws -> ServerTime {
        let text = try await self.connection.text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        return ServerTime(microseconds: Int64(text) ?? 0)
    }

    func advance(by duration: Duration) async throws {
        // Time itself is what matters here.
        try await Task.sleep(for: duration)
    }

    // MARK: Work

    func add(_ work: NewWork) async throws -> WorkID {
        try await self.rejecting { try await self.added(work) }
    }

    /// What the schema refuses is an error of the store here.
    private func rejecting<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let refusal as RefusedRequest {
            throw StoreError(.rejected, operation: "work.add", detail: refusal.message)
        }
    }

    private func added(_ work: NewWork) async throws -> WorkID {
        switch work.kind {
        case .timer:
            try await self.client.scheduleTimer(
                topic: work.topic,
                due: DueTime(work.due),
                payload: work.payload,
                WorkAttributes(work)
            )
        case .job, .outbox, .inbox:
            try await self.client.enqueue(
                topic: work.topic,
                payload: work.payload,
                due: DueTime(work.due),
                WorkAttributes(work)
            )
        }
    }

    func receive(_ work: NewWork, source: String, messageID: String) async throws -> WorkID? {
        try await self.rejecting {
            try await self.client.receive(
                source: source,
                messageID: messageID,
                topic: work.topic,
                payload: work.payload,
                due: DueTime(work.due),
                WorkAttributes(work)
            )
        }
    }

    func cancel(_ id: WorkID, kinds: [WorkKind]) async throws -> Bool {
        try await self.client.cancel(id, kinds: kinds)
    }

    func cancelRun(_ id: WorkID) async throws -> CancelReply { try await self.client.cancelRun(id) }

    func whileAdding(_ work: NewWork, _ body: (WorkID) async throws -> Void) async throws {
        let due =
            switch work.due {
            case .now: "now()"
            case .after(let delay): "now() + interval '\(delay.microseconds) microseconds'"
            case .at(let instant): "to_timestamp(\(instant.microseconds)::numeric / 1000000)"
            }
        try await self.whileOpen(commits: true) { connection in
            let id = try await connection.text(
                "SELECT enqueue('\(work.topic)', due_at => \(due), priority => \(work.priority))"
            )
            try await body(WorkID(Int64(id) ?? 0))
        }
    }

    func whileCancelling(_ id: WorkID, commits: Bool, _ body: () async throws -> Void) async throws -> Bool {
        var isCancelled = false
        try await self.whileOpen(commits: commits) { connection in
            isCancelled = try await connection.text("SELECT cancel(\(id))") == "t"
            try await body()
        }
        return isCancelled
    }

    private func whileOpen(commits: Bool, _ body: (PostgresConnection) async throws -> Void) async throws {
        try await self.database.withConnections(1) { connections in
            try await connections[0].run("BEGIN")
            try await body(connections[0])
            try await connections[0].run(commits ? "COMMIT" : "ROLLBACK")
        }
    }

    func retryDeadLetter(_ id: WorkID) async throws -> Bool {
        do {
            return try await self.client.retryDeadLetter(id) == id
        } catch is RefusedRequest {
            return false
        }
    }

    func discardDeadLetter(_ id: WorkID) async throws -> Bool { try await self.client.discardDeadLetter(id) }

    // MARK: Jobs

    func putJob(_ job: NewJob) async throws -> Int64 { try await self.client.putJob(JobRequest(job)) }

    func pauseJob(_ name: String) async throws -> Bool? {
        try await Self.orNothing { try await self.client.pauseJob(name) }
    }

    func resumeJob(_ name: String) async throws -> Bool? {
        try await Self.orNothing { try await self.client.resumeJob(name) }
    }

    func triggerJob(_ name: String) async throws -> WorkID? {
        try await Self.orNothing { try await self.client.triggerJob(name) }
    }

    func deleteJob(_ name: String) async throws -> Bool {
        try await Self.orNothing { try await self.client.deleteJob(name) } != nil
    }

    func putCalendar(_ calendar: JobCalendar) async throws -> Int64 { try await self.client.putCalendar(calendar) }

    func deleteCalendar(_ name: String) async throws -> Bool? {
        do {
            try await self.client.deleteCalendar(name)
            return true
        } catch let refusal as RefusedRequest {
            return refusal.isNotFound ? nil : false
        }
    }

    // MARK: Limits

    func putLimit(_ limit: LimitDefinition) async throws -> Bool { try await self.client.putLimit(limit) }
    func deleteLimit(_ name: String) async throws -> Bool { try await self.client.deleteLimit(name) }

    private static func orNothing<Value>(_ body: () async throws -> Value) async throws -> Value? {
        do {
            return try await body()
        } catch let refusal as RefusedRequest where refusal.isNotFound {
            return nil
        }
    }
}

extension DueTime {
    fileprivate init(_ due: NewWork.Due) {
        switch due {
        case .now: self = .now
        case .after(let delay): self = .after(delay)
        case .at(let instant): self = .at(instant)
        }
    }
}

extension WorkAttributes {
    fileprivate init(_ work: NewWork) {
        self.init()
        self.uniqueKey = work.uniqueKey
        self.onConflict = work.onConflict.rawValue
        self.uniqueStates = work.uniqueStates.rawValue
        self.uniqueFor = work.uniqueFor
        self.limitKey = work.limitKey
        self.orderingKey = work.orderingKey
        self.priority = work.priority
        self.retry = work.retry
        self.timeout = work.timeoutMilliseconds.map { .milliseconds($0) }
        self.correlationID = work.correlationID
        self.traceContext = work.traceContext
    }
}

extension JobRequest {
    fileprivate init(_ job: NewJob) {
        switch job.schedule {
        case .cron(let expression): self.init(name: job.name, topic: job.topic, schedule: .cron(expression))
        case .every(let interval): self.init(name: job.name, topic: job.topic, schedule: .every(interval))
        }
        self.payload = job.payload
        self.timeZone = job.timeZone
        self.priority = job.priority
        self.retry = job.retry
        self.timeout = job.timeoutMilliseconds.map { .milliseconds($0) }
        self.misfire = job.misfire
        self.misfireGrace = .milliseconds(job.misfireGraceMilliseconds)
        self.misfireBound = job.misfireBound
        self.overlap = job.overlap.rawValue
        self.overlapBound = job.overlapBound
        self.calendar = job.calendar
        self.description = job.description
        self.tags = job.tags
        self.jitter = .milliseconds(job.jitterMilliseconds)
        self.startsAt = job.startsAt
        self.endsAt = job.endsAt
        self.daylightGap = job.daylight.gap
        self.daylightOverlap = job.daylight.overlap
        self.limitKey = job.limitKey
    }
}
