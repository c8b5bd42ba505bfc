internal import Logging
internal import Synchronization

/// Runs what is due in one tenant, from the moment that this node prepares for it until its last run has been settled.
///
/// One task steps through rounds: take what was reported, decide (``TenantQueue``, ``JobTable``), make one round trip
/// to the tenant's database, start what was claimed. The cluster agent says when to claim and when to stop; attempts in
/// progress are settled under their claims whatever happens to the ownership.
actor TenantScheduler {
    /// What it is doing.
    enum Phase: Equatable {
        /// Prepared; the node does not own the tenant.
        case standby
        /// The lock is held; the fence has yet to accept the epoch.
        case activating(Epoch, TenancyMachine.Arrival)
        /// Owned and claiming.
        case working(Epoch)
        /// Owned, and making no further claims.
        case yielded(Epoch)
        /// Not owned any more; settling what was claimed.
        case leaving(until: MonotonicInstant)
        case ended
    }

    /// How long the database may be unusable before the cluster is told.
    static let troubleThreshold = Duration.seconds(10)
    /// A tenant that has had nothing to do for so long, and will have nothing for so long, gives up its connection.
    static let idleThreshold = Duration.seconds(5)
    /// The longest sleep of an idle tenant, as a safety net below all the ways to be woken.
    static let longestSleep = Duration.seconds(60)
    /// How often an idle tenant is looked at all the same.
    static let idleSweep = Duration.seconds(900)
    /// How long the search for a good moment to stop claiming may take.
    static let stopPatience = Duration.milliseconds(250)
    /// How often lent claims are looked at again.
    static let lentInterval = Duration.milliseconds(500)
    /// How long ends of attempts are collected while others of the tenant go on.
    static let settleDelay = Duration.milliseconds(1)
    /// How long to wait before going to sleep is tried again while an enqueue is under way.
    static let publishPause = Duration.milliseconds(20)
    /// How often partitions are made ahead and dropped behind.
    static let maintenanceInterval = Duration.seconds(3600)
    /// How long to wait before jobs are read again after a conflict with whoever changes them.
    static let contestPause = Duration.milliseconds(50)

    var tenant: Tenant
    nonisolated let mailbox: SchedulerMailbox
    nonisolated let lease = LeaseCell()
    nonisolated let due = DueCell()
    nonisolated let runs: RunTable
    nonisolated let progress: ProgressBoard
    /// Since when the longest-waiting ready work waits; `.max` when nothing does.
    private nonisolated let readySince = Atomic<Int64>(.max)
    let environment: SchedulerEnvironment
    let membership: Dispatcher.Membership
    var store: any TenantStore
    let executor: RunExecutor
    let holder: Holder
    let report: @Sendable (TenantReport) -> Void
    let log: Logger

    var phase: Phase = .standby
    var queue: TenantQueue
    var jobs = JobTable()
    /// The limits of this tenure; `nil` until they have been read: then nothing is claimed.
    var limits: [LimitDefinition]?
    var serverClock: ServerClock?
    var lastPass: ServerTime?
    /// When users' cancellations were last looked for.
    var lastCancellationLook: MonotonicInstant = .zero
    /// Slots that were granted and are not in use.
    var grants = 0
    var unsettled: [FinishedRun] = []
    var firstUnsettledAt: MonotonicInstant = .zero
    /// Claims whose reply was lost: they may stand.
    var doubtful: [Claim] = []
    var needsOpening = false
    var lastOpening: MonotonicInstant = .zero
    /// Until when the tenant's schema says that this owner sleeps.
    var publishedSleep: ServerTime?
    var publishAfter: MonotonicInstant = .zero
    var isIdle = false
    /// When there was last something to do, or something due soon.
    var lastBusy: MonotonicInstant = .zero
    var unhandledTopics: Set<String> = []
    var failures = 0
    var failingSince: MonotonicInstant?
    /// When what may fail next was begun: a database that hangs is in trouble from then on, not from the deadline.
    private var turnBegan: MonotonicInstant = .zero
    var isTroubled = false
    var retryAt: MonotonicInstant?
    var maintainAt: MonotonicInstant = .zero
    var leftAt: MonotonicInstant?
    /// Set while this owner looks for a good moment to stop claiming.
    var stopGate: QuietGate?
    /// What a pass takes when nothing disturbs it.
    var quickestPass = QuickestRoundTrip()
    /// How the present tenure began, until its first claim pass has been reported.
    var arrival: TenancyMachine.Arrival?
    private var signalTask: Task<Void, Never>?

    /// What was taken from the queue for one claim.
    struct Claim {
        let request: ClaimRequest
        let items: [WorkItem]
    }

    init(
        tenant: Tenant,
        holder: Holder,
        environment: SchedulerEnvironment,
        report: @escaping @Sendable (TenantReport) -> Void
    ) {
        self.tenant = tenant
        self.store = environment.makeStore(tenant)
        self.holder = holder
        self.environment = environment
        self.report = report
        let mailbox = SchedulerMailbox(clock: environment.clock)
        self.mailbox = mailbox
        self.membership = environment.dispatcher.add(tenant.descriptor) { count in mailbox.grant(count) }
        self.runs = RunTable(executor: environment.surroundings.executor) { mailbox.wake() }
        self.progress = ProgressBoard { mailbox.wake() }
        var log = environment.logger
        log[metadataKey: "tenant"] = "\(tenant.id)"
        self.log = log
        self.executor = RunExecutor(
            tenant: tenant.id,
            handlers: environment.handlers,
            clock: environment.clock,
            defaultTimeout: environment.runs.defaultTimeout,
            logger: log
        )
        self.queue = environment.makeQueue()
    }

    var now: MonotonicInstant { self.environment.clock.now }

    /// The tenant's Postgres now, or a little earlier.
    var serverNow: ServerTime? { self.serverClock?.now(at: self.now) }

    /// How late the longest-waiting ready work is, in milliseconds; read by heartbeats from another thread.
    ///
    /// Counted on while the scheduler waits: work that finds no free slot is later with every moment.
    nonisolated var lagMilliseconds: Int64 {
        let since = self.readySince.load(ordering: .relaxed)
        guard since != .max else { return 0 }
        return max(0, MonotonicInstant(nanoseconds: since).duration(to: self.environment.clock.now).milliseconds)
    }

    func noteLag() {
        let since = self.queue.earliestReady.flatMap { self.serverClock?.instant(of: $0) }
        self.readySince.store(since?.nanoseconds ?? .max, ordering: .relaxed)
    }

    // MARK: Life

    /// Prepares, works, and returns when everything that was claimed has been settled or given up.
    func run() async {
        if await self.prepare() { await self.loop() }
        self.signalTask?.cancel()
        self.runs.cancelAll(cause: .shutdown)
        self.environment.dispatcher.remove(self.membership)
        self.giveGrantsBack()
        await self.store.close()
        self.report(.closed(drained: self.leftAt.map { $0.duration(to: self.now) }))
    }

    /// Connects and prepares, for as long as it takes. False when the scheduler was told to end before.
    private func prepare() async -> Bool {
        while !self.mailbox.isEnding, !Task.isCancelled {
            do {
                try await self.environment.preparing.pass { () async throws(StoreError) in
                    self.turnBegan = self.now
                    try await self.store.prepare(migrate: self.environment.autoMigrate)
                }
                self.succeeded()
                await self.followSignals()
                self.report(.prepared)
                return true
            } catch {
                await self.pause(after: error)
            }
        }
        return false
    }

    /// Forwards the hints of the present store.
    private func followSignals() async {
        self.signalTask?.cancel()
        let signals = await self.store.signals()
        // SHIELD: ends with the store's stream, and is cancelled when the store is replaced or the scheduler ends.
        self.signalTask = Task(executorPreference: self.environment.surroundings.executor) { [mailbox] in
            for await _ in signals { mailbox.hint() }
        }
    }

    /// Goes on with another connection: what runs is settled there, and the same epoch is installed again.
    private func reconnect(_ tenant: Tenant) async {
        let before = self.phase
        await self.store.close()
        self.tenant = tenant
        self.store = self.environment.makeStore(tenant)
        guard await self.prepare() else { return }
        switch before {
        case .working(let epoch), .activating(let epoch, _): self.phase = .activating(epoch, .takeover)
        case .standby, .yielded, .leaving, .ended: break
        }
    }

    private func loop() async {
        while !Task.isCancelled {
            let mail = self.mailbox.take()
            self.turnBegan = self.now
            self.grants += mail.grants
            if mail.hasHint { self.queue.noteArrival() }
            if mail.hasLivingChange, self.queue.lentUntil != nil { self.needsOpening = true }
            for command in mail.commands { await self.obey(command) }
            guard self.phase != .ended else { return }
            let wake = await self.step()
            guard self.phase != .ended else { return }
            await self.mailbox.wait(until: wake.map(self.environment.clock.instant))
        }
    }

    private func obey(_ command: SchedulerMailbox.Command) async {
        switch command {
        case .standBy:
            if case .leaving = self.phase {
                self.phase = .standby
                self.leftAt = nil
            }
            self.report(.prepared)
        case .reconnect(let tenant):
            await self.reconnect(tenant)
        case .getReady(let move):
            await self.getReady(move)
        case .activate(let epoch, let arrival):
            self.leftAt = nil
            self.stopGate = nil
            self.phase = .activating(epoch, arrival)
            self.retryAt = nil
        case .stopClaiming(let epoch):
            self.stopGate = QuietGate(at: self.now, patience: Self.stopPatience)
            // A database that does not answer has no good moments, and without trust in the lock nothing is claimed.
            if self.phase != .working(epoch) || self.retryAt != nil || self.lease.trustedUntil <= self.now {
                await self.stopClaiming(epoch)
            }
        case .resumeClaiming(let epoch):
            if self.phase == .yielded(epoch) {
                self.phase = .working(epoch)
                self.queue.rescan()
            }
        case .suspend:
            switch self.phase {
            case .activating, .working, .yielded: self.phase = .standby
            case .standby, .leaving, .ended: break
            }
            self.giveGrantsBack()
        case .retire(let deadline):
            self.phase = .leaving(until: deadline)
            self.leftAt = self.now
            self.giveGrantsBack()
        case .drop:
            self.phase = .ended
            self.runs.cancelAll(cause: .claimLost)
            await self.waitForRuns(atMost: .seconds(5))
        }
    }

    /// Keeps a session at hand for the moment in which the lock is passed. If that fails the move waits: it is prepared
    /// again, not ready.
    private func getReady(_ move: String) async {
        do {
            try await self.store.standBy()
            self.report(.ready(move: move))
        } catch {
            self.failed(error)
            self.report(.prepared)
        }
    }

    /// Makes passes until one is answered without delay, which is a good moment for the last one; works on meanwhile.
    ///
    /// - Returns: When the next probe is due; `nil` when claiming has stopped, or goes on for another reason.
    private func approachStop(_ epoch: Epoch) async -> MonotonicInstant? {
        guard let gate = self.stopGate else { return nil }
        if self.retryAt == nil, self.lease.trustedUntil > self.now {
            let quickest = self.quickestPass
            let sentAt = self.now
            await self.exchange(epoch, purpose: .probe)
            let roundTrip = sentAt.duration(to: self.now)
            if self.phase == .working(epoch), self.retryAt == nil,
                gate.probed(roundTrip: roundTrip, quickest: quickest, at: self.now) == .probeAgain
            {
                return self.now.advanced(by: QuietGate.pause)
            }
        }
        await self.stopClaiming(epoch)
        return nil
    }

    /// Makes the last claim pass, so that nothing that is due waits for the successor longer than the hand-over takes.
    private func stopClaiming(_ epoch: Epoch) async {
        self.stopGate = nil
        switch self.phase {
        case .working(epoch):
            if self.retryAt == nil { await self.exchange(epoch, purpose: .last) }
            // The pass may have found that somebody else owns the tenant by now.
            if self.phase == .working(epoch) { self.phase = .yielded(epoch) }
        case .activating(epoch, _):
            self.phase = .standby
        case .standby, .activating, .working, .yielded, .leaving, .ended:
            break
        }
        self.giveGrantsBack()
        self.report(.claimsStopped(epoch, lastClaim: self.lastPass ?? .distantPast))
    }

    /// One round. Returns when the next one is due at the latest; a round without end is asked for by an instant that
    /// has passed.
    private func step() async -> MonotonicInstant? {
        self.runs.cancelOverdue(at: self.now)
        self.collectFinished()
        if self.retryAt != nil, self.stopGate != nil, case .working(let epoch) = self.phase {
            await self.stopClaiming(epoch)
        }
        if let retryAt, retryAt > self.now { return retryAt }
        self.retryAt = nil
        await self.storeProgress()
        switch self.phase {
        case .standby:
            await self.settleOnly()
            await self.lookForCancellations()
            return self.nextWake(from: [])
        case .activating(let epoch, let arrival):
            await self.activate(epoch, arrival)
            return self.retryAt ?? self.now
        case .working(let epoch):
            if self.needsOpening || self.isLentCheckDue { await self.reopen(epoch) }
            let probeAt = await self.approachStop(epoch)
            guard self.phase == .working(epoch) else { return self.now }
            return [await self.work(epoch), probeAt].compactMap(\.self).min()
        case .yielded:
            await self.settleOnly()
            await self.lookForCancellations()
            return self.nextWake(from: [])
        case .leaving(let deadline):
            return await self.leave(deadline)
        case .ended:
            return nil
        }
    }

    // MARK: Leaving

    private func leave(_ deadline: MonotonicInstant) async -> MonotonicInstant? {
        if self.now >= deadline { self.runs.cancelAll(cause: .shutdown) }
        await self.settleOnly()
        await self.lookForCancellations()
        if self.runs.runningCount == 0, self.unsettled.isEmpty || self.now >= deadline.advanced(by: .seconds(2)) {
            self.phase = .ended
            return nil
        }
        // A handler that ignores its cancellation must not hold the node for ever.
        if self.now >= deadline.advanced(by: .seconds(5)) {
            self.log.warning("a handler did not return after its cancellation; its run is left to the next owner")
            self.phase = .ended
            return nil
        }
        let next = self.now < deadline ? deadline : self.now.advanced(by: .milliseconds(50))
        return self.nextWake(from: [next])
    }

    private func waitForRuns(atMost limit: Duration) async {
        let deadline = self.now.advanced(by: limit)
        while self.runs.runningCount > 0, self.now < deadline {
            await self.mailbox.wait(until: self.environment.clock.instant(self.now.advanced(by: .milliseconds(20))))
        }
        let finished = self.runs.takeFinished()
        self.environment.dispatcher.release(self.membership, finished.count)
    }

    /// Wants nothing any more.
    func giveGrantsBack() {
        self.due.set(.distantFuture)
        self.readySince.store(.max, ordering: .relaxed)
        self.environment.dispatcher.setDemand(self.membership, ready: 0, dueSince: self.now, workPriority: 0)
        self.grants += self.mailbox.takeGrants()
        self.environment.dispatcher.release(self.membership, self.grants)
        self.grants = 0
    }

    // MARK: Failure and recovery

    func succeeded() {
        self.failures = 0
        self.failingSince = nil
        self.retryAt = nil
        if self.isTroubled {
            self.isTroubled = false
            self.report(.recovered)
        }
    }

    func failed(_ error: StoreError) {
        let since = self.failingSince ?? self.turnBegan
        self.failingSince = since
        self.failures += 1
        self.retryAt = self.now.advanced(
            by: Backoff.pause(after: self.failures, fraction: self.environment.surroundings.chance.fraction())
        )
        self.log.debug("the tenant's database cannot be used", metadata: ["error": "\(error)"])
        if !self.isTroubled, since.duration(to: self.now) >= Self.troubleThreshold || error.code == .schema {
            self.isTroubled = true
            self.report(.troubled("\(error)"))
        }
    }

    private func pause(after error: StoreError) async {
        self.failed(error)
        while let retryAt = self.retryAt, retryAt > self.now, !self.mailbox.isEnding, !Task.isCancelled {
            await self.mailbox.wait(until: self.environment.clock.instant(retryAt))
        }
    }

    /// The earliest of the given instants, the end of the first attempt's time, and whatever else is to be watched.
    func nextWake(from instants: [MonotonicInstant]) -> MonotonicInstant? {
        var instants = instants
        if let deadline = self.runs.nextDeadline { instants.append(deadline) }
        if let retryAt { instants.append(retryAt) }
        if let progressAt = self.progress.dueAt(now: self.now) { instants.append(progressAt) }
        if let cancellationLookAt { instants.append(max(cancellationLookAt, self.retryAt ?? cancellationLookAt)) }
        if let settleAt { instants.append(max(settleAt, self.retryAt ?? settleAt)) }
        return instants.min()
    }
}
