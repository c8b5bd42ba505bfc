/// Where a tenant stands.
public struct TenantStatus: Sendable, Hashable {
    /// The installed epoch.
    public let epoch: Epoch
    /// The owner; empty if there has been none.
    public let node: String
    /// The registration of that node.
    public let incarnation: Incarnation
    /// Since when it owns the tenant.
    public let since: ServerTime
    /// The tenant's Postgres, when this was read.
    public let serverTime: ServerTime
    /// Work still to be done, running work included.
    public let pending: Int
    /// How much of it is due.
    public let due: Int
    /// Since when at most something is due.
    public let earliestDue: ServerTime?
    /// Runs in progress.
    public let running: Int
    /// Dead letters.
    public let deadLetters: Int
    /// Runs in the history.
    public let ended: Int
    /// How many of them ever completed.
    public let completed: Int
    /// How many of them completed more than once; anything but 0 is a defect.
    public let completedTwice: Int
    /// How many of them went to the dead letters.
    public let discarded: Int
    /// How many occurrences did not run.
    public let skipped: Int
    /// How many of them ended with their process.
    public let crashed: Int

    /// A tenant that nobody has owned, and in which nothing has ended.
    package init(serverTime: ServerTime, pending: Int, due: Int, earliestDue: ServerTime?) {
        self.init(
            epoch: .none,
            node: "",
            incarnation: Incarnation(""),
            since: .distantPast,
            serverTime: serverTime,
            pending: pending,
            due: due,
            earliestDue: earliestDue,
            running: 0,
            deadLetters: 0,
            ended: 0,
            completed: 0,
            completedTwice: 0,
            discarded: 0,
            skipped: 0,
            crashed: 0
        )
    }

    init(
        epoch: Epoch,
        node: String,
        incarnation: Incarnation,
        since: ServerTime,
        serverTime: ServerTime,
        pending: Int,
        due: Int,
        earliestDue: ServerTime?,
        running: Int,
        deadLetters: Int,
        ended: Int,
        completed: Int,
        completedTwice: Int,
        discarded: Int,
        skipped: Int,
        crashed: Int
    ) {
        self.epoch = epoch
        self.node = node
        self.incarnation = incarnation
        self.since = since
        self.serverTime = serverTime
        self.pending = pending
        self.due = due
        self.earliestDue = earliestDue
        self.running = running
        self.deadLetters = deadLetters
        self.ended = ended
        self.completed = completed
        self.completedTwice = completedTwice
        self.discarded = discarded
        self.skipped = skipped
        self.crashed = crashed
    }
}
