internal import PostgresStore
internal import TenureCore

extension PostgresTenantBackend {
    func deadLetters(_ filter: DeadLetterFilter, id: WorkID?, limit: Int) async throws -> [DeadLetter] {
        try await self.translating {
            try await self.client.deadLetters(filter, id: id, limit: limit).map(DeadLetter.init)
        }
    }

    func retryDeadLetter(_ id: WorkID) async throws -> WorkID {
        try await self.translating { try await self.client.retryDeadLetter(id) }
    }

    func discardDeadLetter(_ id: WorkID) async throws -> Bool {
        try await self.translating { try await self.client.discardDeadLetter(id) }
    }

    func retryDeadLetters(_ filter: DeadLetterFilter, limit: Int, isPlan: Bool) async throws -> DeadLetterChange {
        try await self.translating { try await self.client.retryDeadLetters(filter, limit: limit, isPlan: isPlan) }
    }

    func discardDeadLetters(_ filter: DeadLetterFilter, limit: Int, isPlan: Bool) async throws -> DeadLetterChange {
        try await self.translating { try await self.client.discardDeadLetters(filter, limit: limit, isPlan: isPlan) }
    }

    func changes(prefix: String?, limit: Int) async throws -> [Change] {
        try await self.translating { try await self.client.changes(prefix: prefix, limit: limit).map(Change.init) }
    }
}

extension DeadLetter {
    init(_ record: DeadLetterRecord) {
        self.init(
            id: record.id,
            kind: record.kind,
            topic: record.topic,
            payload: record.payload,
            failedAt: record.failedAt,
            reason: record.reason,
            error: record.error,
            errors: record.errors,
            node: record.node,
            epoch: record.epoch,
            dueAt: record.dueAt,
            attempts: record.attempts,
            maxAttempts: record.maxAttempts,
            crashes: record.crashes,
            jobName: record.jobName,
            scheduledFor: record.scheduledFor,
            uniqueKey: record.uniqueKey,
            orderingKey: record.orderingKey,
            correlationID: record.correlationID,
            createdAt: record.createdAt
        )
    }
}

extension Change {
    init(_ record: ChangeRecord) {
        self.init(
            at: record.at,
            role: record.role,
            program: record.program,
            what: record.what,
            name: record.name,
            count: record.count,
            detail: record.detail
        )
    }
}
