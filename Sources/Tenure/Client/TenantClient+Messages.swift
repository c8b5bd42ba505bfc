/// Many messages at once: batches, groups with a follow-up, and a message for each row of a query.
extension TenantClient {
    /// Enqueues messages in one transaction: all of them, or none.
    ///
    /// - Parameters:
    ///   - messages: At most 100,000.
    ///   - due: When they are due. Default at once.
    ///   - options: What they have in common. Keys are said by the messages themselves.
    ///   - group: The group that they join.
    /// - Returns: Their IDs, in order; that of the present work where a unique key is taken.
    @discardableResult
    public func enqueue(
        contentsOf messages: some Sequence<Message>,
        due: WorkDue = .now,
        options: WorkOptions = WorkOptions(),
        group: GroupID? = nil
    ) async throws -> [WorkID] {
        let ids = try await self.backend.add(Array(messages), due: due, options: options, group: group)
        if !ids.isEmpty { self.hint() }
        return ids
    }

    // MARK: Groups

    /// Opens a group: its members are enqueued with its ID, and its follow-up runs exactly once, when the group has
    /// been sealed and all members have ended, however long that takes.
    ///
    /// The follow-up's payload gets the key `group`, with `id`, `state`, and how many members `completed`, were
    /// `discarded` or `cancelled`.
    ///
    /// - Parameters:
    ///   - followUp: The topic of the follow-up.
    ///   - payload: JSON text, an object.
    ///   - expiry: When the follow-up runs at the latest; it then finds the state `open`. Default never.
    ///   - options: Priority, retries and ordering key of the follow-up.
    public func openGroup(
        followUp: String,
        payload: String = "{}",
        expiry: WorkDue? = nil,
        options: WorkOptions = WorkOptions()
    ) async throws -> GroupID {
        try await self.backend.openGroup(followUp: followUp, payload: payload, expiry: expiry, options: options)
    }

    /// Says that a group gets no further members.
    ///
    /// - Returns: False if it was said before, or the group has ended.
    @discardableResult
    public func sealGroup(_ id: GroupID) async throws -> Bool {
        defer { self.hint() }
        return try await self.backend.sealGroup(id)
    }

    /// Cancels a group: its follow-up, the members that have not started, and, as far as their handlers obey, those in
    /// progress.
    ///
    /// - Returns: How many members that were; `nil` if the group had ended.
    @discardableResult
    public func cancelGroup(_ id: GroupID) async throws -> Int? {
        defer { self.hint() }
        return try await self.backend.cancelGroup(id)
    }

    /// A group; `nil` if there is none of this ID.
    public func group(_ id: GroupID) async throws -> GroupInfo? {
        try await self.backend.groups(id: id, limit: 1).first
    }

    /// Groups, the newest first.
    public func groups(limit: Int = 100) async throws -> [GroupInfo] {
        try await self.backend.groups(id: nil, limit: limit)
    }

    // MARK: Fan-out

    /// Enqueues a message for each row of a query, in steps that are transactions of their own and remember how far
    /// they came. Called again under the same name, after a crash or an error, it goes on from there: rows that keep
    /// their keys meanwhile get exactly one message each.
    ///
    /// - Parameter onStep: Told after each step how many messages there are so far.
    @discardableResult
    public func fanOut(
        _ fanOut: FanOut,
        onStep: (_ enqueued: Int) async throws -> Void = { _ in }
    ) async throws -> FanOutInfo {
        _ = try await self.backend.beginFanOut(fanOut)
        var info = try await self.requireFanOut(fanOut.name)
        while info.finishedAt == nil {
            try Task.checkCancellation()
            _ = try await self.backend.fanOutStep(fanOut.name, rows: fanOut.rowsPerStep)
            self.hint()
            info = try await self.requireFanOut(fanOut.name)
            try await onStep(info.enqueued)
        }
        return info
    }

    /// Fan-outs, the newest first.
    public func fanOuts(limit: Int = 100) async throws -> [FanOutInfo] {
        try await self.backend.fanOuts(name: nil, limit: limit)
    }

    /// Forgets a fan-out, so that its name can be used again. What it enqueued stays.
    ///
    /// - Returns: False if there is none.
    public func forgetFanOut(_ name: String) async throws -> Bool {
        try await self.backend.forgetFanOut(name)
    }

    private func requireFanOut(_ name: String) async throws -> FanOutInfo {
        guard let info = try await self.backend.fanOuts(name: name, limit: 1).first else {
            throw RequestRefused(
                message: "the fan-out '\(name)' was forgotten meanwhile",
                hint: "Begin it again, under another name if its messages should not be sent twice.",
                isNotFound: true
            )
        }
        return info
    }
}
