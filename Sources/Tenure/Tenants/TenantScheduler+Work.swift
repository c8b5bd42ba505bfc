internal import Logging

extension TenantScheduler {
    // MARK: Working

    /// One round of an owner. Returns when the next one is due.
    func work(_ epoch: Epoch) async -> MonotonicInstant? {
        guard self.phase == .working(epoch), self.retryAt == nil else { return self.nextWake(from: []) }
        guard self.lease.trustedUntil > self.now else {
            // Claims wait for the lock's renewal or its loss; what runs is settled.
            await self.settleOnly()
            await self.lookForCancellations()
            return self.nextWake(from: [self.now.advanced(by: .milliseconds(100))])
        }
        if self.jobs.version == nil {
            if self.jobs.isContested {
                await self.mailbox.wait(until: self.environment.clock.continuous + Self.contestPause)
            }
            await self.readJobs()
        }
        let didWork = await self.exchange(epoch)
        guard self.phase == .working(epoch), self.retryAt == nil else { return self.nextWake(from: []) }
        if didWork { return self.now }
        if self.maintainAt <= self.now { await self.maintain(epoch) }
        return await self.sleep()
    }

    /// Makes partitions ahead and drops those that are older than their retention. Waits for a quiet moment; a failure
    /// costs nothing for days.
    private func maintain(_ epoch: Epoch) async {
        // Owners of many tenants that opened together do not all come back in the same second.
        let spread = Duration.seconds(600 * self.environment.surroundings.chance.fraction())
        self.maintainAt = self.now.advanced(by: Self.maintenanceInterval + spread)
        do {
            try await self.store.maintain(epoch: epoch, retention: self.environment.retention)
        } catch {
            self.log.warning("partitions could not be maintained", metadata: ["error": "\(error)"])
        }
    }

    private func readJobs() async {
        do {
            self.take(try await self.store.jobs())
        } catch {
            self.failed(error)
        }
    }

    func take(_ snapshot: JobsSnapshot) {
        self.serverClock = ServerClock(snapshot.serverTime, receivedAt: self.now)
        self.take(snapshot.limits)
        for (name, problem) in self.jobs.replace(snapshot) {
            self.environment.events.emit(
                .jobInvalid,
                [.tenant(self.tenant.id), .text("job", name), .text("reason", problem)]
            )
        }
    }

    /// Those of the node's settings come to the tenant's own.
    private func take(_ snapshot: LimitsSnapshot) {
        var snapshot = snapshot
        snapshot.definitions += self.environment.runs.limits
        guard self.limits != snapshot.definitions else { return }
        self.limits = snapshot.definitions
        self.queue.replaceLimits(snapshot)
        self.queue.setHeld(self.runs.items + self.doubtful.flatMap(\.items))
    }

    /// What an exchange is made for.
    enum ExchangePurpose {
        /// To do what there is to do.
        case work
        /// Likewise; made also when there is nothing, because its round trip is to be measured.
        case probe
        /// The last pass before a hand-over: it claims nothing and looks for nothing.
        case last
    }

    /// Settles what has ended, materialises what is due, claims what there are slots for, and looks for more.
    ///
    /// - Returns: Whether another round should follow at once.
    @discardableResult
    func exchange(_ epoch: Epoch, purpose: ExchangePurpose = .work) async -> Bool {
        guard let serverNow = self.serverNow else { return false }
        let finished = self.takeSettleable(force: purpose == .last)
        var pass = ClaimPass(epoch: epoch, holder: self.holder)
        var claims: [Claim] = []
        self.queue.note(serverNow)
        if purpose != .last {
            pass.materialise = self.jobs.plan(at: serverNow, limit: 100)
            claims = self.takeClaims()
            pass.claims = claims.map(\.request)
            pass.uses = self.queue.takeUses()
            pass.sleepUntil = self.sleepToPublish(serverNow: serverNow)
            // Whoever goes to sleep looks once more: an enqueue that read the old sleep has committed by then.
            if pass.sleepUntil != nil || self.queue.wantsScan(serverNow: serverNow, now: self.now) {
                pass.scan = self.queue.scanRequest(now: self.now)
            } else {
                pass.scan = self.queue.refillRequest()
            }
        }
        let isLookDue = self.cancellationLookAt.map { $0 <= self.now } ?? false
        let isPassNeeded =
            purpose != .work || !pass.materialise.isEmpty || !claims.isEmpty || pass.scan != nil
            || pass.sleepUntil != nil
            || isLookDue
        guard isPassNeeded || !finished.isEmpty else { return false }

        let request = Exchange(settlements: Self.settlements(of: finished), pass: isPassNeeded ? pass : nil)
        let sentAt = self.now
        let reply = await self.store.exchange(request)
        self.quickestPass.note(sentAt.duration(to: self.now))
        self.take(reply.settlements, for: request.settlements, finished)
        guard let result = reply.pass else { return false }
        switch result {
        case .failure(let error):
            self.passFailed(error, claims: claims, epoch: epoch)
            return false
        case .success(let result):
            self.succeeded()
            return self.take(result, of: pass, claims: claims, epoch: epoch)
        }
    }

    func take(_ result: PassResult, of pass: ClaimPass, claims: [Claim], epoch: Epoch) -> Bool {
        self.serverClock = ServerClock(result.serverTime, receivedAt: self.now)
        self.lastPass = result.serverTime
        if let arrival = self.arrival {
            self.arrival = nil
            self.report(.firstPass(epoch, arrival, at: result.serverTime))
        }
        var isFruitful = false
        for (plan, materialised) in zip(pass.materialise, result.materialised) {
            self.jobs.apply(plan, materialised)
            if case .applied(let items) = materialised {
                for item in items { self.add(item) }
                self.noteSkips(plan, overlapping: plan.occurrences.count - items.count)
            }
            isFruitful = true
        }
        for (claim, ids) in zip(claims, result.claimed) {
            let claimed = Set(ids)
            self.start(
                claim.items.filter { claimed.contains($0.id) },
                batch: claim.request.batch,
                isLone: claim.request.isLone,
                epoch: epoch
            )
            let others = claim.items.filter { !claimed.contains($0.id) }
            self.grants += others.count
            self.queue.notClaimed(others.map(\.id), wasLone: claim.request.isLone && ids.isEmpty, now: self.now)
            isFruitful = true
        }
        self.cancel(result.cancellations)
        if var scan = result.scan {
            let unhandled = scan.items.filter { self.environment.handlers.handler(for: $0.topic) == nil }
            if !unhandled.isEmpty {
                scan.items.removeAll { self.environment.handlers.handler(for: $0.topic) == nil }
                self.park(unhandled)
            }
            let before = self.queue.readyCount
            self.queue.take(scan)
            isFruitful = isFruitful || scan.hasMore || self.queue.readyCount > before
        }
        switch result.isSleepPublished {
        case true?: self.publishedSleep = pass.sleepUntil
        case false?:
            // An enqueue is under way: it may have read that this owner is awake, and commits any moment, or later.
            self.publishAfter = self.now.advanced(by: Self.publishPause)
        case nil: break
        }
        if self.jobs.version != result.jobsVersion { self.jobs.invalidate() }
        self.announceDemand()
        return isFruitful || self.jobs.version == nil
    }

    private func passFailed(_ error: StoreError, claims: [Claim], epoch: Epoch) {
        if error.code == .outcomeUnknown {
            // The claims may stand: opening again tells.
            self.doubtful.append(contentsOf: claims)
            self.needsOpening = true
            self.jobs.invalidate()
            self.publishedSleep = nil
        } else {
            for claim in claims {
                self.grants += claim.items.count
                self.queue.putBack(claim.items, wasLone: claim.request.isLone)
            }
        }
        if error.code == .fenced {
            self.phase = .standby
            self.giveGrantsBack()
            self.report(.fenced(epoch))
        } else {
            self.failed(error)
        }
    }

    /// Tells of occurrences that did not run, once for each reason.
    private func noteSkips(_ plan: Materialisation, overlapping: Int) {
        var counts: [(reason: String, count: Int)] = []
        for skip in plan.skipped {
            if let last = counts.indices.last, counts[last].reason == skip.reason {
                counts[last].count += 1
            } else if let known = counts.firstIndex(where: { $0.reason == skip.reason }) {
                counts[known].count += 1
            } else {
                counts.append((skip.reason, 1))
            }
        }
        if overlapping > 0 { counts.append((SkipReason.overlap, overlapping)) }
        for (reason, count) in counts {
            self.environment.events.emit(
                .runSkipped,
                [.tenant(self.tenant.id), .text("job", plan.job), .count("count", count), .text("reason", reason)]
            )
        }
    }

    // MARK: Claiming

    private func takeClaims() -> [Claim] {
        var claims: [Claim] = []
        guard self.limits != nil else { return claims }
        defer { self.returnGrants() }
        if self.grants > 0, let suspect = self.queue.takeSuspect() {
            self.grants -= 1
            let request = ClaimRequest(batch: self.environment.newBatchID(), ids: [suspect.id], isLone: true)
            claims.append(Claim(request: request, items: [suspect]))
        }
        let items = self.queue.takeReady(min(self.grants, self.environment.runs.batchSize))
        if !items.isEmpty {
            self.grants -= items.count
            let request = ClaimRequest(batch: self.environment.newBatchID(), ids: items.map(\.id))
            claims.append(Claim(request: request, items: items))
        }
        return claims
    }

    /// Slots that limits leave unused are for others.
    private func returnGrants() {
        let unused = self.grants - self.queue.readyCount
        guard self.queue.isLimited, unused > 0 else { return }
        self.grants -= unused
        // First: they would come back for what was wanted before.
        self.announceDemand()
        self.environment.dispatcher.release(self.membership, unused)
    }

    private func add(_ item: WorkItem) {
        if self.environment.handlers.handler(for: item.topic) == nil {
            self.park([item])
        } else {
            self.queue.add(item)
        }
    }

    /// Work without a handler waits in its table; people are told once per topic.
    private func park(_ items: [WorkItem]) {
        self.queue.park(items.map(\.id))
        let known = self.unhandledTopics.count
        for item in items where self.unhandledTopics.insert(item.topic).inserted {
            self.environment.events.emit(.topicUnhandled, [.tenant(self.tenant.id), .text("topic", item.topic)])
        }
        // A few tell what is wrong.
        if self.unhandledTopics.count != known {
            self.report(.unhandled(Array(self.unhandledTopics.sorted().prefix(10))))
        }
    }

    func start(_ items: [WorkItem], batch: BatchID, isLone: Bool, epoch: Epoch) {
        guard !items.isEmpty, let serverClock = self.serverClock else { return }
        let now = self.now
        let store = self.store.handlerStore
        self.environment.gauges.noteStarted(items.count)
        self.environment.events.emitWork(.workClaimed) {
            [
                .tenant(self.tenant.id), .text("kind", items[0].kind.rawValue), .count("count", items.count),
                .epoch(epoch),
            ]
        }
        for item in items {
            guard let handler = self.environment.handlers.handler(for: item.topic) else { continue }
            let deadline = now.advanced(by: self.executor.timeout(of: item))
            let entry = RunTable.Entry(batch: batch, isLone: isLone, item: item, startedAt: now, deadline: deadline)
            self.runs.start(entry) { [executor, progress] cause in
                await executor.run(
                    item,
                    handler: handler,
                    batch: batch,
                    epoch: epoch,
                    deadline: deadline,
                    serverClock: serverClock,
                    store: store,
                    board: progress,
                    cause: cause
                )
            }
        }
    }

    func announceDemand() {
        self.noteLag()
        let dueSince = self.queue.earliestReady.flatMap { self.serverClock?.instant(of: $0) }
        self.environment.dispatcher.setDemand(
            self.membership,
            ready: max(0, self.queue.readyCount - self.grants),
            dueSince: dueSince ?? self.now,
            workPriority: self.queue.highestPriority ?? 0
        )
    }

    // MARK: Sleeping

    /// When the tenant has to be looked at again if nobody wakes it.
    private func nextDueInstant() -> ServerTime? {
        [self.queue.nextDueInstant, self.jobs.nextDue].compactMap { $0 }.min()
    }

    /// The sleep to publish with the next pass; `nil` when the published one serves, or there is more to do.
    ///
    /// One that ends later than this owner really sleeps serves as well: it only makes more enqueues notify.
    private func sleepToPublish(serverNow: ServerTime) -> ServerTime? {
        if self.queue.readyCount > self.environment.runs.batchSize {
            // Awake for long: enqueues need not notify.
            let isAsleep = self.publishedSleep.map { $0 > serverNow } ?? false
            return isAsleep ? .distantPast : nil
        }
        guard self.queue.readyCount == 0, self.jobs.version != nil, self.publishAfter <= self.now else { return nil }
        let due = self.nextDueInstant() ?? serverNow.advanced(by: .seconds(3600))
        guard due > serverNow.advanced(by: .milliseconds(20)) else { return nil }
        if let publishedSleep, publishedSleep >= due { return nil }
        return due
    }

    /// When the next round is due if nobody wakes this owner before. A tenant with nothing to do for a while gives its
    /// connection up.
    private func sleep() async -> MonotonicInstant? {
        guard let serverClock = self.serverClock else { return self.now }
        self.announceDemand()
        self.noteDue(serverClock)
        var instants = [self.queue.sweepInstant, self.now.advanced(by: Self.longestSleep)]
        if let due = self.queue.nextDueInstant, self.queue.wantsMore { instants.append(serverClock.instant(of: due)) }
        if let due = self.jobs.nextDue { instants.append(serverClock.instant(of: due)) }
        if let room = self.queue.limitInstant { instants.append(serverClock.instant(of: room)) }
        let isQuiet = self.queue.readyCount == 0 && self.runs.runningCount == 0 && self.unsettled.isEmpty
        let earliest = instants.min() ?? self.now
        if !isQuiet || self.now.duration(to: earliest) <= Self.idleThreshold { self.lastBusy = self.now }
        let hasBeenQuiet = self.lastBusy.duration(to: self.now) >= Self.idleThreshold
        await self.setIdle(hasBeenQuiet)
        if hasBeenQuiet {
            // An idle tenant costs next to nothing: only its next due instant, the room that a rate leaves by then, a
            // hint, or the slow sweep wakes it.
            instants.removeFirst(2)
            instants.append(self.now.advanced(by: Self.idleSweep))
        } else {
            instants.append(self.lastBusy.advanced(by: Self.idleThreshold))
        }
        if self.publishAfter > self.now { instants.append(self.publishAfter) }
        if self.queue.lentUntil != nil { instants.append(self.lastOpening.advanced(by: Self.lentInterval)) }
        if let settleAt { instants.append(settleAt) }
        // Rounded up a little: the server must have reached the instant, not almost.
        return self.nextWake(from: instants.map { $0.advanced(by: .microseconds(200)) })
    }

    /// Tells the cluster agent when the next work is due.
    private func noteDue(_ serverClock: ServerClock) {
        let next = self.queue.readyCount > 0 ? self.serverNow : self.nextDueInstant()
        self.due.set(next.map(serverClock.instant) ?? .distantFuture)
    }

    /// Gives the connection up, or says that it is needed again. A mere look that finds nothing takes neither step: the
    /// subscription that follows would bring about the next look.
    private func setIdle(_ isIdle: Bool) async {
        guard self.isIdle != isIdle else { return }
        self.isIdle = isIdle
        await self.store.setIdle(isIdle)
    }
}
