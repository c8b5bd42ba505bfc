internal import PostgresClient
package import TenureCore

/// One message of several that are enqueued together.
package struct MessageRecord: Sendable, Hashable {
    package var topic: String
    /// JSON text.
    package var payload: String
    package var uniqueKey: String?
    package var orderingKey: String?

    package init(topic: String, payload: String, uniqueKey: String?, orderingKey: String?) {
        self.topic = topic
        self.payload = payload
        self.uniqueKey = uniqueKey
        self.orderingKey = orderingKey
    }
}

/// A group of messages as people look at it.
package struct GroupRecord: Sendable, Hashable {
    package var id: Int64
    /// `open`, `completed` or `cancelled`.
    package var state: String
    package var isSealed: Bool
    package var pending: Int
    package var completed: Int
    package var discarded: Int
    package var cancelled: Int
    package var followUp: WorkID
    package var createdAt: ServerTime
    package var endedAt: ServerTime?
}

/// A fan-out as people look at it.
package struct FanOutRecord: Sendable, Hashable {
    package var name: String
    package var topic: String
    package var query: String
    package var lastKey: String?
    package var enqueued: Int
    package var group: Int64?
    package var startedAt: ServerTime
    package var finishedAt: ServerTime?
}

/// Many messages at once; each call is one transaction.
extension PostgresTenantClient {
    /// Enqueues messages; all of them, or none.
    ///
    /// - Parameters:
    ///   - messages: At most 100,000.
    ///   - attributes: What they have in common; its keys are not used.
    ///   - group: The group that they join.
    /// - Returns: Their IDs, in order.
    /// - Throws: ``RefusedRequest`` or ``StoreError``, as every method.
    package func enqueue(
        _ messages: [MessageRecord],
        due: DueTime = .now,
        _ attributes: WorkAttributes = .init(),
        group: Int64? = nil
    ) async throws -> [WorkID] {
        let arrays: [PostgresValue] = [
            .texts(messages.map(\.topic)), .jsons(messages.map(\.payload)), .texts(messages.map(\.uniqueKey)),
            .texts(messages.map(\.orderingKey)),
        ]
        let rows = try await self.query(
            self.statements.messages.addMessages,
            "messages.add",
            arrays + due.parameters + attributes.parameters.dropFirst(2) + [.int(group)],
            timeout: .seconds(60)
        )
        return try rows.single().ints(0).map { WorkID(Int64($0)) }
    }

    /// Opens a group with its follow-up.
    ///
    /// - Parameter expiry: When the follow-up runs if the group has not ended before; `nil` for never.
    package func openGroup(
        followUp topic: String,
        payload: String,
        expiry: DueTime?,
        _ attributes: WorkAttributes
    ) async throws -> Int64 {
        let never: [PostgresValue] = [.null(.timestamptz), .null(.int8)]
        let parameters: [PostgresValue] = [.text(topic), .json(payload)]
        let rows = try await self.query(
            self.statements.messages.openGroup,
            "group.open",
            parameters + (expiry?.parameters ?? never) + attributes.parameters[1..<11]
        )
        return Int64(try rows.single().int(0))
    }

    /// Says that a group gets no further members. False if it was said before.
    package func sealGroup(_ id: Int64) async throws -> Bool {
        try await self.query(self.statements.messages.sealGroup, "group.seal", [.int(id)]).single().bool(0)
    }

    /// Cancels a group with its members. Returns how many there were; `nil` if it had ended.
    package func cancelGroup(_ id: Int64) async throws -> Int? {
        try await self.query(self.statements.messages.cancelGroup, "group.cancel", [.int(id)], timeout: .seconds(60))
            .single().optionalInt(0)
    }

    /// Groups, the newest first.
    package func groups(id: Int64? = nil, limit: Int) async throws -> [GroupRecord] {
        try await self.query(self.statements.messages.groups, "group.list", [.int(id), .int(limit)]).map { row in
            GroupRecord(
                id: Int64(try row.int(0)),
                state: try row.string(1),
                isSealed: try row.bool(2),
                pending: try row.int(3),
                completed: try row.int(4),
                discarded: try row.int(5),
                cancelled: try row.int(6),
                followUp: try row.workID(7),
                createdAt: try row.time(8),
                endedAt: try row.optionalTime(9)
            )
        }
    }

    /// Begins a fan-out, or finds the one of this name. Returns whether it is new.
    package func beginFanOut(
        _ name: String,
        topic: String,
        query: String,
        followUp: String?,
        followUpPayload: String,
        _ attributes: WorkAttributes
    ) async throws -> Bool {
        try await self.query(
            self.statements.messages.beginFanOut,
            "fan_out.begin",
            [
                .text(name), .text(topic), .text(query), .text(followUp), .json(followUpPayload),
                .int(attributes.priority), .int(attributes.retry.maxAttempts), .text(attributes.correlationID),
            ],
            timeout: .seconds(60)
        ).single().bool(0)
    }

    /// Enqueues messages for the next rows of a fan-out. Returns how many; fewer than `rows` means that it is done.
    package func fanOutStep(_ name: String, rows: Int) async throws -> Int {
        try await self.query(
            self.statements.messages.fanOutStep,
            "fan_out.step",
            [.text(name), .int(rows)],
            timeout: .seconds(120)
        ).single().int(0)
    }

    /// Fan-outs, the newest first.
    package func fanOuts(name: String? = nil, limit: Int) async throws -> [FanOutRecord] {
        try await self.query(self.statements.messages.fanOuts, "fan_out.list", [.text(name), .int(limit)]).map { row in
            FanOutRecord(
                name: try row.string(0),
                topic: try row.string(1),
                query: try row.string(2),
                lastKey: try row.optionalString(3),
                enqueued: try row.int(4),
                group: try row.optionalInt(5).map { Int64($0) },
                startedAt: try row.time(6),
                finishedAt: try row.optionalTime(7)
            )
        }
    }

    /// Forgets a fan-out. False if there is none.
    package func forgetFanOut(_ name: String) async throws -> Bool {
        try await self.query(self.statements.messages.forgetFanOut, "fan_out.forget", [.text(name)]).single().bool(0)
    }
}
