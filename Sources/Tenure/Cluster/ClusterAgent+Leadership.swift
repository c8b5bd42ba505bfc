internal import IOReactor
internal import Logging

extension ClusterAgent {
    // MARK: Election

    func perform(_ actions: [ElectionMachine.Action]) {
        for action in actions {
            switch action {
            case .acquire, .renew, .resign:
                self.send.yield(.election(action))
            case .startLeading(let term):
                // Under the same term nobody else has led in between: what is remembered holds, and a move is never
                // given the number of an earlier one.
                if term != self.ledTerm { self.memory = PlannerMemory() }
                self.ledTerm = term
                self.electedAt = self.now
                self.emit(.leaderElected, [.term(term)])
                self.replan()
            case .stopLeading(let term, let reason):
                self.emit(
                    reason == .leaseExpired || reason == .superseded ? .leaderLost : .leaderResigned,
                    [.term(term), .text("reason", reason.rawValue)]
                )
            case .setTimer(let id, let instant):
                if let timer = self.electionTimer { self.reactor.cancel(timer) }
                self.electionTimer = self.schedule(at: instant) { agent in
                    agent.electionTimer = nil
                    agent.perform(agent.election.handle(.timerFired(id), at: agent.now))
                }
            }
        }
    }

    func serve(_ action: ElectionMachine.Action) async {
        switch action {
        case .acquire(let request, let highestTermSeen):
            let outcome: ElectionMachine.AcquireOutcome
            do {
                outcome =
                    switch try await self.store.acquireLeadership(
                        self.holder,
                        highestTermSeen: highestTermSeen,
                        lease: self.options.leaderLeaseDuration
                    )
                    {
                    case .acquired(let term): .acquired(term)
                    case .held(let leadership): .held(leadership)
                    }
            } catch {
                outcome = .failed
            }
            self.perform(self.election.handle(.acquireReplied(request, outcome), at: self.now))
        case .renew(let request, let term):
            let outcome: ElectionMachine.RenewOutcome
            do {
                outcome =
                    try await self.store.renewLeadership(
                        self.holder,
                        term: term,
                        lease: self.options.leaderLeaseDuration
                    ) ? .renewed : .superseded
            } catch {
                outcome = .failed
            }
            self.perform(self.election.handle(.renewReplied(request, outcome), at: self.now))
        case .resign(let term):
            // A resignation that is lost costs the others the rest of the lease.
            _ = try? await self.store.resignLeadership(self.holder, term: term)
        case .startLeading, .stopLeading, .setTimer:
            preconditionFailure("not a request to the store")
        }
    }

    /// A leader that is cut off from every database that it owns, or whose threads are stuck, leaves the planning to
    /// somebody who is better off.
    func checkFitness() {
        let hosted = self.hostings.filter { !self.isAbsent($0.key) }
        let isCutOff = hosted.count > 1 && hosted.values.allSatisfy(\.isTroubled) && self.othersAreWell
        let isUnfit = isCutOff || self.configuration.gauges.isStalled(at: self.now)
        self.perform(self.election.handle(.fitnessChanged(isUnfit ? .unfit : .fit), at: self.now))
    }

    // MARK: Planning

    /// Plans soon, if this node leads; at most one planning is under way, and one more follows when something changed.
    func replan() {
        guard self.election.isLeader(at: self.now) else { return }
        guard !self.isPlanning else {
            self.mustPlanAgain = true
            return
        }
        self.isPlanning = true
        self.send.yield(.plan)
    }

    func plan() async {
        repeat {
            self.mustPlanAgain = false
            await self.planOnce()
        } while self.mustPlanAgain && self.election.isLeader(at: self.now)
        self.isPlanning = false
    }

    private func planOnce() async {
        guard let term = self.election.term(at: self.now) else { return }
        do {
            let requestedAt = self.now
            var state = try await self.store.state()
            guard state.generation == self.generation, state.nodes[self.descriptor.id] != nil else {
                // Redis forgot, and nobody has told this node yet: what is there now is no cluster to plan from.
                self.send.yield(.heartbeat)
                return self.reviewPlan(at: self.now.advanced(by: self.options.heartbeatInterval / 4))
            }
            self.detector.observed(state, requestedAt: requestedAt, at: self.now)
            guard self.election.term(at: self.now) == term else { return }
            if try await self.publishCatalog(against: state, term: term) { state = try await self.store.state() }
            self.noteOthers(state)
            let lost = self.detector.lost(at: self.now).filter { $0 != self.holder }
            let suspects = self.detector
                .suspects(at: self.now, heartbeatInterval: self.options.heartbeatInterval)
                .subtracting([self.descriptor.id])
            let isUnsettled =
                !suspects.isEmpty || !self.detector.haveAllBeaten(since: self.electedAt, except: self.descriptor.id)
            let plan = self.planner.plan(
                PlanInput(
                    state: state,
                    lost: lost,
                    suspects: suspects,
                    isUnsettled: isUnsettled,
                    isForgiving: self.detector.isForgiving(at: self.now),
                    now: self.now
                ),
                memory: self.memory
            )
            if !plan.changes.isEmpty {
                guard self.election.term(at: self.now) == term else { return }
                // It may be applied although its reply is lost.
                self.memory.noteNumbers(of: plan.memory)
                try await self.store.apply(plan.changes, term: term)
            }
            self.memory = plan.memory
            self.announce(plan, state: state)
            self.noteUnowned(state, plan.changes)
            self.reviewPlan(at: plan.reviewAt)
        } catch {
            if error.code == .superseded {
                self.perform(self.election.handle(.leadershipSeen(nil, lastTerm: Term(term.value + 1)), at: self.now))
            } else {
                self.log.debug("a plan could not be written", metadata: ["error": "\(error)"])
                self.reviewPlan(at: self.now.advanced(by: self.options.heartbeatInterval / 4))
            }
        }
    }

    /// Writes what the cluster may know of the tenants. True when something was written.
    private func publishCatalog(against state: ClusterState, term: Term) async throws(CoordinationError) -> Bool {
        guard self.completeLooks > 0 else { return false }
        // What only another node knows, by a list of its own, exists as well.
        var listed: [TenantID: TenantDescriptor] = [:]
        for node in state.nodes.values.sorted(by: { $0.id < $1.id }) {
            for tenant in node.listing?.tenants ?? [] where self.catalog[tenant.id] == nil {
                listed[tenant.id] = listed[tenant.id] ?? tenant
            }
        }
        let descriptors = (self.catalog.values.map(\.descriptor) + listed.values).sorted { $0.id < $1.id }
        let upserts = descriptors.filter { state.tenants[$0.id] != $0 }
        // What nobody here has ever heard of was published by an earlier leader; it is given some more looks.
        let removing = state.tenants.keys.filter { id in
            self.catalog[id] == nil && listed[id] == nil
                && (self.completeLooks >= 3 || self.removedTenants.contains(id))
        }.sorted()
        guard !upserts.isEmpty || !removing.isEmpty else { return false }
        try await self.store.publishTenants(upserts, removing: removing, term: term)
        return true
    }

    private func noteOthers(_ state: ClusterState) {
        self.othersAreWell = state.nodes.keys.contains { node in
            guard node != self.descriptor.id, let load = state.loads[node] else { return false }
            return load.tenants > load.troubledTenants.count
        }
    }

    /// Looks again when a node may be lost by then, when the plan asks for it, and at least every half heartbeat.
    private func reviewPlan(at instant: MonotonicInstant?) {
        let soonest = self.now.advanced(by: .milliseconds(20))
        let latest = self.now.advanced(by: self.options.heartbeatInterval / 2)
        let wanted = [instant, self.detector.nextDeadline].compactMap { $0 }.map { max($0, soonest) }.min() ?? latest
        if let planTimer { self.reactor.cancel(planTimer) }
        self.planTimer = self.schedule(at: min(wanted, latest)) { agent in
            agent.planTimer = nil
            agent.replan()
        }
    }

    private func announce(_ plan: Plan, state: ClusterState) {
        for holder in plan.changes.lost {
            self.emit(.nodeLost, [.node(holder.node), .text("incarnation", "\(holder.incarnation)")])
        }
        for (tenant, node) in plan.changes.assign.sorted(by: { $0.key < $1.key }) {
            self.emit(.tenantAssigned, [.tenant(tenant), .node(node)])
        }
        for (tenant, reason) in plan.changes.unassign.sorted(by: { $0.key < $1.key })
        where plan.changes.assign[tenant] == nil && state.unassigned[tenant] != reason {
            self.emit(.tenantUnassigned, [.tenant(tenant), .text("reason", reason)])
        }
        for note in plan.notes {
            switch note {
            case .rebalancePlanned(let moves, let before, let after):
                self.emit(
                    .rebalancePlanned,
                    [
                        .count("moves", moves),
                        ClusterEvent.Field("before", .number(before)), ClusterEvent.Field("after", .number(after)),
                    ]
                )
            case .moveVoided(let move, let reason):
                self.log.info(
                    "a move was given up",
                    metadata: ["tenant": "\(move.tenant)", "reason": "\(reason)"]
                )
            case .requestRefused(let request, let reason):
                self.log.warning(
                    "a request was refused",
                    metadata: ["request": "\(request.kind.rawValue)", "reason": "\(reason)"]
                )
            case .tenantFailing(let tenant):
                self.emit(.tenantFailed, [.tenant(tenant), .text("reason", "no node can open it")])
            case .tenantRecovered(let tenant):
                self.emit(.tenantRecovered, [.tenant(tenant)])
            }
        }
    }
}
