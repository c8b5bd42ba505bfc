internal import TenureCore

extension InMemoryTenantState {
    /// Work that a user's transaction is about to add.
    struct Addition: Sendable {
        var work: TenantContents.Work
        /// Whether the owner is told when the transaction commits.
        var isUrgent: Bool
    }

    // MARK: Adding

    /// Adds work. Returns its ID, or that of the work which has the unique key already.
    ///
    /// - Throws: ``StoreError`` with `.rejected` when the unique key is taken, and that is to be an error.
    mutating func add(_ request: NewWork, at now: ServerTime) throws(StoreError) -> WorkID {
        try self.insert(request, id: self.nextID(), at: now)
    }

    /// Takes in a message from outside, once for each source and message ID; `nil` if it was seen before. Payloads are
    /// compared as they are written.
    ///
    /// - Throws: ``StoreError`` with `.rejected` when the payload is another than before, or the unique key is taken,
    ///   and that is to be an error.
    mutating func receive(
        _ request: NewWork,
        source: String,
        messageID: String,
        at now: ServerTime
    ) throws(StoreError) -> WorkID? {
        let key = MessageKey(source: source, messageID: messageID)
        let id = self.nextID()
        guard self.messages[key] == nil else {
            guard self.messagePayloads[key] == request.payload else {
                throw StoreError(.rejected, operation: "message.receive", detail: "the payload is another than before")
            }
            return nil
        }
        var request = request
        request.kind = .inbox
        let added = try self.insert(request, id: id, at: now)
        self.messages[key] = TenantContents.Message(source: source, messageID: messageID, id: added, receivedAt: now)
        self.messagePayloads[key] = request.payload
        return added
    }

    private mutating func insert(_ request: NewWork, id: WorkID, at now: ServerTime) throws(StoreError) -> WorkID {
        var stored = request.uniqueKey
        if let key = request.uniqueKey {
            let (present, isBeside) = self.claimUniqueKey(key, request, at: now)
            if let present {
                guard request.onConflict != .error else {
                    throw StoreError(.rejected, operation: "work.add", detail: "the unique key \(key) is taken")
                }
                return present
            }
            if isBeside { stored = "\(key)\(Self.separator)\(id)" }
            if let span = request.uniqueFor { self.uniqueKeys[key] = (id, now.advanced(by: span)) }
        }
        let work = TenantContents.Work(request, id: id, uniqueKey: stored, now: now)
        self.write(work)
        self.wake(work.item.dueAt)
        return id
    }

    /// Appended with an ID to the key of work that was added beside a running one.
    private static let separator: Character = "\u{1f}"

    /// What stands in the way of new work with a unique key, and whether it is added beside what runs.
    private mutating func claimUniqueKey(
        _ key: String,
        _ request: NewWork,
        at now: ServerTime
    ) -> (present: WorkID?, isBeside: Bool) {
        let live = self.work.values
            .filter { $0.work.uniqueKey.map { $0.split(separator: Self.separator)[0] == key } ?? false }
            .map(\.item.id).sorted(by: >)
        guard let newest = live.first else {
            guard request.uniqueFor != nil, let ended = self.uniqueKeys[key], ended.until > now else {
                return (nil, false)
            }
            return (ended.id, false)
        }
        guard let waiting = live.first(where: { !self.isClaimed($0) }) else {
            return request.uniqueStates == .waiting ? (nil, true) : (newest, false)
        }
        guard request.onConflict == .replace else { return (waiting, false) }
        _ = self.cancel(waiting, WorkKind.allCases, reason: "replaced", at: now)
        return self.claimUniqueKey(key, request, at: now)
    }

    private func hasRow(uniqueKey: String?) -> Bool {
        guard let uniqueKey else { return false }
        return self.work.values.contains { $0.work.uniqueKey == uniqueKey }
    }

    /// Adds work in a transaction that commits later.
    mutating func beginAddition(_ request: NewWork, at now: ServerTime) -> Addition {
        self.openAdditions += 1
        let work = TenantContents.Work(request, id: self.nextID(), uniqueKey: nil, now: now)
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
        guard var work = self.deadLetters[id]?.work, !self.hasRow(uniqueKey: work.uniqueKey) else { return false }
        self.deadLetters[id] = nil
        work.item.dueAt = now
        work.item.attempts = 0
        work.item.crashes = 0
        work.item.isSuspect = false
        work.item.retryUntil = work.retryFor.map { now.advanced(by: $0) }
        work.errors.note(AttemptError(attempt: nil, at: now, state: "retried"))
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
    fileprivate init(_ request: NewWork, id: WorkID, uniqueKey: String?, now: ServerTime) {
        let dueAt =
            switch request.due {
            case .now: now
            case .after(let delay): now.advanced(by: delay)
            case .at(let instant): instant
            }
        self.init(
            WorkItem(
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
                traceContext: request.traceContext,
                limitKey: request.limitKey
            ),
            uniqueKey: uniqueKey,
            now: now
        )
    }
}
