internal import IOReactor
internal import Logging

extension ClusterAgent {
    // MARK: What the discovery says

    /// Takes over a change in the list of tenants.
    func catalogChanged(_ tenants: [Tenant], removed: Set<TenantID>, isComplete: Bool) {
        if isComplete { self.completeLooks += 1 }
        for tenant in tenants {
            let before = self.catalog.updateValue(tenant, forKey: tenant.id)
            if let before, before.connection != tenant.connection || before.schema != tenant.schema {
                self.hostings[tenant.id]?.scheduler.mailbox.send(.reconnect(tenant))
            }
        }
        for id in removed { self.catalog[id] = nil }
        self.removedTenants = self.removedTenants.union(removed).subtracting(tenants.map(\.id))
        self.refreshAssignment()
        self.replan()
    }

    // MARK: What the assignment says

    /// Reads what concerns this node; at most one read is under way, and one more follows when something changed since.
    func refreshAssignment() {
        guard !self.isReadingAssignment else {
            self.mustReadAssignmentAgain = true
            return
        }
        self.isReadingAssignment = true
        self.send.yield(.assignment)
    }

    func readAssignment() async {
        repeat {
            self.mustReadAssignmentAgain = false
            let reader = self.holder
            // A failure shows at the next heartbeat, whose version then still differs.
            if self.isRegistered, let assignment = try? await self.store.assignment(of: self.descriptor.id),
                reader == self.holder
            {
                self.observe(assignment)
            }
        } while self.mustReadAssignmentAgain
        self.isReadingAssignment = false
    }

    private func observe(_ assignment: NodeAssignment) {
        self.knownOwnersVersion = assignment.ownersVersion
        // Nobody takes over, and what this node has released is still assigned to it.
        if self.isAbandoning { return }
        if self.configuration.living.replace(assignment.incarnations) {
            for hosting in self.orderedHostings { hosting.scheduler.mailbox.noteLivingChange() }
        }
        let concerned = Set(assignment.tenants.keys).union(assignment.moves.keys).union(self.machines.keys)
        for tenant in concerned.subtracting(self.abandonedTenants).sorted() {
            let entry = assignment.tenants[tenant]
            if self.catalog[tenant] == nil, self.machines[tenant] == nil {
                // The discovery has not told of it yet: its next answer is followed by another look at the assignment.
                self.configuration.rediscover()
                continue
            }
            guard entry != nil || assignment.moves[tenant] != nil || self.machines[tenant] != nil else { continue }
            if let lock = entry?.lock, lock.holder.node != self.descriptor.id {
                self.notePreviousOwner(lock.holder.node, of: tenant)
            }
            self.handle(
                .observed(
                    TenancyMachine.Observation(
                        isAssigned: entry != nil,
                        lock: entry?.lock,
                        move: assignment.moves[tenant]
                    )
                ),
                of: tenant
            )
        }
        self.changed.notify()
    }

    func lockPassed(_ tenant: TenantID, from source: NodeID, epoch: Epoch, lastClaim: ServerTime) {
        self.handle(.lockPassed(epoch: epoch, from: source, lastClaim: lastClaim), of: tenant)
    }

    // MARK: Machines

    func isAbsent(_ tenant: TenantID) -> Bool { self.machines[tenant]?.isAbsent ?? true }

    func handle(_ event: TenancyMachine.Event, of tenant: TenantID) {
        var machine = self.machines[tenant] ?? TenancyMachine(holder: self.holder)
        let held = machine.heldEpoch
        let actions = machine.handle(event, at: self.now)
        self.machines[tenant] = machine.isAbsent ? nil : machine
        if let held, machine.heldEpoch != held { self.noteLoss(of: tenant, held, event) }
        for action in actions { self.perform(action, of: tenant) }
        if machine.isAbsent {
            self.readyMoves.removeAll { $0.tenant == tenant }
            self.moveEnded(tenant)
            self.changed.notify()
        }
    }

    private func noteLoss(of tenant: TenantID, _ epoch: Epoch, _ event: TenancyMachine.Event) {
        self.trust.ended(tenant, epoch: epoch)
        self.lastEpochs[tenant] = max(epoch, self.lastEpochs[tenant] ?? .none)
        self.hostings[tenant]?.scheduler.lease.revoke()
        switch event {
        case .lockLost, .evicted, .forgotten: self.emit(.tenantLost, [.tenant(tenant), .epoch(epoch)])
        case .passReplied, .releaseReplied: self.emit(.tenantReleased, [.tenant(tenant), .epoch(epoch)])
        case .observed, .prepared, .lockReplied, .lockPassed, .installed, .refused, .fenced, .claimsStopped,
            .timerFired, .abandon, .forsake:
            break
        }
    }

    private func perform(_ action: TenancyMachine.Action, of tenant: TenantID) {
        switch action {
        case .host: self.host(tenant)
        case .activate(let epoch, let arrival): self.activate(tenant, epoch, arrival)
        case .stopClaiming(let epoch): self.stopClaiming(tenant, epoch)
        case .resumeClaiming(let epoch): self.hostings[tenant]?.scheduler.mailbox.send(.resumeClaiming(epoch))
        case .suspend(let epoch): self.hostings[tenant]?.scheduler.mailbox.send(.suspend(epoch))
        case .retire: self.hostings[tenant]?.scheduler.mailbox.send(.retire(self.retireDeadline))
        case .drop: self.hostings[tenant]?.scheduler.mailbox.send(.drop)
        case .reportReady(let move): self.moveIsReady(tenant, move)
        case .acquire, .pass, .release: self.send.yield(.tenancy(tenant, action))
        case .setTimer(let request, let instant):
            if let timer = self.timers[tenant] { self.reactor.cancel(timer) }
            self.timers[tenant] = self.schedule(at: instant) { agent in
                agent.timers[tenant] = nil
                agent.handle(.timerFired(request), of: tenant)
            }
        }
    }

    private var retireDeadline: MonotonicInstant {
        let deadline = self.now.advanced(by: self.options.drainTimeout)
        return self.leaveDeadline.map { min($0, deadline) } ?? deadline
    }

    private func host(_ tenant: TenantID) {
        if let hosting = self.hostings[tenant], self.running.contains(hosting.serial) {
            // It still settles runs of an earlier tenure: it takes part again, so that nobody else sees its claims.
            hosting.scheduler.mailbox.send(.standBy)
            return
        }
        guard let description = self.catalog[tenant] else { return }
        self.lastSerial += 1
        let serial = self.lastSerial
        let scheduler = self.configuration.host(description, self.holder) { [weak self] report in
            self?.report(tenant, serial, report)
        }
        self.running.insert(serial)
        self.hostings[tenant] = Hosting(scheduler: scheduler, serial: serial)
    }

    private func activate(_ tenant: TenantID, _ epoch: Epoch, _ arrival: TenancyMachine.Arrival) {
        let readyAt = self.readyAt.removeValue(forKey: tenant)
        if self.trust.locks[tenant] != epoch {
            // The lock was passed to this node, or the reply that gave it was lost. In the latter case nothing says
            // since when it counts: a heartbeat confirms it.
            let unknown = MonotonicInstant.zero.advanced(by: .seconds(-86_400))
            self.trust.acquired(tenant, epoch: epoch, requestedAt: readyAt ?? unknown)
            if readyAt == nil { self.send.yield(.heartbeat) }
        }
        self.updateLease(of: tenant)
        self.emit(.tenantAcquired, [.tenant(tenant), .epoch(epoch)])
        self.hostings[tenant]?.scheduler.mailbox.send(.activate(epoch, arrival))
    }

    func updateLease(of tenant: TenantID) {
        guard let lease = self.hostings[tenant]?.scheduler.lease else { return }
        guard self.machines[tenant]?.heldEpoch != nil, let until = self.trust.trustedUntil(tenant) else {
            return lease.revoke()
        }
        let isExtended = lease.trustedUntil <= self.now && until > self.now
        lease.trust(until: until)
        if isExtended { self.hostings[tenant]?.scheduler.mailbox.wake() }
    }

    // MARK: Requests

    func serve(_ action: TenancyMachine.Action, of tenant: TenantID) async {
        switch action {
        case .acquire(let request, let floor): await self.acquire(tenant, request, floor)
        case .reportReady(let move): await self.reportReady(tenant, move)
        case .pass(let request, let move, let epoch, let lastClaim):
            await self.pass(tenant, request, move, epoch, lastClaim)
        case .release(let request, let epoch): await self.release(tenant, request, epoch)
        case .host, .activate, .stopClaiming, .resumeClaiming, .suspend, .retire, .drop, .setTimer:
            preconditionFailure("not a request to the store")
        }
    }

    private func acquire(_ tenant: TenantID, _ request: TenancyMachine.RequestID, _ floor: Epoch) async {
        let requestedAt = self.now
        let asker = self.holder
        // A Redis that forgot would count from the start again: what this node has held before is not given twice.
        let floor = max(floor, self.lastEpochs[tenant] ?? .none)
        let reply = await answer {
            () async throws(CoordinationError) in
            try await self.store.acquireLock(
                of: tenant,
                for: asker,
                floor: floor,
                duration: self.options.lockDuration
            )
        }
        guard asker == self.holder else { return }
        if case .answered(.acquired(let epoch)) = reply {
            self.trust.acquired(tenant, epoch: epoch, requestedAt: requestedAt)
        }
        if case .answered(.held(let lock)) = reply, lock.holder.node != self.descriptor.id {
            self.notePreviousOwner(lock.holder.node, of: tenant)
        }
        self.handle(.lockReplied(request, reply), of: tenant)
    }

    private func reportReady(_ tenant: TenantID, _ move: String) async {
        self.readyAt[tenant] = self.now
        // A report that is lost is made again: the move stays in its stage, and the next look at the assignment shows
        // it.
        if (try? await self.store.reportReady(tenant, move: move, target: self.holder)) != true {
            self.refreshAssignment()
        }
    }

    private func pass(
        _ tenant: TenantID,
        _ request: TenancyMachine.RequestID,
        _ move: PlannedMove,
        _ epoch: Epoch,
        _ lastClaim: ServerTime
    ) async {
        let reply = await answer {
            () async throws(CoordinationError) in
            try await self.store.passLock(
                of: tenant,
                move: move.id,
                holder: self.holder,
                epoch: epoch,
                duration: self.options.lockDuration,
                lastClaim: lastClaim
            )
        }
        self.handle(.passReplied(request, reply), of: tenant)
    }

    private func release(_ tenant: TenantID, _ request: TenancyMachine.RequestID, _ epoch: Epoch) async {
        let reply = await answer {
            () async throws(CoordinationError) in
            try await self.store.releaseLock(of: tenant, holder: self.holder, epoch: epoch)
        }
        self.handle(.releaseReplied(request, reply), of: tenant)
    }

    // MARK: What the schedulers say

    func take(_ report: TenantReport, of tenant: TenantID, serial: UInt64) {
        guard self.hostings[tenant]?.serial == serial else {
            if case .closed = report {
                self.running.remove(serial)
                self.changed.notify()
            }
            return
        }
        switch report {
        case .prepared: self.handle(.prepared, of: tenant)
        case .ready(let move): self.send.yield(.tenancy(tenant, .reportReady(move: move)))
        case .installed(let epoch):
            self.handle(.installed(epoch), of: tenant)
            self.emit(.tenantOpened, [.tenant(tenant), .epoch(epoch)])
        case .firstPass(let epoch, let arrival, let instant):
            self.moveEnded(tenant)
            self.announce(tenant, epoch, arrival, instant)
        case .refused(let epoch, let floor): self.handle(.refused(epoch, floor: floor), of: tenant)
        case .fenced(let epoch):
            self.emit(.tenantFenced, [.tenant(tenant), .epoch(epoch)])
            self.handle(.fenced(epoch), of: tenant)
        case .claimsStopped(let epoch, let lastClaim):
            self.handle(.claimsStopped(epoch, lastClaim: lastClaim), of: tenant)
        case .troubled(let reason):
            self.hostings[tenant]?.isTroubled = true
            self.emit(.tenantFailed, [.tenant(tenant), .text("reason", reason)])
        case .recovered:
            self.hostings[tenant]?.isTroubled = false
            self.emit(.tenantRecovered, [.tenant(tenant)])
        case .unhandled(let topics): self.hostings[tenant]?.unhandledTopics = topics
        case .closed(let drained):
            self.closed(tenant, serial, drained)
        }
    }

    private func announce(
        _ tenant: TenantID,
        _ epoch: Epoch,
        _ arrival: TenancyMachine.Arrival,
        _ firstPass: ServerTime
    ) {
        let own = self.descriptor.id
        switch arrival {
        case .handover(let source, let lastClaim):
            self.previousOwners[tenant] = nil
            self.emit(
                .handoverCompleted,
                [
                    .tenant(tenant), .epoch(epoch), .node(source, as: "from"), .node(own, as: "to"),
                    .milliseconds("gap_ms", max(.zero, lastClaim.duration(to: firstPass))),
                ]
            )
        case .takeover:
            guard let previous = self.previousOwners.removeValue(forKey: tenant) else { return }
            self.emit(
                .takeoverCompleted,
                [
                    .tenant(tenant), .epoch(epoch), .node(previous.node, as: "from"), .node(own, as: "to"),
                    .milliseconds("gap_ms", previous.lastSeen.duration(to: self.now)),
                ]
            )
        }
    }

    /// Remembers whom a tenant was taken from, and when that node last gave a sign of life as far as this one knows.
    private func notePreviousOwner(_ node: NodeID, of tenant: TenantID) {
        if let silence = self.detector.silence(of: node, at: self.now) {
            self.previousOwners[tenant] = (node, self.now.advanced(by: .zero - silence))
        } else if self.previousOwners[tenant]?.node != node {
            self.previousOwners[tenant] = (node, self.now)
        }
    }

    private func closed(_ tenant: TenantID, _ serial: UInt64, _ drained: Duration?) {
        if let drained {
            let epoch = self.lastEpochs[tenant] ?? .none
            self.emit(.tenantDrained, [.tenant(tenant), .epoch(epoch), .milliseconds("drain_ms", drained)])
        }
        self.running.remove(serial)
        self.hostings[tenant] = nil
        self.changed.notify()
        guard let machine = self.machines[tenant], !machine.isAbsent else { return }
        guard self.catalog[tenant] != nil else {
            // It was removed in between: the lock runs out by itself.
            return self.handle(.evicted, of: tenant)
        }
        // It came back while its scheduler was ending: a new one takes over where the machine stands.
        self.host(tenant)
        if let epoch = machine.heldEpoch { self.hostings[tenant]?.scheduler.mailbox.send(.activate(epoch, .takeover)) }
        self.updateLease(of: tenant)
    }
}

/// Turns the end of a request into the closed set that machines understand.
private func answer<Answer: Sendable & Equatable>(
    _ body: () async throws(CoordinationError) -> Answer
) async -> TenancyMachine.Reply<Answer> {
    do {
        return .answered(try await body())
    } catch {
        return error.code == .outcomeUnknown ? .unknown : .unavailable
    }
}
