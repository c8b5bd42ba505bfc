internal import PostgresStore
internal import TenureCore

extension PostgresTenantBackend {
    func add(
        _ messages: [Message],
        due: WorkDue,
        options: WorkOptions,
        group: GroupID?
    ) async throws -> [WorkID] {
        let records = messages.map {
            MessageRecord(
                topic: $0.topic,
                payload: $0.payload,
                uniqueKey: $0.uniqueKey,
                orderingKey: $0.orderingKey
            )
        }
        return try await self.translating {
            try await self.client.enqueue(records, due: .init(due), .init(options), group: group?.value)
        }
    }

    func openGroup(
        followUp: String,
        payload: String,
        expiry: WorkDue?,
        options: WorkOptions
    ) async throws -> GroupID {
        try await self.translating {
            GroupID(
                try await self.client.openGroup(
                    followUp: followUp,
                    payload: payload,
                    expiry: expiry.map { .init($0) },
                    .init(options)
                )
            )
        }
    }

    func sealGroup(_ id: GroupID) async throws -> Bool {
        try await self.translating { try await self.client.sealGroup(id.value) }
    }

    func cancelGroup(_ id: GroupID) async throws -> Int? {
        try await self.translating { try await self.client.cancelGroup(id.value) }
    }

    func groups(id: GroupID?, limit: Int) async throws -> [GroupInfo] {
        try await self.translating {
            try await self.client.groups(id: id?.value, limit: limit).map { record in
                GroupInfo(
                    id: GroupID(record.id),
                    state: record.state,
                    isSealed: record.isSealed,
                    pending: record.pending,
                    completed: record.completed,
                    discarded: record.discarded,
                    cancelled: record.cancelled,
                    followUp: record.followUp,
                    createdAt: record.createdAt,
                    endedAt: record.endedAt
                )
            }
        }
    }

    func beginFanOut(_ fanOut: FanOut) async throws -> Bool {
        try await self.translating {
            try await self.client.beginFanOut(
                fanOut.name,
                topic: fanOut.topic,
                query: fanOut.query,
                followUp: fanOut.followUp,
                followUpPayload: fanOut.followUpPayload,
                .init(fanOut.options)
            )
        }
    }

    func fanOutStep(_ name: String, rows: Int) async throws -> Int {
        try await self.translating { try await self.client.fanOutStep(name, rows: rows) }
    }

    func fanOuts(name: String?, limit: Int) async throws -> [FanOutInfo] {
        try await self.translating {
            try await self.client.fanOuts(name: name, limit: limit).map { record in
                FanOutInfo(
                    name: record.name,
                    topic: record.topic,
                    query: record.query,
                    lastKey: record.lastKey,
                    enqueued: record.enqueued,
                    group: record.group.map(GroupID.init),
                    startedAt: record.startedAt,
                    finishedAt: record.finishedAt
                )
            }
        }
    }

    func forgetFanOut(_ name: String) async throws -> Bool {
        try await self.translating { try await self.client.forgetFanOut(name) }
    }
}
