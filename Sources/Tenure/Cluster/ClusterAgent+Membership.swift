internal import IOReactor
internal import Logging

extension ClusterAgent {
    /// Registers this incarnation. A name that is taken is watched for one node timeout: a process that lives shows it
    /// by its heartbeat, one that crashed is replaced.
    func register() async throws {
        var watched: (incarnation: Incarnation, heartbeat: Int64, since: MonotonicInstant)?
        while true {
            let replaced = watched.flatMap {
                $0.since.duration(to: self.now) >= self.options.nodeTimeout ? $0.incarnation : nil
            }
            switch try await self.store.register(self.descriptor, replacing: replaced) {
            case .registered(let generation):
                self.generation = generation
                self.isRegistered = true
                self.lastNews = self.now
                return
            case .occupied(let incarnation, let heartbeat):
                if let watched, watched.incarnation == incarnation {
                    guard watched.heartbeat == heartbeat else {
                        throw NodeError.nodeIDInUse(self.descriptor.id, by: incarnation)
                    }
                } else {
                    watched = (incarnation, heartbeat, self.now)
                }
            }
            try await self.configuration.clock.sleep(for: min(self.options.heartbeatInterval / 4, .milliseconds(250)))
        }
    }

    // MARK: Heartbeats

    /// Sends heartbeats at fixed distances, counted from the start of each: a slow answer does not shift the next one.
    func beat() async {
        var next = self.now
        while !Task.isCancelled {
            await self.heartbeat()
            self.watch()
            next = max(next.advanced(by: self.options.heartbeatInterval), self.now)
            // Cancellation ends the loop at the next turn.
            try? await self.configuration.clock.sleep(until: self.configuration.clock.instant(next))
        }
    }

    func heartbeat() async {
        guard self.isRegistered else { return await self.rejoin() }
        let requestedAt = self.now
        let locks = self.locksToRenew
        let sender = self.holder
        let request = Heartbeat(
            holder: sender,
            load: self.load(),
            locks: locks,
            lockDuration: self.options.lockDuration
        )
        do {
            let reply = try await self.store.heartbeat(request)
            guard sender == self.holder else { return }
            self.redisAnswered()
            switch reply {
            case .alive(let news): self.take(news, for: locks, requestedAt: requestedAt)
            case .unregistered(let generation): await self.unregistered(generation)
            }
        } catch {
            self.redisFailed(error)
        }
    }

    /// A node whose executor stands still does no work and cannot hand anything over: it lets its locks run out, so
    /// that others get its tenants. Its claims stay its own while it lives; once it recovers it learns what it lost.
    private var locksToRenew: [TenantID: Epoch] {
        self.configuration.gauges.isStalled(at: self.now) ? [:] : self.trust.locks
    }

    private func take(_ news: HeartbeatNews, for locks: [TenantID: Epoch], requestedAt: MonotonicInstant) {
        if let generation, news.generation != generation { self.storeForgot(news.generation) }
        self.lastNews = self.now
        if news.state == .draining, self.descriptor.state == .active { self.emit(.nodeDraining) }
        self.descriptor.state = self.leaveDeadline == nil ? news.state : .draining
        self.trust.renewed(locks, except: news.lostLocks, requestedAt: requestedAt)
        for tenant in news.lostLocks.sorted() {
            guard let epoch = locks[tenant] else { continue }
            self.handle(.lockLost(epoch), of: tenant)
        }
        for tenant in locks.keys.sorted() { self.updateLease(of: tenant) }
        self.detector.observed(
            news.heartbeats,
            ages: news.heartbeatAges,
            requestedAt: requestedAt,
            at: self.now
        )
        self.perform(self.election.handle(.leadershipSeen(news.leader, lastTerm: news.term), at: self.now))
        if news.ownersVersion != self.knownOwnersVersion { self.refreshAssignment() }
        self.checkFitness()
        self.replan()
    }

    /// What the others are told about this node.
    private func load() -> NodeLoad {
        var load = NodeLoad()
        load.tenants = self.trust.locks.count
        load.isStalled = self.configuration.gauges.isStalled(at: self.now)
        let unhandled = self.hostings.filter { !$0.value.unhandledTopics.isEmpty && !self.isAbsent($0.key) }
        if !unhandled.isEmpty {
            load.unhandledTopics = Dictionary(
                uniqueKeysWithValues: unhandled.map { ($0.key.description, $0.value.unhandledTopics) }
            )
        }
        load.troubledTenants = self.hostings.filter { $0.value.isTroubled && !self.isAbsent($0.key) }.keys.sorted()
        load.openingTenants = self.machines
            .filter { if case .installing = $0.value.state { true } else { false } }.keys.sorted()
        load.maxSlots = self.configuration.maxSlots
        load.busySlots = self.hostings.values.reduce(0) { $0 + $1.scheduler.runs.runningCount }
        for (tenant, hosting) in self.hostings {
            let lag = hosting.scheduler.lagMilliseconds
            if lag >= 1000 { load.lags[tenant.description] = lag }
            load.lagMilliseconds = max(load.lagMilliseconds, lag)
        }
        let started = self.configuration.gauges.started
        if let last = self.lastStarted {
            let seconds = Double(last.at.duration(to: self.now).microseconds) / 1e6
            if seconds > 0 { load.dueRate = Double(started - last.count) / seconds }
        }
        self.lastStarted = (started, self.now)
        return load
    }

    // MARK: Losing and finding Redis

    private func redisFailed(_ error: CoordinationError) {
        guard !self.isRedisLost else { return }
        self.isRedisLost = true
        self.emit(.redisLost, [.text("reason", "\(error)")])
        if self.options.onRedisOutage == .continue {
            // Postgres's fence is the guard now: work goes on until another owner has installed a newer epoch.
            for (tenant, hosting) in self.hostings where self.machines[tenant]?.heldEpoch != nil {
                hosting.scheduler.lease.trust(until: .distantFuture)
            }
        }
    }

    private func redisAnswered() {
        guard self.isRedisLost else { return }
        self.isRedisLost = false
        self.emit(.redisRestored)
        for tenant in self.hostings.keys.sorted() { self.updateLease(of: tenant) }
    }

    private func unregistered(_ generation: String?) async {
        if generation == self.generation {
            self.evict()
        } else {
            self.storeForgot(generation)
        }
        await self.rejoin()
    }

    /// Redis lost its data, or has an older copy of it: whoever is there goes on as the same incarnation and asks again
    /// for what it holds.
    private func storeForgot(_ generation: String?) {
        self.emit(.redisForgot)
        self.generation = generation
        self.isRegistered = false
        self.knownOwnersVersion = -1
        self.detector.storeForgot(at: self.now)
    }

    /// The cluster declared this incarnation lost, and others have its tenants by now. What it claimed is void: it
    /// comes back under a new name, with nothing.
    private func evict() {
        self.emit(.nodeLost, [.text("reason", "declared lost by the cluster while it did not answer")])
        self.isRegistered = false
        for tenant in self.machines.keys.sorted() { self.handle(.evicted, of: tenant) }
        self.trust.endedAll()
        self.machines = [:]
        self.hostings = [:]
        self.descriptor.incarnation = self.configuration.newIncarnation()
        self.knownOwnersVersion = -1
    }

    private func rejoin() async {
        do {
            try await self.register()
            self.emit(.nodeJoined, [.text("incarnation", "\(self.descriptor.incarnation)")])
            for tenant in self.machines.keys.sorted() { self.handle(.forgotten, of: tenant) }
            self.refreshAssignment()
        } catch let error as CoordinationError {
            self.redisFailed(error)
        } catch {
            self.log.error("cannot register again", metadata: ["error": "\(error)"])
        }
    }
}
