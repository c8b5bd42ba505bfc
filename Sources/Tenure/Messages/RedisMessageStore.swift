internal import RedisClient
internal import RedisCoordination
internal import TenureCore

/// Messages in Redis, by its clock, in milliseconds.
final class RedisMessageStore: MessageStore {
    /// How long until a consumer looks again when no hint came: a lost hint, or a lease that runs out.
    private static let lookInterval = Duration.seconds(1)

    let connection: RedisMessageConnection
    private let leaseDuration: Duration
    private let retention: MessageRetention

    var lease: Duration? { self.leaseDuration }

    /// How often a consumer looks whether leases ran out.
    private var lookInterval: Duration { min(Self.lookInterval, self.leaseDuration / 3) }

    init(connection: RedisMessageConnection, leaseDuration: Duration, retention: MessageRetention) {
        self.connection = connection
        self.leaseDuration = leaseDuration
        self.retention = retention
    }

    func now() async throws -> ServerTime {
        try await self.connection.now()
    }

    func add(_ message: NewMessage, due: MessageDue) async throws {
        var arguments: [any RedisArgument] = [message.token.text]
        switch due {
        case .after(let delay): arguments += ["after", Self.milliseconds(delay)]
        case .at(let instant): arguments += ["at", RedisMessageFields.milliseconds(instant)]
        }
        arguments += RedisMessageFields.arguments(of: message)
        _ = try await self.connection.run(.messageSchedule, arguments, isRepeatable: true)
    }

    func cancel(_ token: MessageToken) async throws -> Bool {
        let reply = try await self.connection.run(
            .messageCancel,
            [token.text, Self.milliseconds(self.retention.delivered)],
            isRepeatable: true
        )
        return reply.integer == 1
    }

    func get(_ token: MessageToken) async throws -> ScheduledMessage? {
        RedisMessageFields(try await self.connection.record(of: token.text))?.message(token)
    }

    func list(_ filter: MessageFilter) async throws -> MessagePage {
        let states = filter.states.isEmpty ? MessageState.allCases : filter.states
        guard let place = Int64(filter.after ?? "0"), place >= 0 else {
            throw MessageFilter.invalidPage(filter.after ?? "")
        }
        let names = Set(states).map(\.rawValue).sorted()
        let reply = try await self.connection.run(
            .messageList,
            [place, filter.limit] + names,
            isRepeatable: true
        )
        let rows = reply.array ?? []
        return MessagePage(
            messages: rows.compactMap { row in
                guard let text = row[1].string else { return nil }
                return RedisMessageFields(row[2])?.message(MessageToken(made: text))
            },
            next: rows.count < filter.limit ? nil : rows.last?[0].string
        )
    }

    // MARK: Delivering

    func take(_ limit: Int, for consumer: String) async throws -> MessageBatch {
        let reply = try await self.connection.run(
            .messageTake,
            [
                consumer, limit, Self.milliseconds(self.leaseDuration), Self.milliseconds(self.retention.failed),
            ],
            isRepeatable: false
        )
        guard let now = reply[0].integer, let wait = reply[1].integer, let messages = reply[2].array,
            let recurrences = reply[3].array
        else { throw CoordinationError(.malformedReply, operation: "messageTake") }
        let pause = wait < 0 ? self.lookInterval : min(self.lookInterval, .milliseconds(wait))
        let nextLook = ContinuousClock.now + pause
        return MessageBatch(
            now: RedisMessageFields.instant(Int64(now)),
            claims: messages.compactMap { item in
                guard let entry = item[0].string, let token = item[1].string else { return nil }
                return RedisMessageFields(item[2])?.claim(MessageToken(made: token), entry: entry)
            },
            recurrences: recurrences.compactMap { item in
                guard let token = item[0].string else { return nil }
                return RedisMessageFields(item[1])?.dueRecurrence(MessageToken(made: token))
            },
            untilNextLook: { try await Task.sleep(until: nextLook, clock: .continuous) }
        )
    }

    func advance(_ recurrence: DueRecurrence, to step: RecurrenceStep) async throws {
        var arguments: [any RedisArgument] = [
            recurrence.token.text, RedisMessageFields.milliseconds(recurrence.next),
        ]
        switch step {
        case .occurrences(let instants, let following):
            let next: any RedisArgument = following.map { RedisMessageFields.milliseconds($0) } ?? ""
            arguments += [next, Self.milliseconds(self.retention.delivered), ""]
            arguments += instants.map { RedisMessageFields.milliseconds($0) }
        case .broken(let reason):
            arguments += ["", Self.milliseconds(self.retention.failed), reason]
        }
        _ = try await self.connection.run(.messageAdvance, arguments, isRepeatable: true)
    }

    func renew(_ entries: [String], for consumer: String, isLeaving: Bool) async throws -> [String] {
        let reply = try await self.connection.run(
            .messageRenew,
            [consumer, isLeaving ? 1 : 0] + entries,
            isRepeatable: true
        )
        guard let lost = reply.strings else { throw CoordinationError(.malformedReply, operation: "messageRenew") }
        return lost
    }

    func settle(_ claim: MessageClaim, _ outcome: MessageOutcome, by consumer: String) async throws {
        let (name, duration, error): (String, Duration, String) =
            switch outcome {
            case .delivered: ("delivered", self.retention.delivered, "")
            case .retry(let delay, let error): ("retry", delay, error)
            case .failed(let error): ("failed", self.retention.failed, error)
            case .returned: ("returned", .zero, "")
            }
        _ = try await self.connection.run(
            .messageSettle,
            [
                claim.message.token.text, claim.entry, claim.message.attempts, consumer, name,
                Self.milliseconds(duration), error,
            ],
            isRepeatable: true
        )
    }

    func hints() async -> AsyncStream<Void> {
        await self.connection.wakeups()
    }

    /// Whole milliseconds, rounded up; at most what a number of Lua counts by one.
    private static func milliseconds(_ duration: Duration) -> Int64 {
        RedisMessageFields.milliseconds(ServerTime(microseconds: 0).advanced(by: max(duration, .zero)))
    }
}
