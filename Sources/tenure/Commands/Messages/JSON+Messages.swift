public import ArgumentParser
public import Tenure
internal import TenureCore

extension JSON {
    /// A scheduled message or a recurrence.
    static func message(_ message: ScheduledMessage) -> JSON {
        .object([
            "token": .string(message.token.text),
            "state": .string(message.state.rawValue),
            "topic": .string(message.topic),
            "due_at": .time(message.dueAt),
            "attempts": .integer(message.attempts),
            "max_attempts": .integer(message.maxAttempts),
            "ended_at": .time(message.endedAt),
            "error": .string(orNull: message.error),
            "cron": .string(orNull: message.recurrence?.cron),
            "time_zone": .string(orNull: message.recurrence?.timeZone),
            "recurrence_token": .string(orNull: message.recurrenceToken?.text),
            "scheduled_for": .time(message.scheduledFor),
            "payload": message.payload.map { .raw($0) } ?? .null,
        ])
    }
}

extension MessageState: ExpressibleByArgument {}
