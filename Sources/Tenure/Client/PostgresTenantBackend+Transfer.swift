internal import PostgresClient
internal import PostgresStore
internal import TenureCore

extension PostgresTenantBackend {
    func schemaDrift() async throws -> SchemaDrift {
        do {
            let comparison = try await self.client.compareSchema()
            return SchemaDrift(comparison)
        } catch let error as PostgresError {
            // Connecting failed: what the client throws by itself is translated already.
            throw StoreError(.unavailable, operation: "schema.compare", detail: error.message)
        }
    }

    func pauseJobs(topic: String?) async throws -> JobSwitch {
        let (matching, changed) = try await self.translating { try await self.client.pauseJobs(topic: topic) }
        return JobSwitch(matching: matching, changed: changed)
    }

    func resumeJobs(topic: String?) async throws -> JobSwitch {
        let (matching, changed) = try await self.translating { try await self.client.resumeJobs(topic: topic) }
        return JobSwitch(matching: matching, changed: changed)
    }

    func backfillJob(_ name: String, _ instants: [ServerTime], isPlan: Bool) async throws -> [Backfill.Occurrence] {
        try await self.translating {
            try await self.client.backfillJob(name, instants, isPlan: isPlan).map { occurrence in
                let state: Backfill.Occurrence.State =
                    switch occurrence.state {
                    case .added: .added
                    case .present: .present
                    case .upcoming: .upcoming
                    }
                return Backfill.Occurrence(instant: occurrence.instant, state: state, run: occurrence.run)
            }
        }
    }

    func transferableWork() async throws -> [TenantExport.Work] {
        try await self.translating {
            try await self.client.transferableWork().map { work in
                TenantExport.Work(
                    kind: work.kind,
                    topic: work.topic,
                    payload: work.payload,
                    dueAt: work.dueAt,
                    options: WorkOptions(work.attributes)
                )
            }
        }
    }

    func importing(_ export: TenantExport, commits: Bool) async throws -> TenantImport {
        var request = ImportRequest()
        request.calendars = export.calendars
        request.jobs = export.jobs.map { (JobRequest($0.draft), $0.isPaused) }
        request.work = export.work.map { work in
            TransferredWork(
                kind: work.kind,
                topic: work.topic,
                payload: work.payload,
                dueAt: work.dueAt,
                attributes: WorkAttributes(work.options)
            )
        }
        let answer = try await self.translating { try await self.client.importContents(request, commits: commits) }
        let jobs = zip(export.jobs, answer.jobs).map { job, outcome in
            TenantImport.Job(name: job.draft.name, outcome: TenantImport.Outcome(outcome))
        }
        let calendars = zip(export.calendars, answer.calendars).map { calendar, outcome in
            TenantImport.Calendar(name: calendar.name, outcome: TenantImport.Outcome(outcome))
        }
        return TenantImport(
            calendars: calendars,
            jobs: jobs,
            addedWork: answer.addedWork,
            presentWork: answer.presentWork
        )
    }
}

extension TenantImport.Outcome {
    fileprivate init(_ outcome: ImportAnswer.Outcome) {
        switch outcome {
        case .added: self = .added
        case .changed: self = .changed
        case .unchanged: self = .unchanged
        }
    }
}

extension WorkOptions {
    fileprivate init(_ attributes: WorkAttributes) {
        self.init()
        self.uniqueKey = attributes.uniqueKey
        self.orderingKey = attributes.orderingKey
        self.limitKey = attributes.limitKey
        self.priority = attributes.priority
        self.retry = attributes.retry
        self.timeout = attributes.timeout
        self.correlationID = attributes.correlationID
        self.traceContext = attributes.traceContext
    }
}
