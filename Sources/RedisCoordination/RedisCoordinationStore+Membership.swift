internal import RedisClient
package import TenureCore

extension RedisCoordinationStore {
    package func register(
        _ node: NodeDescriptor,
        replacing: Incarnation?
    ) async throws(CoordinationError) -> RegistrationReply {
        var generator = SystemRandomNumberGenerator()
        let reply = try await self.run(
            .register,
            "node.register",
            [
                node.id.description, node.incarnation.description, JSONText.encode(node),
                replacing?.description ?? "", String(generator.next(), radix: 36),
            ]
        )
        switch try reply[0].code() {
        case 0: return .occupied(by: Incarnation(try reply[1].text()), heartbeat: reply[2].counter())
        case 1: return .registered(generation: try reply[1].text())
        default: throw reply.malformed()
        }
    }

    package func heartbeat(_ heartbeat: Heartbeat) async throws(CoordinationError) -> HeartbeatReply {
        var arguments: [any RedisArgument] = [
            heartbeat.holder.node.description, heartbeat.holder.incarnation.description,
            JSONText.encode(heartbeat.load), Self.milliseconds(heartbeat.lockDuration),
        ]
        arguments.reserveCapacity(4 + 2 * heartbeat.locks.count)
        for (tenant, epoch) in heartbeat.locks {
            arguments.append(tenant.description)
            arguments.append(epoch.value)
        }
        let reply = try await self.run(.heartbeat, "node.heartbeat", arguments, urgently: true)
        switch try reply[0].code() {
        case 0: return .unregistered(generation: reply[1].value.string)
        case 1: return .alive(try self.news(from: reply))
        default: throw reply.malformed()
        }
    }

    private func news(from reply: ReplyReader) throws(CoordinationError) -> HeartbeatNews {
        var news = HeartbeatNews()
        news.ownersVersion = reply[1].counter()
        news.state = reply[2].value.bytes.flatMap(self.nodeMemory.decode)?.state ?? .active
        news.leader = ReplyReader.leadership(reply[3].value, remaining: reply[4].value)
        news.term = Term(reply[5].counter())
        news.generation = reply[6].value.string ?? ""
        news.heartbeats = try reply[7].byNode { $0.integer.map(Int64.init) }
        news.heartbeatAges = Self.ages(of: news.heartbeats, now: try reply[9].number())
        news.lostLocks = try reply[8].elements().compactMap { Names.tenant($0.string) }.sorted()
        return news
    }

    /// How old heartbeats are, by the clock that they were stamped with. That clock may have been set back.
    static func ages(of heartbeats: [NodeID: Int64], now: Int64) -> [NodeID: Duration] {
        heartbeats.mapValues { .milliseconds(max(0, now.subtractingReportingOverflow($0).partialValue)) }
    }

    package func deregister(_ holder: Holder) async throws(CoordinationError) {
        _ = try await self.run(
            .deregister,
            "node.deregister",
            [holder.node.description, holder.incarnation.description]
        ).flag()
    }

    package func setState(
        _ state: NodeState,
        of node: NodeID,
        registeredAs incarnation: Incarnation?
    ) async throws(CoordinationError) -> Bool {
        try await self.run(
            .setState,
            "node.set_state",
            [node.description, state.rawValue, incarnation?.description ?? ""]
        ).flag()
    }

    /// Whole milliseconds as Redis takes them: rounded down, so that a lease never ends later than it was asked to, and
    /// at least one.
    static func milliseconds(_ duration: Duration) -> Int64 {
        max(1, duration.milliseconds)
    }
}
