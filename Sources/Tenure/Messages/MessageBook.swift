internal import TenureCore

/// The messages of one process, and what may happen to them. Pure: the present instant is a parameter.
///
/// - Complexity: O(messages) for what is due next; for tests and for programs with thousands of messages, not millions.
struct MessageBook: Sendable {
    private struct Entry: Sendable {
        let place: Int64
        let draft: MessageDraft
        let recurrence: MessageRecurrence?
        var parent: MessageToken?
        var scheduledFor: ServerTime?
        var state: MessageState = .pending
        var dueAt: ServerTime
        var attempts = 0
        var consumer: String?
        var endedAt: ServerTime?
        var error: String?
    }

    private let retention: MessageRetention
    private var entries: [MessageToken: Entry] = [:]
    private var lastPlace: Int64 = 0
    /// When at the earliest something is to be forgotten.
    private var forgetAt = ServerTime.distantFuture

    init(retention: MessageRetention) {
        self.retention = retention
    }

    // MARK: Looking

    /// When something is due next.
    var nextDue: ServerTime? {
        self.entries.values.lazy.filter { $0.state == .pending }.map(\.dueAt).min()
    }

    func message(_ token: MessageToken) -> ScheduledMessage? {
        self.entries[token].map { self.describe(token, $0) }
    }

    func page(states: [MessageState], after place: Int64, limit: Int) -> MessagePage {
        let found = self.entries
            .filter { (states.isEmpty || states.contains($0.value.state)) && $0.value.place > place }
            .sorted { $0.value.place < $1.value.place }
        let page = found.prefix(limit)
        return MessagePage(
            messages: page.map { self.describe($0.key, $0.value) },
            next: found.count > limit ? page.last.map { String($0.value.place) } : nil
        )
    }

    private func describe(_ token: MessageToken, _ entry: Entry) -> ScheduledMessage {
        ScheduledMessage(
            token: token,
            topic: entry.draft.topic,
            payload: entry.draft.payload,
            state: entry.state,
            dueAt: entry.dueAt,
            attempts: entry.attempts,
            maxAttempts: entry.draft.retry.maxAttempts,
            endedAt: entry.endedAt,
            error: entry.error,
            recurrence: entry.recurrence,
            recurrenceToken: entry.parent,
            scheduledFor: entry.scheduledFor
        )
    }

    // MARK: Scheduling

    mutating func add(_ message: NewMessage, dueAt: ServerTime) {
        guard self.entries[message.token] == nil else { return }
        self.insert(message.token, message.draft, recurrence: message.recurrence, dueAt: dueAt)
    }

    private mutating func insert(
        _ token: MessageToken,
        _ draft: MessageDraft,
        recurrence: MessageRecurrence? = nil,
        parent: MessageToken? = nil,
        dueAt: ServerTime
    ) {
        self.lastPlace += 1
        self.entries[token] = Entry(
            place: self.lastPlace,
            draft: draft,
            recurrence: recurrence,
            parent: parent,
            scheduledFor: parent.map { _ in dueAt },
            dueAt: dueAt
        )
    }

    mutating func advance(_ due: DueRecurrence, to step: RecurrenceStep, at now: ServerTime) {
        guard let entry = self.entries[due.token], entry.state == .pending, entry.dueAt == due.next else { return }
        switch step {
        case .occurrences(let instants, let following):
            for instant in instants {
                let token = MessageToken(made: "\(due.token):\(instant.microseconds / 1000)")
                guard self.entries[token] == nil else { continue }
                self.insert(token, entry.draft, parent: due.token, dueAt: instant)
            }
            if let following {
                self.entries[due.token]?.dueAt = following
            } else {
                self.end(due.token, .delivered, at: now)
            }
        case .broken(let reason):
            self.end(due.token, .failed, at: now, error: reason)
        }
    }

    /// As ``MessageScheduler/cancel(_:)``.
    mutating func cancel(_ token: MessageToken, at now: ServerTime) -> Bool {
        guard let entry = self.entries[token] else { return false }
        switch entry.state {
        case .delivering, .delivered, .failed: return false
        case .pending: self.end(token, .cancelled, at: now)
        case .cancelled: break
        }
        let occurrences = self.entries.filter { $0.value.parent == token }
        for (occurrence, entry) in occurrences where entry.state == .pending {
            self.end(occurrence, .cancelled, at: now)
        }
        return !occurrences.values.contains { $0.state == .delivering }
    }

    // MARK: Delivering

    mutating func take(
        _ limit: Int,
        for consumer: String,
        at now: ServerTime
    ) -> (claims: [MessageClaim], recurrences: [DueRecurrence]) {
        let due = self.entries.filter { $0.value.state == .pending && $0.value.dueAt <= now }
            .sorted { ($0.value.dueAt, $0.value.place) < ($1.value.dueAt, $1.value.place) }
        var claims: [MessageClaim] = []
        var recurrences: [DueRecurrence] = []
        for (token, entry) in due {
            if let recurrence = entry.recurrence {
                recurrences.append(DueRecurrence(token: token, recurrence: recurrence, next: entry.dueAt))
            } else if claims.count < limit {
                var entry = entry
                entry.state = .delivering
                entry.attempts += 1
                entry.consumer = consumer
                self.entries[token] = entry
                claims.append(
                    MessageClaim(
                        entry: token.text,
                        message: self.describe(token, entry),
                        payload: entry.draft.payload,
                        retry: entry.draft.retry,
                        timeout: entry.draft.timeout
                    )
                )
            }
        }
        return (claims, recurrences)
    }

    /// Gives back what a consumer has without knowing of it.
    mutating func renew(_ entries: [String], for consumer: String, at now: ServerTime) -> [String] {
        let known = Set(entries)
        for (token, entry) in self.entries
        where entry.state == .delivering && entry.consumer == consumer && !known.contains(token.text) {
            self.entries[token]?.state = .pending
            self.entries[token]?.attempts -= 1
            self.entries[token]?.dueAt = now
        }
        return []
    }

    mutating func settle(_ claim: MessageClaim, _ outcome: MessageOutcome, at now: ServerTime) {
        let token = claim.message.token
        guard var entry = self.entries[token], entry.state == .delivering,
            entry.attempts == claim.message.attempts
        else { return }
        switch outcome {
        case .delivered:
            self.end(token, .delivered, at: now)
        case .failed(let error):
            self.end(token, .failed, at: now, error: error)
        case .retry(let delay, let error):
            entry.state = .pending
            entry.dueAt = now.advanced(by: delay)
            entry.error = error
            self.entries[token] = entry
        case .returned:
            entry.state = .pending
            entry.dueAt = now
            entry.attempts -= 1
            self.entries[token] = entry
        }
    }

    private mutating func end(_ token: MessageToken, _ state: MessageState, at now: ServerTime, error: String? = nil) {
        self.entries[token]?.state = state
        self.entries[token]?.endedAt = now
        self.forgetAt = min(self.forgetAt, now.advanced(by: self.retention.duration(for: state)))
        if let error { self.entries[token]?.error = error }
    }

    /// Removes what ended longer ago than it is kept.
    mutating func forget(at now: ServerTime) {
        guard now >= self.forgetAt else { return }
        self.forgetAt = .distantFuture
        for (token, entry) in self.entries {
            guard let endedAt = entry.endedAt else { continue }
            let end = endedAt.advanced(by: self.retention.duration(for: entry.state))
            if end <= now {
                self.entries[token] = nil
            } else {
                self.forgetAt = min(self.forgetAt, end)
            }
        }
    }
}
