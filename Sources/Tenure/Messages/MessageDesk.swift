internal import TenureCore

/// What the schedulers over a ``MessageStore`` have in common.
struct MessageDesk: Sendable {
    let store: any MessageStore

    func schedule(_ message: MessageDraft, _ due: MessageDue) async throws -> MessageToken {
        try message.check()
        let token = Self.token(for: message)
        try await self.store.add(NewMessage(token: token, draft: message), due: due)
        return token
    }

    func scheduleRecurring(_ message: MessageDraft, _ recurrence: MessageRecurrence) async throws -> MessageToken {
        try message.check()
        let timetable = try recurrence.timetable()
        let token = Self.token(for: message)
        let now = try await self.store.now()
        guard let next = timetable.next(after: now.microseconds) else {
            throw RequestRefused(message: "'\(recurrence.cron)' has no further instant", hint: nil, isNotFound: false)
        }
        try await self.store.add(
            NewMessage(token: token, draft: message, recurrence: recurrence),
            due: .at(ServerTime(microseconds: next))
        )
        return token
    }

    func list(_ filter: MessageFilter) async throws -> MessagePage {
        try filter.check()
        return try await self.store.list(filter)
    }

    private static func token(for message: MessageDraft) -> MessageToken {
        message.key.map { MessageToken(made: "key:\($0)") } ?? .new()
    }
}
