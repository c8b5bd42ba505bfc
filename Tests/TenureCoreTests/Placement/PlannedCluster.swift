import TenureCore

/// A cluster in memory that carries out plans: what `apply` does in a store, and what nodes do about it.
struct PlannedCluster {
    var state = ClusterState()
    var now = at(0)
    var memory = PlannerMemory()
    var options: CoordinationOptions
    var strategy: any PlacementStrategy
    /// Every time a tenant came to another node, in order.
    var history: [(tenant: TenantID, from: NodeID?, to: NodeID)] = []

    init(
        nodes: [String] = [],
        tenants count: Int = 0,
        options: CoordinationOptions = CoordinationOptions(),
        strategy: any PlacementStrategy = LeastLoadedPlacement()
    ) {
        self.options = options
        self.strategy = strategy
        self.state.term = Term(1)
        for name in nodes { self.join(name) }
        for index in 0..<count { self.add(TenantDescriptor(id: self.id(index))) }
    }

    /// The tenant with this number.
    func id(_ index: Int) -> TenantID {
        let digits = String(index)
        return tenant("t" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits)
    }

    /// A cluster in which only what is asked for moves.
    static func quiet(nodes: [String], tenants count: Int = 0, maxConcurrentMoves: Int = 10) -> PlannedCluster {
        var options = CoordinationOptions()
        options.enableAutoRebalancing = false
        options.maxConcurrentMoves = maxConcurrentMoves
        return PlannedCluster(nodes: nodes, tenants: count, options: options)
    }

    // MARK: What happens

    mutating func join(
        _ name: String,
        incarnation: String = "i1",
        capacity: Double = 1,
        maxTenants: Int = 0,
        labels: [String: String] = [:]
    ) {
        self.state.nodes[node(name)] = NodeDescriptor(
            id: node(name),
            incarnation: Incarnation(incarnation),
            host: "h",
            pid: 1,
            version: "1",
            capacity: capacity,
            maxTenants: maxTenants,
            labels: labels
        )
        self.state.loads[node(name)] = NodeLoad()
    }

    mutating func add(_ descriptor: TenantDescriptor) {
        self.state.tenants[descriptor.id] = descriptor
    }

    /// A graceful leave, or the end of a registration: the node is gone, the assignment still names it.
    mutating func deregister(_ name: String) {
        self.state.nodes[node(name)] = nil
        self.state.loads[node(name)] = nil
        self.state.locks = self.state.locks.filter { $0.value.holder.node != node(name) }
        self.state.moves = self.state.moves.filter { $0.value.source != node(name) && $0.value.target != node(name) }
    }

    mutating func wait(_ duration: Duration) {
        self.now = self.now.advanced(by: duration)
    }

    // MARK: Planning

    func planned(
        lost: [Holder] = [],
        suspects: Set<NodeID> = [],
        isUnsettled: Bool = false,
        isForgiving: Bool = false
    ) -> Plan {
        ClusterPlanner(options: self.options, strategy: self.strategy).plan(
            PlanInput(
                state: self.state,
                lost: lost,
                suspects: suspects,
                isUnsettled: isUnsettled,
                isForgiving: isForgiving,
                now: self.now
            ),
            memory: self.memory
        )
    }

    /// Plans and applies the changes.
    @discardableResult
    mutating func plan(lost: [Holder] = [], isForgiving: Bool = false) -> Plan {
        let plan = self.planned(lost: lost, isForgiving: isForgiving)
        self.memory = plan.memory
        self.apply(plan.changes)
        return plan
    }

    mutating func apply(_ changes: PlanChanges) {
        for holder in changes.lost where self.state.nodes[holder.node]?.incarnation == holder.incarnation {
            self.deregister(holder.node.description)
        }
        for (tenant, id) in changes.void where self.state.moves[tenant]?.id == id { self.state.moves[tenant] = nil }
        for (tenant, reason) in changes.unassign {
            self.state.owners[tenant] = nil
            self.state.unassigned[tenant] = reason
        }
        for (tenant, owner) in changes.assign.sorted(by: { $0.key < $1.key }) {
            self.history.append((tenant, self.state.owners[tenant], owner))
            self.state.owners[tenant] = owner
            self.state.unassigned[tenant] = nil
        }
        for move in changes.begin { self.state.moves[move.tenant] = move }
        self.state.requests.removeAll { changes.served.contains($0.id) }
    }

    // MARK: What nodes do

    /// Owners take the locks of their tenants, and whoever should not have one lets go.
    mutating func lockAll() {
        for tenant in self.state.tenants.keys {
            guard let owner = self.state.owners[tenant], let descriptor = self.state.nodes[owner] else {
                self.state.locks[tenant] = nil
                continue
            }
            self.state.locks[tenant] = TenantLock(
                holder: Holder(node: owner, incarnation: descriptor.incarnation),
                epoch: Epoch(1),
                remaining: .seconds(4)
            )
        }
    }

    /// Every move in flight ends well.
    mutating func finishMoves() {
        for (tenant, move) in self.state.moves.sorted(by: { $0.key < $1.key }) {
            self.history.append((tenant, move.source, move.target))
            self.state.owners[tenant] = move.target
            self.state.locks[tenant] = TenantLock(
                holder: Holder(node: move.target, incarnation: move.targetIncarnation),
                epoch: Epoch(2),
                remaining: .seconds(4)
            )
        }
        self.state.moves = [:]
    }

    /// Plans and lets everything happen until there is nothing more to decide. The number of plans with changes.
    @discardableResult
    mutating func settle(limit: Int = 1000) -> Int {
        for round in 0..<limit {
            let isInFlight = !self.state.moves.isEmpty
            let plan = self.plan()
            self.lockAll()
            self.finishMoves()
            if plan.changes.isEmpty && !isInFlight { return round }
        }
        return limit
    }

    // MARK: What is to be seen

    func tenants(of name: String) -> [TenantID] {
        self.state.owners.filter { $0.value == node(name) }.keys.sorted()
    }

    /// Tenants per node, nodes ordered by ID.
    var counts: [Int] {
        self.state.nodes.keys.sorted().map { self.tenants(of: $0.description).count }
    }

    /// (max − min) / mean of weight per capacity over all nodes.
    var imbalance: Double {
        self.state.nodes.values.map { descriptor in
            NodeCandidate(
                id: descriptor.id,
                capacity: descriptor.capacity,
                weight: self.tenants(of: descriptor.id.description)
                    .reduce(0) { $0 + (self.state.tenants[$1]?.weight ?? 0) }
            )
        }.imbalance
    }
}

extension Plan {
    /// Tenants that begin to move, with where they go and why.
    var beginning: [String] {
        self.changes.begin.map { "\($0.tenant): \($0.source) → \($0.target) (\($0.reason))" }
    }
}
