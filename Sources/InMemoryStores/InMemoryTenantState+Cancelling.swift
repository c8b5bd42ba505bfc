internal import TenureCore

extension InMemoryTenantState {
    /// Cancels work that has not started. False if it is running, has ended, or does not exist.
    mutating func cancel(_ id: WorkID, _ kinds: [WorkKind], reason: String = "cancelled", at now: ServerTime) -> Bool {
        guard let item = self.work[id]?.item, kinds.contains(item.kind), !self.isClaimed(id) else { return false }
        self.work[id] = nil
        self.runs.append(
            TenantContents.Run(
                id: id,
                attempt: item.attempts,
                state: "cancelled",
                reason: reason,
                kind: item.kind,
                topic: item.topic,
                jobName: item.jobName,
                scheduledFor: item.scheduledFor,
                dueAt: item.dueAt,
                finishedAt: now,
                correlationID: item.correlationID
            )
        )
        if let key = item.orderingKey { self.release([key]) }
        return true
    }

    /// Cancels a run of any kind; one in progress is marked, for whoever runs it.
    mutating func cancelRun(_ id: WorkID, at now: ServerTime) -> CancelReply {
        if self.cancel(id, WorkKind.allCases, at: now) { return .cancelled }
        if self.work[id] != nil {
            if self.cancellations[id] == nil { self.cancellations[id] = "cancelled" }
            self.wakeups.hasWritten = true
            self.wakeups.isUrgent = true
            return .requested
        }
        return self.runs.contains { $0.id == id } || self.deadLetters[id] != nil ? .ended : .unknown
    }

    /// Ends what was cancelled in progress and has come back unclaimed, and forgets what has ended.
    ///
    /// - Returns: Those that are still in a claim, ascending.
    mutating func sweepCancellations(at now: ServerTime) -> [WorkID] {
        guard !self.cancellations.isEmpty else { return [] }
        for id in self.cancelledIDs where !self.isClaimed(id) {
            let reason = self.cancellations.removeValue(forKey: id)
            _ = self.cancel(id, WorkKind.allCases, reason: reason ?? "cancelled", at: now)
        }
        return self.cancelledIDs
    }

    /// Cancels work in a transaction that ends later; meanwhile it is not claimed. False if there is nothing to cancel.
    mutating func beginCancellation(_ id: WorkID) -> Bool {
        guard self.work[id] != nil, !self.isClaimed(id) else { return false }
        self.openCancellations.insert(id)
        return true
    }

    mutating func endCancellation(_ id: WorkID, commits: Bool, at now: ServerTime) {
        self.openCancellations.remove(id)
        if commits { _ = self.cancel(id, WorkKind.allCases, at: now) }
    }
}
