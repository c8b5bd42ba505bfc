internal import Tenure

/// Batches are added one by one; groups and fan-outs need a database.
extension InMemoryTenantBackend {
    func add(
        _ messages: [Message],
        due: WorkDue,
        options: WorkOptions,
        group: GroupID?
    ) async throws -> [WorkID] {
        guard group == nil else { throw Self.needsDatabase }
        for message in messages {
            try Self.check(topic: message.topic, payload: message.payload, priority: options.priority)
        }
        var ids: [WorkID] = []
        for message in messages {
            var options = options
            options.uniqueKey = message.uniqueKey
            options.orderingKey = message.orderingKey
            let id = try await self.add(
                .outbox,
                topic: message.topic,
                payload: message.payload,
                due: due,
                options: options
            )
            ids.append(id)
        }
        return ids
    }

    func openGroup(
        followUp: String,
        payload: String,
        expiry: WorkDue?,
        options: WorkOptions
    ) async throws -> GroupID {
        throw Self.needsDatabase
    }

    func sealGroup(_ id: GroupID) async throws -> Bool { throw Self.needsDatabase }
    func cancelGroup(_ id: GroupID) async throws -> Int? { throw Self.needsDatabase }
    func groups(id: GroupID?, limit: Int) async throws -> [GroupInfo] { [] }
    func beginFanOut(_ fanOut: FanOut) async throws -> Bool { throw Self.needsDatabase }
    func fanOutStep(_ name: String, rows: Int) async throws -> Int { throw Self.needsDatabase }
    func fanOuts(name: String?, limit: Int) async throws -> [FanOutInfo] { [] }
    func forgetFanOut(_ name: String) async throws -> Bool { false }

    private static var needsDatabase: RequestRefused {
        Self.refusal("a tenant in memory has no groups and no fan-outs")
    }
}
