internal import RedisClient
package import TenureCore

extension RedisCoordinationStore {
    package func submit(_ request: OperatorRequest) async throws(CoordinationError) {
        let operation = "request.submit"
        let reply = try await self.run(
            .submitRequest,
            operation,
            [request.id, JSONText.encode(request), self.configuration.requestLimit]
        )
        guard try reply.flag() else {
            throw CoordinationError(.rejected, operation: operation, detail: "too many requests wait for the leader")
        }
    }

    package func hint(_ tenant: TenantID) async throws(CoordinationError) {
        let message = WakeupMessage.work(for: tenant)
        _ = try await self.send(RedisCommand("PUBLISH", self.keyspace[.wake], message), "hint").number()
    }

    /// An entry holds the event's fields one by one, for whoever reads the stream with other tools, and its JSON, which
    /// keeps the fields' types and is what is read here.
    package func append(_ event: ClusterEvent) async throws(CoordinationError) -> String {
        var command = RedisCommand(
            "XADD",
            self.keyspace[.events],
            "MAXLEN",
            "~",
            self.configuration.eventLimit,
            "*",
            "event",
            event.name,
            "time",
            UTCTimestamp.text(microseconds: event.time),
            "cluster",
            event.cluster,
            "node",
            event.node
        )
        for field in event.fields {
            command.append(field.name)
            command.append(field.value.description)
        }
        command.append("level")
        command.append(event.level.rawValue)
        command.append("json")
        command.append(event.json)
        return try await self.send(command, "events.append").text()
    }

    package func events(after id: String?, limit: Int) async throws(CoordinationError) -> [StoredEvent] {
        let reply = try await self.send(
            RedisCommand("XREAD", "COUNT", max(1, limit), "STREAMS", self.keyspace[.events], id ?? "0-0"),
            "events.read"
        )
        // Null when there is none; otherwise one stream: its name and its entries.
        guard !reply.value.isNull else { return [] }
        return try reply[0][1].elements().compactMap { entry in
            guard let id = entry[0].string, let members = entry[1].pairs else { return nil }
            func last(_ name: String) -> String? { members.last { $0.name == name }?.value.string }
            let level = last("level").flatMap(ClusterEvent.Level.init) ?? .info
            return last("json").flatMap { ClusterEvent(json: $0, level: level) }.map { StoredEvent(id: id, event: $0) }
        }
    }

    package func wakeups() async -> AsyncStream<Wakeup> {
        let events = await self.subscriber.subscribe(to: [self.keyspace[.wake]])
        return AsyncStream {
            var iterator = events.makeAsyncIterator()
            while let event = await iterator.next() {
                switch event {
                case .subscribed, .resubscribed, .overflowed: return .resubscribed
                case .message(_, let payload):
                    if let wakeup = WakeupMessage.parse(String(decoding: payload, as: UTF8.self)) { return wakeup }
                }
            }
            return nil
        }
    }
}
