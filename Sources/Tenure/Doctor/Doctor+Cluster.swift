internal import TenureCore

/// Seed questions of every operator: why does nobody lead, why does nothing run, why is the load uneven.
extension Doctor {
    // MARK: A node does not become leader

    func leadership() -> [DoctorFinding] {
        guard let state else { return [] }
        if let leader = state.leader {
            let measured = "\(leader.holder.node) leads, term \(leader.term), for \(leader.remaining.forPeople) more"
            let registered = state.nodes[leader.holder.node]?.incarnation == leader.holder.incarnation
            guard !registered else { return [DoctorFinding("leader", "cluster", .ok, measured)] }
            return [
                DoctorFinding(
                    "leader",
                    "cluster",
                    .warn,
                    "\(measured), and that registration is gone",
                    advice: "wait: its lease ends by itself, and another node is elected"
                )
            ]
        }
        guard !state.nodes.isEmpty else {
            let others = self.otherClusters
            let advice =
                others.isEmpty
                ? "start one: tenure node"
                : "start one, or name the cluster that runs: this Redis has \(others.joined(separator: ", "))"
            return [DoctorFinding("leader", "cluster", .fail, "nobody leads: no node is registered", advice: advice)]
        }
        let silent = state.nodes.keys.filter { self.isSilent($0, state) }.sorted()
        guard silent.count < state.nodes.count else {
            let measured = "nobody leads: no registered node has been heard of for \(self.timeout.forPeople)"
            let advice = "they are stopped or cut off from Redis; their logs say redis.lost"
            return [DoctorFinding("leader", "cluster", .fail, measured, advice: advice)]
        }
        let living = state.nodes.keys.filter { !silent.contains($0) }.sorted().map(\.description)
        let measured = "nobody leads, although \(living.joined(separator: ", ")) send heartbeats"
        let advice =
            "see why each resigned: tenure cluster events | grep leader. 'unfit' means that it cannot reach its "
            + "tenants' databases while others can, or that its threads are stalled"
        return [DoctorFinding("leader", "cluster", .fail, measured, advice: advice)]
    }

    private var otherClusters: [String] {
        guard case .success(let redis) = self.facts.redis else { return [] }
        return redis.otherClusters
    }

    private var timeout: Duration { self.options.coordination.nodeTimeout }

    private func isSilent(_ node: NodeID, _ state: ClusterState) -> Bool {
        state.heartbeatAges[node].map { $0 > self.timeout } ?? true
    }

    // MARK: Nodes

    func nodes() -> [DoctorFinding] {
        guard let state else { return [] }
        var findings = state.nodes.keys.sorted().map { self.finding(of: $0, state) }
        let versions = Set(state.nodes.values.map(\.version)).sorted()
        if versions.count > 1 {
            let advice = "finish the upgrade; different versions work together meanwhile"
            let measured = "versions \(versions.joined(separator: ", "))"
            findings.append(DoctorFinding("nodes.versions", "cluster", .warn, measured, advice: advice))
        }
        return findings
    }

    private func finding(of node: NodeID, _ state: ClusterState) -> DoctorFinding {
        let age = state.heartbeatAges[node].map { "heartbeat \($0.forPeople) ago" } ?? "no heartbeat"
        let load = state.loads[node] ?? NodeLoad()
        let slots = "\(load.busySlots) of \(load.maxSlots) slots busy"
        let measured = "\(state.nodes[node]?.state.rawValue ?? "gone"), \(age), \(load.tenants) tenants, \(slots)"
        func finding(_ level: DoctorFinding.Level, _ advice: String? = nil) -> DoctorFinding {
            DoctorFinding("node", node.description, level, measured, advice: advice)
        }
        if self.isSilent(node, state) {
            return finding(.warn, "it is stopped, or cut off from Redis; the leader gives its tenants to others")
        }
        if load.isStalled {
            return finding(.fail, "its threads make no progress: look for a handler that blocks them, and restart it")
        }
        if load.maxSlots > 0, load.busySlots >= load.maxSlots {
            return finding(.warn, "no slot is free: more nodes, a higher runs.max_concurrent, or shorter runs")
        }
        return finding(.ok)
    }

    // MARK: The load is uneven

    func balance() -> [DoctorFinding] {
        guard let state, state.nodes.count > 1, let preview = self.facts.preview else { return [] }
        let options = self.options.coordination
        let percent = Int((preview.imbalanceBefore * 100).rounded())
        let threshold = Int((options.rebalancingThreshold * 100).rounded())
        let measured = "(max − min) / mean of the load is \(percent) %, the threshold \(threshold) %"
        guard preview.imbalanceBefore > options.rebalancingThreshold else {
            return [DoctorFinding("balance", "cluster", .ok, measured)]
        }
        let pinned = state.tenants.values.count { $0.pinnedNode != nil }
        let draining = state.nodes.values.count { $0.state == .draining }
        let why = "\(pinned) tenants are pinned, \(draining) nodes drain, \(state.moves.count) moves are in flight"
        guard !preview.moves.isEmpty else {
            return [DoctorFinding("balance", "cluster", .ok, "\(measured); no move would improve it; \(why)")]
        }
        let moves = "\(preview.moves.count) moves would bring it to \(Int((preview.imbalanceAfter * 100).rounded())) %"
        let advice: String
        if state.leader == nil {
            advice = "nobody leads, and so nobody moves tenants"
        } else if !options.enableAutoRebalancing {
            advice = "enable_auto_rebalancing is false: tenure cluster rebalance"
        } else {
            advice =
                "the leader moves them when rebalance_cooldown (\(options.rebalanceCooldown.forPeople)) is over: "
                + "tenure cluster rebalance --plan"
        }
        return [DoctorFinding("balance", "cluster", .warn, "\(measured); \(moves); \(why)", advice: advice)]
    }

    // MARK: Schedules are not processing

    func tenants() -> [DoctorFinding] {
        guard let state, !state.nodes.isEmpty else { return [] }
        let findings = self.facts.databases.map(\.tenant).sorted { $0.id < $1.id }.compactMap {
            self.finding(of: $0, state)
        }
        let owned = self.facts.databases.count { state.locks[$0.tenant.id] != nil }
        return [DoctorFinding("tenants.owned", "cluster", .ok, "\(owned) of \(self.facts.databases.count)")] + findings
    }

    private func finding(of tenant: Tenant, _ state: ClusterState) -> DoctorFinding? {
        let id = tenant.id
        func finding(_ level: DoctorFinding.Level, _ measured: String, _ advice: String) -> DoctorFinding {
            DoctorFinding("tenant", id.description, level, measured, advice: advice)
        }
        guard !tenant.isSuspended else { return nil }
        guard state.tenants[id] != nil else {
            // A change notifies nodes; a refresh backs that up.
            return finding(
                .warn,
                "no node knows it yet",
                "it is discovered within discovery.interval; see discovery.failed"
            )
        }
        guard let owner = state.owners[id] else {
            let reason = state.unassigned[id]
            return finding(
                reason == nil ? .warn : .fail,
                "unassigned: \(reason ?? "the leader has not come to it")",
                "raise the cap, start a node with its labels, unpin it, or mend its database"
            )
        }
        let load = state.loads[state.locks[id]?.holder.node ?? owner]
        if load?.troubledTenants.contains(id) == true {
            return finding(.fail, "\(owner) cannot use its database", "see tenant.failed: tenure cluster events")
        }
        guard let lock = state.locks[id] else {
            // In both looks: no hand-over takes that long.
            let stays = self.facts.states.allSatisfy { $0.locks[id] == nil && $0.owners[id] == owner }
            guard stays, self.facts.states.count > 1 else { return nil }
            return finding(
                .fail,
                "assigned to \(owner), and nobody holds its lock",
                "is that node alive, and does its log say why? Another is chosen after node_timeout"
            )
        }
        if let lag = load?.lags[id.description], lag > 60_000 {
            return finding(
                .warn,
                "its work is \(lag / 1_000) s late at \(lock.holder.node)",
                "tenure runs list --tenant \(id) --state running; no slot free, long runs, or one ordering key?"
            )
        }
        return nil
    }
}
