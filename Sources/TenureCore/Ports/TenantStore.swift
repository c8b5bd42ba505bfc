/// The tenant store port: one tenant's schema as its owner uses it.
///
/// The owner calls one method at a time, and waits for its end; adapters may rely on that. What entitles to what:
/// `takeOwnership` needs a greater epoch than any before; `open`, `jobs`, claim passes and `maintain` need the
/// installed epoch; settlements need their claim and nothing else.
///
/// Adapters: Postgres (`PostgresTenantStore`) and memory (`InMemoryTenantStore`). Both pass `TenantStoreConformance`.
package protocol TenantStore: Sendable {
    /// Connects, brings the schema up to date when asked, and prepares. Needs no ownership: the target of a move does
    /// it while the source still works.
    func prepare(migrate: Bool) async throws(StoreError)

    /// Installs a new owner in the fence. Repeating it for the installed owner and epoch succeeds again.
    func takeOwnership(epoch: Epoch, holder: Holder) async throws(StoreError) -> OwnershipReply

    /// Gets ready for ``assume(epoch:holder:living:lending:first:)``, which is expected within 2 s and should then wait
    /// for nothing. Optional; forgotten when nothing comes of it.
    func standBy() async throws(StoreError)

    /// Takes ownership and, when the epoch is installed, opens, reads the jobs and makes a first pass; in one round
    /// trip, since nobody claims in between.
    ///
    /// - Parameter first: A pass that claims nothing yet.
    func assume(
        epoch: Epoch,
        holder: Holder,
        living: [Incarnation],
        lending: Duration,
        first: ClaimPass?
    ) async throws(StoreError) -> Assumption

    /// What a new owner does first, under its epoch: revokes the claims of registrations that are gone, leaves those of
    /// the living lent, and reads where things stand. Also called when the set of the living changed.
    ///
    /// - Parameters:
    ///   - living: Registrations that are alive, the owner's own included.
    ///   - lending: How long claims of the living stay lent, from when this owner first saw them.
    func open(epoch: Epoch, holder: Holder, living: [Incarnation], lending: Duration) async throws(StoreError)
        -> Opening

    /// Jobs that are not deleted, with the version of the set.
    func jobs() async throws(StoreError) -> JobsSnapshot

    /// Settles and makes a claim pass in one round trip. Each settlement and the pass are transactions of their own:
    /// one that fails does not affect the others.
    func exchange(_ exchange: Exchange) async -> ExchangeReply

    /// Runs in progress that a user cancelled, on whatever node. Needs no ownership: a node that handed the tenant over
    /// asks while it still runs something; an owner is told by its passes.
    func cancellations() async throws(StoreError) -> [WorkID]

    /// Stores how far runs in progress say that they are. Those whose claim is gone are passed over. Needs no
    /// ownership.
    func report(_ progress: [ProgressReport]) async throws(StoreError)

    /// What handlers in progress use.
    nonisolated var handlerStore: any HandlerStore { get }

    /// Creates partitions ahead of time and drops those older than the retention.
    func maintain(epoch: Epoch, retention: Retention) async throws(StoreError)

    /// Hints from the tenant's database that work was enqueued or definitions changed, while a connection is held.
    ///
    /// Bounded to the newest; a hint that is lost costs time only.
    func signals() async -> AsyncStream<StoreSignal>

    /// Says whether the tenant is in use. An idle one gives up its connection and its subscription.
    func setIdle(_ isIdle: Bool) async

    /// Gives everything back.
    func close() async
}

extension TenantStore {
    /// Nothing to get ready.
    package func standBy() async throws(StoreError) {}

    /// Takes ownership and opens, without a pass.
    package func assume(
        epoch: Epoch,
        holder: Holder,
        living: [Incarnation],
        lending: Duration
    ) async throws(StoreError) -> Assumption {
        try await self.assume(epoch: epoch, holder: holder, living: living, lending: lending, first: nil)
    }
}

/// A hint from a tenant's database.
package enum StoreSignal: Sendable, Equatable {
    /// Work was enqueued that is due earlier than the published sleep, or a definition changed.
    case work
    /// The subscription was interrupted: look again.
    case interrupted
}

/// What `takeOwnership` answers.
package enum OwnershipReply: Sendable, Equatable {
    case installed
    /// The epoch is not greater than the installed one.
    case refused(floor: Epoch)
}

/// What `assume` answers.
package enum Assumption: Sendable, Equatable {
    case opened(Opening)
    /// The epoch is not greater than the installed one.
    case refused(floor: Epoch)
}

/// Where a tenant stands when its new owner opens it.
package struct Opening: Sendable, Equatable {
    /// Claims of living registrations that stay lent: their IDs and ordering keys are left alone until then.
    package var lent: [LentClaim] = []
    /// The caller's own claims that still stand, e.g. from before a lost reply or a re-acquired lock.
    package var own: [StandingClaim] = []
    /// Revoked claims of registrations that are gone: how many runs became suspects.
    package var crashedRuns: Int = 0
    package var serverTime: ServerTime
    package var jobsVersion: Int64
    /// The jobs, where they were read in the same round trip.
    package var jobs: JobsSnapshot?
    /// The first pass, where it was asked for and succeeded.
    package var firstPass: PassResult?

    package init(serverTime: ServerTime, jobsVersion: Int64) {
        self.serverTime = serverTime
        self.jobsVersion = jobsVersion
    }
}

/// A claim that another, living registration may still settle.
package struct LentClaim: Sendable, Equatable {
    package var batch: BatchID
    package var incarnation: Incarnation
    package var ids: [WorkID]
    package var orderingKeys: [String]
    /// When it may be revoked, by the tenant's Postgres.
    package var until: ServerTime
    /// What its work counts by, for limits.
    package var subjects: [LimitBook.Subject]

    package init(
        batch: BatchID,
        incarnation: Incarnation,
        ids: [WorkID],
        orderingKeys: [String],
        until: ServerTime,
        subjects: [LimitBook.Subject] = []
    ) {
        self.batch = batch
        self.incarnation = incarnation
        self.ids = ids
        self.orderingKeys = orderingKeys
        self.until = until
        self.subjects = subjects
    }
}

/// A claim of the caller's own.
package struct StandingClaim: Sendable, Equatable {
    package var batch: BatchID
    package var ids: [WorkID]

    package init(batch: BatchID, ids: [WorkID]) {
        self.batch = batch
        self.ids = ids
    }
}

/// The recurring jobs of a tenant, and its limits.
package struct JobsSnapshot: Sendable, Equatable {
    package var jobs: [JobDefinition]
    package var limits = LimitsSnapshot()
    /// Grows with every change of a definition.
    package var version: Int64
    package var serverTime: ServerTime

    package init(
        jobs: [JobDefinition],
        limits: LimitsSnapshot = LimitsSnapshot(),
        version: Int64,
        serverTime: ServerTime
    ) {
        self.jobs = jobs
        self.limits = limits
        self.version = version
        self.serverTime = serverTime
    }
}

/// One round trip of an owner.
package struct Exchange: Sendable, Equatable {
    /// Each becomes a transaction under its claim.
    package var settlements: [Settlement]
    /// One transaction under the epoch, after the settlements. It also ends what was cancelled and is in no claim.
    package var pass: ClaimPass?

    package init(settlements: [Settlement] = [], pass: ClaimPass? = nil) {
        self.settlements = settlements
        self.pass = pass
    }
}

/// What an owner does under its epoch in one transaction: materialise, claim, go to sleep, look for more; in this
/// order, so that the look sees whatever was enqueued by those who still read that the owner is awake.
package struct ClaimPass: Sendable, Equatable {
    package var epoch: Epoch
    package var holder: Holder
    /// Occurrences that have come due.
    package var materialise: [Materialisation] = []
    /// What is about to start.
    package var claims: [ClaimRequest] = []
    /// How far rates are used up with these claims.
    package var uses: [LimitUse] = []
    /// What else is due.
    package var scan: ScanRequest?
    /// Publishes until when the owner sleeps: enqueues that are due earlier notify. It fails while an enqueue is under
    /// way, and the owner tries again soon. `.distantPast` says that the owner is awake for long: enqueues need not
    /// notify.
    package var sleepUntil: ServerTime?

    package init(epoch: Epoch, holder: Holder) {
        self.epoch = epoch
        self.holder = holder
    }
}

/// Turns due occurrences of one job into rows, if nobody has before: compare-and-set on revision and last occurrence.
package struct Materialisation: Sendable, Equatable {
    package struct Skip: Sendable, Equatable {
        package var scheduledFor: ServerTime
        /// See ``SkipReason``.
        package var reason: String

        package init(scheduledFor: ServerTime, reason: String) {
            self.scheduledFor = scheduledFor
            self.reason = reason
        }
    }

    package var job: String
    package var revision: Int64
    /// As read; `nil` when there was none.
    package var lastOccurrence: ServerTime?
    /// In order, after `lastOccurrence`. May be empty: then only the next due instant is stored. The job's overlap
    /// policy decides which of them become work.
    package var occurrences: [ServerTime]
    package var skipped: [Skip]
    /// The job's next due instant; `nil` when there is none.
    package var nextDue: ServerTime?
    /// Whether the job is paused by its misfire policy.
    package var pauses: Bool

    package init(
        job: String,
        revision: Int64,
        lastOccurrence: ServerTime?,
        occurrences: [ServerTime],
        skipped: [Skip] = [],
        nextDue: ServerTime?,
        pauses: Bool = false
    ) {
        self.job = job
        self.revision = revision
        self.lastOccurrence = lastOccurrence
        self.occurrences = occurrences
        self.skipped = skipped
        self.nextDue = nextDue
        self.pauses = pauses
    }
}

/// Claims work that is about to start.
package struct ClaimRequest: Sendable, Equatable {
    package var batch: BatchID
    package var ids: [WorkID]
    /// Whether it is a suspect, claimed alone.
    package var isLone: Bool

    package init(batch: BatchID, ids: [WorkID], isLone: Bool = false) {
        self.batch = batch
        self.ids = ids
        self.isLone = isLone
    }
}

/// Looks for due work behind and beyond a cursor.
package struct ScanRequest: Sendable, Equatable {
    /// Rows of lower priorities that are read as well, although more urgent ones fill the limit.
    package struct Reserve: Sendable, Equatable {
        /// The priorities below this one.
        package var below: Int
        /// Of each priority.
        package var rows: Int

        package init(below: Int, rows: Int) {
            self.below = below
            self.rows = rows
        }
    }

    /// Most rows to return.
    package var limit: Int
    /// Where the last scan ended; `nil` reads from the front.
    package var cursor: ScanCursor?
    package var reserve: Reserve?
    /// The answer's cursor keeps the snapshot of this one, for whoever goes on from that at another place.
    package var keepsSnapshot = false

    package init(limit: Int, cursor: ScanCursor?, reserve: Reserve? = nil) {
        self.limit = limit
        self.cursor = cursor
        self.reserve = reserve
    }
}

/// Where a scan ended, for the next one. Made and read by the adapter only.
package struct ScanCursor: Sendable, Equatable {
    /// Position per priority band.
    package struct Position: Sendable, Equatable {
        package var priority: Int
        package var dueAt: ServerTime
        package var id: WorkID

        package init(priority: Int, dueAt: ServerTime, id: WorkID) {
            self.priority = priority
            self.dueAt = dueAt
            self.id = id
        }
    }

    package var positions: [Position]
    /// Rows of transactions not older than this may have appeared behind the positions.
    package var snapshot: UInt64
    /// Up to here, everything that was visible had come due.
    package var dueUpTo: ServerTime

    package init(positions: [Position], snapshot: UInt64, dueUpTo: ServerTime) {
        self.positions = positions
        self.snapshot = snapshot
        self.dueUpTo = dueUpTo
    }
}

/// What an exchange answers.
package struct ExchangeReply: Sendable {
    /// One for each settlement, in order.
    package var settlements: [SettlementResult]
    /// `nil` when there was no pass.
    package var pass: Result<PassResult, StoreError>?

    package init(settlements: [SettlementResult], pass: Result<PassResult, StoreError>?) {
        self.settlements = settlements
        self.pass = pass
    }
}

/// What a claim pass found.
package struct PassResult: Sendable, Equatable {
    package enum Materialised: Sendable, Equatable {
        /// The rows that were inserted.
        case applied([WorkItem])
        /// The job was changed, paused, deleted or advanced by somebody else: read the jobs again.
        case conflict
    }

    package struct Scan: Sendable, Equatable {
        /// Runnable rows that are due, in order of priority and due instant. May hold rows that are in flight already.
        package var items: [WorkItem]
        package var cursor: ScanCursor
        /// Whether the limit cut the scan short.
        package var hasMore: Bool
        /// The earliest due instant that is yet to come.
        package var nextDue: ServerTime?
        /// In which priority the limit cut it short.
        package var cutAt: Int?

        package init(items: [WorkItem], cursor: ScanCursor, hasMore: Bool, nextDue: ServerTime?, cutAt: Int? = nil) {
            self.items = items
            self.cutAt = cutAt
            self.cursor = cursor
            self.hasMore = hasMore
            self.nextDue = nextDue
        }
    }

    /// The tenant's Postgres, at the pass.
    package var serverTime: ServerTime
    /// One for each materialisation, in order.
    package var materialised: [Materialised] = []
    /// For each claim, the IDs that were claimed: those still there and runnable.
    package var claimed: [[WorkID]] = []
    package var scan: Scan?
    /// Whether the sleep was published; `nil` when it was not asked for.
    package var isSleepPublished: Bool?
    /// Another value than last time means: read the jobs again.
    package var jobsVersion: Int64
    /// Runs in progress that a user cancelled, ascending; told by every pass until they have been settled. They may be
    /// another node's.
    package var cancellations: [WorkID] = []

    package init(serverTime: ServerTime, jobsVersion: Int64) {
        self.serverTime = serverTime
        self.jobsVersion = jobsVersion
    }
}
