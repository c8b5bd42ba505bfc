internal import TenureCore

/// What `cluster status` tells: who leads, who is there, who owns what, and what nobody owns.
struct ClusterStatusReport: Sendable {
    let cluster: ClusterName
    let state: ClusterState

    var json: JSON {
        .object([
            "cluster": .string(self.cluster.description),
            "leader": .string(orNull: self.state.leader?.holder.node.description),
            "term": .integer(self.state.term.value),
            "nodes": .array(self.nodes),
            "tenants": .array(self.tenants),
            "unassigned": .array(self.unassigned),
            "moves": .array(self.moves),
        ])
    }

    /// The status for people.
    var text: [String] {
        let leader = self.state.leader.map { "led by \($0.holder.node), term \($0.term)" } ?? "without a leader"
        var lines = ["Cluster \(self.cluster), \(leader)", ""]
        lines += Self.section(
            self.nodes,
            ["id", "state", "tenants", "load", "heartbeat_age_ms", "busy_slots", "lag_ms", "version"],
            empty: "No nodes."
        )
        lines += Self.section(
            self.tenants,
            ["id", "owner", "epoch", "state", "lag_ms"],
            empty: "No tenants."
        )
        let unhandled = self.tenants.filter { $0["unhandled_topics"] != .array([]) }
        if !unhandled.isEmpty { lines += Self.section(unhandled, ["id", "unhandled_topics"], empty: "") }
        if !self.unassigned.isEmpty { lines += Self.section(self.unassigned, ["id", "reason"], empty: "") }
        if !self.moves.isEmpty {
            lines += Self.section(self.moves, ["tenant", "from", "to", "stage", "reason"], empty: "")
        }
        return Array(lines.dropLast())
    }

    private static func section(_ rows: [JSON], _ columns: [String], empty: String) -> [String] {
        (rows.isEmpty ? [empty] : TextTable.lines(rows, columns: columns)) + [""]
    }

    private var nodes: [JSON] {
        self.state.nodes.values.sorted { $0.id < $1.id }.map { node in
            let load = self.state.loads[node.id] ?? NodeLoad()
            let locks = self.state.locks.values.filter { $0.holder.node == node.id }
            let weight = self.state.locks.filter { $0.value.holder.node == node.id }
                .compactMap { self.state.tenants[$0.key]?.weight }.reduce(0, +)
            return .object([
                "id": .string(node.id.description),
                "state": .string(node.state.rawValue),
                "tenants": .integer(locks.count),
                "load": .number(weight / node.capacity),
                "heartbeat_age_ms": .integer(self.state.heartbeatAges[node.id]?.milliseconds),
                "version": .string(node.version),
                "host": .string(node.host),
                "pid": .integer(node.pid),
                "incarnation": .string(node.incarnation.description),
                "capacity": .number(node.capacity),
                "busy_slots": .integer(load.busySlots),
                "max_slots": .integer(load.maxSlots),
                "due_rate": .number(load.dueRate),
                "lag_ms": .integer(load.lagMilliseconds),
                "labels": .labels(node.labels),
            ])
        }
    }

    private var tenants: [JSON] {
        self.state.tenants.values.sorted { $0.id < $1.id }.map { tenant in
            let lock = self.state.locks[tenant.id]
            let owner = lock?.holder.node ?? self.state.owners[tenant.id]
            let load = owner.flatMap { self.state.loads[$0] }
            let lag = load?.lags[tenant.id.description] ?? 0
            let unhandled = load?.unhandledTopics?[tenant.id.description] ?? []
            return .object([
                "id": .string(tenant.id.description),
                "owner": .string(orNull: lock?.holder.node.description),
                "epoch": .integer((lock?.epoch ?? self.state.epochs[tenant.id])?.value),
                "state": .string(self.condition(of: tenant, lock: lock)),
                "lag_ms": .integer(lag),
                "assigned_to": .string(orNull: self.state.owners[tenant.id]?.description),
                "weight": .number(tenant.weight),
                "priority": .integer(tenant.priority),
                "labels": .labels(tenant.labels),
                "pinned_node": .string(orNull: tenant.pinnedNode?.description),
                "unhandled_topics": .array(unhandled.map { .string($0) }),
            ])
        }
    }

    private func condition(of tenant: TenantDescriptor, lock: TenantLock?) -> String {
        if tenant.isSuspended { return lock == nil ? "suspended" : "stopping" }
        guard let owner = self.state.owners[tenant.id] else { return lock == nil ? "unassigned" : "releasing" }
        let load = self.state.loads[owner]
        if load?.troubledTenants.contains(tenant.id) == true { return "failing" }
        if self.state.moves[tenant.id] != nil { return "moving" }
        if load?.openingTenants.contains(tenant.id) == true { return "opening" }
        return lock?.holder.node == owner ? "owned" : "acquiring"
    }

    private var unassigned: [JSON] {
        self.state.tenants.keys.filter { self.state.owners[$0] == nil }.sorted().map { id in
            let suspended = self.state.tenants[id]?.isSuspended == true ? "suspended" : nil
            let reason = self.state.unassigned[id] ?? suspended ?? "the leader has not assigned it yet"
            return .object(["id": .string(id.description), "reason": .string(reason)])
        }
    }

    private var moves: [JSON] {
        self.state.moves.values.sorted { $0.tenant < $1.tenant }.map { move in
            .object([
                "tenant": .string(move.tenant.description),
                "from": .string(move.source.description),
                "to": .string(move.target.description),
                "stage": .string(move.stage.rawValue),
                "reason": .string(move.reason),
            ])
        }
    }
}
