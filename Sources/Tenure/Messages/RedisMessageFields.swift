internal import RedisClient
internal import TenureCore

/// The fields of a message's hash in Redis.
struct RedisMessageFields {
    /// Beyond this a number of Lua no longer counts by one.
    private static let latest: Int64 = 9_000_000_000_000_000

    private let fields: [String: String]

    /// Reads a reply of `HGETALL`; `nil` when there is no such message.
    init?(_ reply: RedisValue) {
        guard let fields = reply.dictionary, fields["state"] != nil else { return nil }
        self.fields = fields
    }

    /// The fields that are given when a message is scheduled, each as its name and its value.
    static func arguments(of message: NewMessage) -> [any RedisArgument] {
        let draft = message.draft
        var arguments: [any RedisArgument] = [
            "topic", draft.topic, "payload", draft.payload, "max_attempts", draft.retry.maxAttempts,
            "base_delay", draft.retry.baseDelayMilliseconds, "max_delay", draft.retry.maxDelayMilliseconds,
        ]
        if let timeout = draft.timeout {
            arguments += ["timeout", Self.milliseconds(ServerTime(microseconds: 0).advanced(by: timeout))]
        }
        if let recurrence = message.recurrence {
            arguments += [
                "cron", recurrence.cron, "zone", recurrence.timeZone, "gap", recurrence.daylightGap.rawValue,
                "overlap", recurrence.daylightOverlap.rawValue,
            ]
        }
        return arguments
    }

    /// Milliseconds since 1970, rounded up: nothing is due before its instant.
    static func milliseconds(_ instant: ServerTime) -> Int64 {
        let (quotient, remainder) = instant.microseconds.quotientAndRemainder(dividingBy: 1000)
        return min(max(remainder > 0 ? quotient + 1 : quotient, -Self.latest), Self.latest)
    }

    static func instant(_ milliseconds: Int64) -> ServerTime {
        ServerTime(microseconds: milliseconds.multipliedReportingOverflow(by: 1000).partialValue)
    }

    func message(_ token: MessageToken) -> ScheduledMessage? {
        guard let topic = self.fields["topic"], let state = self.fields["state"].flatMap(MessageState.init) else {
            return nil
        }
        return ScheduledMessage(
            token: token,
            topic: topic,
            payload: self.fields["payload"],
            state: state,
            dueAt: self.instant("due"),
            attempts: self.number("attempts").map { Int($0) } ?? 0,
            maxAttempts: self.number("max_attempts").map { Int($0) } ?? 0,
            endedAt: self.instant("ended"),
            error: self.fields["error"].flatMap { $0.isEmpty ? nil : $0 },
            recurrence: self.recurrence,
            recurrenceToken: self.fields["parent"].map { MessageToken(made: $0) },
            scheduledFor: self.instant("scheduled_for")
        )
    }

    func claim(_ token: MessageToken, entry: String) -> MessageClaim? {
        self.message(token).map { message in
            MessageClaim(
                entry: entry,
                message: message,
                payload: message.payload ?? "{}",
                retry: RetryPolicy(
                    maxAttempts: message.maxAttempts,
                    baseDelayMilliseconds: self.number("base_delay") ?? 250,
                    maxDelayMilliseconds: self.number("max_delay") ?? 60_000
                ),
                timeout: self.number("timeout").map { .milliseconds($0) }
            )
        }
    }

    func dueRecurrence(_ token: MessageToken) -> DueRecurrence? {
        guard let recurrence = self.recurrence, let next = self.instant("due") else { return nil }
        return DueRecurrence(token: token, recurrence: recurrence, next: next)
    }

    private var recurrence: MessageRecurrence? {
        guard let cron = self.fields["cron"] else { return nil }
        var recurrence = MessageRecurrence(cron: cron, timeZone: self.fields["zone"] ?? "UTC")
        if let gap = self.fields["gap"].flatMap(DaylightGap.init) { recurrence.daylightGap = gap }
        if let overlap = self.fields["overlap"].flatMap(DaylightOverlap.init) { recurrence.daylightOverlap = overlap }
        return recurrence
    }

    private func number(_ name: String) -> Int64? {
        self.fields[name].flatMap { Int64($0) }
    }

    private func instant(_ name: String) -> ServerTime? {
        self.number(name).map(Self.instant)
    }
}
