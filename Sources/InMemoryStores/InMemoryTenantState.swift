internal import TenureCore

/// What the tenant store in memory keeps, and its transactions as pure functions of the time.
///
/// Each method mirrors one function of the tenants' schemas in Postgres; where they differ, one of them is wrong.
/// Nothing is random: a simulation repeats itself exactly.
struct InMemoryTenantState: Sendable {
    /// A row of work with the transaction that wrote it: scans find by it what appeared behind their cursor.
    struct Row: Sendable {
        var work: TenantContents.Work
        var version: UInt64

        var item: WorkItem { self.work.item }
    }

    /// Identifies a received message.
    struct MessageKey: Hashable, Sendable {
        var source: String
        var messageID: String
    }

    /// Ordering keys whose head ended in a transaction: the next scan looks for their new head.
    struct Released: Sendable {
        var keys: [String]
        var version: UInt64
    }

    /// Whom a transaction tells of new work.
    struct Wakeups: Sendable, Equatable {
        /// Something was written that an owner without a subscription has to hear of.
        var hasWritten = false
        /// Something is due earlier than the owner wakes.
        var isUrgent = false
    }

    var fence = TenantContents.Fence()
    var work: [WorkID: Row] = [:]
    var claims: [BatchID: TenantContents.Claim] = [:]
    var released: [Released] = []
    /// Runs in progress that a user or the next occurrence cancelled, with the reason.
    var cancellations: [WorkID: String] = [:]
    var calendars: [String: TenantContents.Calendar] = [:]
    /// Deleted ones included: their last occurrence still counts if they are put again.
    var jobs: [String: TenantContents.Job] = [:]
    var deletedJobs: Set<String> = []
    var runs: [TenantContents.Run] = []
    var deadLetters: [WorkID: TenantContents.DeadLetter] = [:]
    var messages: [MessageKey: TenantContents.Message] = [:]
    var limits: [String: LimitDefinition] = [:]
    /// How far rates are used up, by limit and key.
    var limitUses: [String: [String: ServerTime]] = [:]
    /// Unique keys that count for some time, whatever became of the work.
    var uniqueKeys: [String: (id: WorkID, until: ServerTime)] = [:]
    /// The payloads of received messages.
    var messagePayloads: [MessageKey: String] = [:]
    /// How far runs that have not ended say that they are; JSON text.
    var progress: [WorkID: String] = [:]
    /// Until when the owner sleeps.
    var sleepUntil: ServerTime = .distantPast
    /// Grows with every transaction.
    var version: UInt64 = 0
    /// Grows with every change of a definition, or of work by a user.
    var definitionsVersion: Int64 = 1
    /// Of work and of history.
    var lastID: Int64 = 0
    /// Users' transactions under way that added work.
    var openAdditions = 0
    /// What users' transactions under way have deleted.
    var openCancellations: Set<WorkID> = []
    /// Of the transaction that runs, to be delivered after it.
    var wakeups = Wakeups()

    // MARK: Shared by the transactions

    mutating func nextID() -> WorkID {
        self.lastID += 1
        return WorkID(self.lastID)
    }

    mutating func write(_ work: TenantContents.Work) {
        self.work[work.item.id] = Row(work: work, version: self.version)
    }

    /// Tells the owner of something due at an instant, if it sleeps longer.
    mutating func wake(_ due: ServerTime) {
        self.wakeups.hasWritten = true
        if due < self.sleepUntil { self.wakeups.isUrgent = true }
    }

    mutating func noteChange() {
        self.definitionsVersion += 1
        self.wake(.distantPast)
    }

    /// Lets the next heads of ordering keys go, for the next scan to find.
    mutating func release(_ keys: [String]) {
        self.released.append(Released(keys: keys, version: self.version))
        self.wake(.distantPast)
    }

    /// What is marked as cancelled, ascending.
    var cancelledIDs: [WorkID] { self.cancellations.keys.sorted() }

    func isClaimed(_ id: WorkID) -> Bool {
        self.claims.values.contains { $0.ids.contains(id) }
    }

    /// The rows of each ordering key that come first.
    func heads() -> [String: WorkID] {
        var heads: [String: WorkID] = [:]
        // The least ID of each key, in whatever order they come.
        for (id, row) in self.work {
            guard let key = row.item.orderingKey else { continue }
            heads[key] = min(heads[key] ?? id, id)
        }
        return heads
    }

    /// Raises unless an epoch is the installed one.
    func assertInstalled(_ epoch: Epoch, _ operation: String) throws(StoreError) {
        guard epoch == self.fence.epoch else {
            throw StoreError(
                .fenced,
                operation: operation,
                detail: "epoch \(epoch) is not the installed epoch \(self.fence.epoch)"
            )
        }
    }

    // MARK: Ownership

    /// Installs a new owner, unless the epoch is not greater than the installed one.
    mutating func takeOwnership(_ epoch: Epoch, _ holder: Holder) -> OwnershipReply {
        if epoch > self.fence.epoch {
            self.fence = TenantContents.Fence(epoch: epoch, holder: holder)
            return .installed
        }
        return self.fence == TenantContents.Fence(epoch: epoch, holder: holder)
            ? .installed : .refused(floor: self.fence.epoch)
    }

    // MARK: Upkeep

    /// Drops history by whole days, and dead letters and messages by their own age.
    mutating func maintain(retention: Retention, at now: ServerTime) {
        let day: Int64 = 86_400_000_000
        let start = now.advanced(by: .zero - retention.runs)
        self.runs.removeAll { run in
            let end = (run.finishedAt.microseconds / day + 1) * day
            return ServerTime(microseconds: end) < start
        }
        let forgotten = now.advanced(by: .zero - retention.others.inbox)
        self.messages = self.messages.filter { $0.value.receivedAt >= forgotten }
        self.messagePayloads = self.messagePayloads.filter { self.messages[$0.key] != nil }
        self.progress = self.progress.filter { self.work[$0.key] != nil }
        if let kept = retention.others.deadLetters {
            let expired = now.advanced(by: .zero - kept)
            self.deadLetters = self.deadLetters.filter { $0.value.failedAt >= expired }
        }
    }

    // MARK: Reading

    /// Everything, in a stable order.
    var contents: TenantContents {
        var contents = TenantContents()
        contents.fence = self.fence
        contents.work = self.work.values.map(\.work).sorted { $0.item.id < $1.item.id }
        contents.claims = self.claims.values.sorted { $0.batch < $1.batch }
        contents.cancellations = self.cancelledIDs
        contents.calendars = self.calendars.values.sorted { $0.definition.name < $1.definition.name }
        contents.jobs = self.liveJobs
        contents.runs = self.runs.enumerated()
            .sorted { ($0.element.id, $0.element.attempt, $0.offset) < ($1.element.id, $1.element.attempt, $1.offset) }
            .map(\.element)
        contents.deadLetters = self.deadLetters.values.sorted { $0.work.item.id < $1.work.item.id }
        contents.progress = self.progress.sorted { $0.key < $1.key }
            .map { TenantContents.Progress(id: $0.key, progress: $0.value) }
        contents.messages = self.messages.values.sorted { ($0.source, $0.messageID) < ($1.source, $1.messageID) }
        return contents
    }

    /// Jobs that are not deleted, by name.
    var liveJobs: [TenantContents.Job] {
        self.jobs.filter { !self.deletedJobs.contains($0.key) }.values
            .sorted { $0.definition.name < $1.definition.name }
    }
}
