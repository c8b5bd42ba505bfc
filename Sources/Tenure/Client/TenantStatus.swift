/// Where a tenant stands.
public struct TenantStatus: Sendable, Hashable {
    /// The installed epoch, its owner (empty if there has been none), and since when.
    public let epoch: Epoch
    public let node: String
    public let incarnation: Incarnation
    public let since: ServerTime
    /// The tenant's Postgres, when this was read.
    public let serverTime: ServerTime
    /// Work still to be done, running work included.
    public let pending: Int
    /// How much of it is due, and since when at most.
    public let due: Int
    public let earliestDue: ServerTime?
    /// Runs in progress.
    public let running: Int
    /// Dead letters.
    public let deadLetters: Int
    /// Runs in the history, and how many of them ever had each state.
    public let ended: Int
    public let completed: Int
    public let completedTwice: Int
    public let discarded: Int
    public let skipped: Int
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
