internal import TenureCore

extension InMemoryTenantState {
    /// Work that a user's transaction is about to add.
    struct Addition: Sendable {
        var work: TenantContents.Work
        /// Whether the owner is told when the transaction commits.
        var isUrgent: Bool
    }

    // MARK: Adding

    /// Adds work. Returns its ID, or that of the live work which has the unique key already.
    mutating func add(_ request: NewWork, at now: ServerTime) -> WorkID {
        self.insert(request, id: self.nextID(), at: now)
    }

    /// Takes in a message from outside, once for each source and message ID; `nil` if it was seen before.
    mutating func receive(
        _ request: NewWork,
        source: String,
        messageID: String,
        at now: ServerTime
    ) -> WorkID? {
        let key = MessageKey(source: source, messageID: messageID)
        let id = self.nextID()
        guard self.messages[key] == nil else { return nil }
        var request = request
        request.kind = .inbox
        let added = self.insert(request, id: id, at: now)
        self.messages[key] = TenantContents.Message(source: source, messageID: messageID, id: added, receivedAt: now)
        return added
    }

    private mutating func insert(_ request: NewWork, id: WorkID, at now: ServerTime) -> WorkID {
        if let present = self.live(uniqueKey: request.uniqueKey) { return present }
        let work = TenantContents.Work(request, id: id, now: now)
        self.write(work)
        self.wake(work.item.dueAt)
        return id
    }

    private func live(uniqueKey: String?) -> WorkID? {
        guard let uniqueKey else { return nil }
        // There is one at most.
        return self.work.values.first { $0.work.uniqueKey == uniqueKey }?.item.id
    }

    /// Adds work in a transaction that commits later.
    mutating func beginAddition(_ request: NewWork, at now: ServerTime) -> Addition {
        self.openAdditions += 1
        let work = TenantContents.Work(request, id: self.nextID(), now: now)
        return Addition(work: work, isUrgent: work.item.dueAt < self.sleepUntil)
    }

    mutating func commit(_ addition: Addition) {
        self.openAdditions -= 1
        self.write(addition.work)
        self.wakeups.hasWritten = true
        self.wakeups.isUrgent = self.wakeups.isUrgent || addition.isUrgent
    }

    // MARK: Dead letters

    /// Puts a dead letter back to work, with its attempts and crashes forgotten. False if there is none, or if work
    /// with its unique key is under way.
    mutating func retryDeadLetter(_ id: WorkID, at now: ServerTime) -> Bool {
        guard var work = self.deadLetters[id]?.work, self.live(uniqueKey: work.uniqueKey) == nil else { return false }
        self.deadLetters[id] = nil
        work.item.dueAt = now
        work.item.attempts = 0
        work.item.crashes = 0
        work.item.isSuspect = false
        self.write(work)
        self.definitionsVersion += 1
        self.wake(now)
        return true
    }

    /// Deletes a dead letter; its history stays. False if there is none.
    mutating func discardDeadLetter(_ id: WorkID) -> Bool {
        guard self.deadLetters.removeValue(forKey: id) != nil else { return false }
        self.definitionsVersion += 1
        return true
    }
}

extension TenantContents.Work {
    /// A row as a user adds it.
    fileprivate init(_ request: NewWork, id: WorkID, now: ServerTime) {
        let dueAt =
            switch request.due {
            case .now: now
            case .after(let delay): now.advanced(by: delay)
            case .at(let instant): instant
            }
        self.init(
            item: WorkItem(
                id: id,
                kind: request.kind,
                topic: request.topic,
                payload: request.payload,
                dueAt: dueAt,
                priority: request.priority,
                retry: request.retry,
                timeoutMilliseconds: request.timeoutMilliseconds,
                orderingKey: request.orderingKey,
                correlationID: request.correlationID,
                traceContext: request.traceContext
            ),
            uniqueKey: request.uniqueKey
        )
    }
}
