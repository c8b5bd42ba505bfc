/// A plan while it is made: the snapshot, what has been decided so far, and where everything will be once it happened.
struct PlanDraft {
    let state: ClusterState
    let now: MonotonicInstant
    let isForgiving: Bool
    let suspects: Set<NodeID>
    let isUnsettled: Bool
    let options: CoordinationOptions
    let strategy: any PlacementStrategy
    let labelPolicy: LabelPolicy
    let moveTimeout: Duration
    /// Whether balance was asked for: no threshold, no cooldown, whatever the options say.
    var isForced: Bool

    /// Registrations that are there and not lost.
    let living: [NodeID: NodeDescriptor]
    /// The cluster's tenants, ordered by ID.
    let tenants: [TenantDescriptor]
    /// Tenants that their living owner is still opening.
    let opening: Set<TenantID>
    /// Tenants whose living owner cannot reach their database.
    let troubled: Set<TenantID>
    /// Who knows the tenants that stand on lists of single nodes.
    let listings: TenantListings

    var memory: PlannerMemory
    var changes = PlanChanges()
    var notes: [PlanNote] = []
    /// Every living node as a strategy would see it, those that take no tenants among them.
    var everyNode: [NodeCandidate] = []
    /// Nodes that take tenants, ordered by ID, with what they will carry.
    var nodes: [NodeCandidate] = []
    /// Where in ``nodes`` a node is.
    var indices: [NodeID: Int] = [:]
    /// Where each tenant is, or will be once its move has ended.
    var places: [TenantID: NodeID] = [:]
    /// Tenants that are in flight or that this plan has decided about.
    var decided: Set<TenantID> = []
    /// Moves in flight, those that this plan begins among them.
    var inFlight = 0
    /// Of these, moves away from trouble.
    var troubleInFlight = 0
    /// Where a tenant was about to go, or what still holds it: the first choice if it is an orphan now.
    var firstChoice: [TenantID: NodeID] = [:]
    /// Requests to rebalance that are being served.
    var rebalanceRequests: [String] = []

    init(
        _ input: PlanInput,
        memory: PlannerMemory,
        options: CoordinationOptions,
        strategy: any PlacementStrategy,
        moveTimeout: Duration,
        isForced: Bool
    ) {
        self.state = input.state
        self.now = input.now
        self.isForgiving = input.isForgiving
        self.suspects = input.suspects
        self.isUnsettled = input.isUnsettled
        self.options = options
        self.strategy = strategy
        self.labelPolicy = strategy.labelPolicy
        self.moveTimeout = moveTimeout
        self.isForced = isForced
        self.memory = memory
        var living = input.state.nodes
        if !input.isForgiving {
            // Only exactly these registrations: a node that has come back under another one lives.
            self.changes.lost = input.lost
                .filter { living[$0.node]?.incarnation == $0.incarnation }
                .sorted { $0.node < $1.node }
            for holder in self.changes.lost { living[holder.node] = nil }
        }
        self.living = living
        self.listings = TenantListings(of: living.values)
        func reported(_ list: (NodeLoad) -> [TenantID]) -> Set<TenantID> {
            var reported: Set<TenantID> = []
            for (node, load) in input.state.loads where living[node] != nil {
                reported.formUnion(list(load).filter { input.state.owners[$0] == node })
            }
            return reported
        }
        self.opening = reported(\.openingTenants)
        self.troubled = reported(\.troubledTenants)
        self.tenants = input.state.tenants.values.sorted { $0.id < $1.id }
        self.remember()
        self.reviewMoves()
        self.placeEverything()
    }

    /// Makes the plan.
    consuming func plan() -> Plan {
        let before = self.nodes.imbalance
        self.decide()
        let after = self.nodes.imbalance
        let moves = self.changes.begin.count { $0.reason == MoveReason.rebalance.rawValue }
        if moves > 0 { self.notes.append(.rebalancePlanned(moves: moves, before: before, after: after)) }
        return Plan(
            changes: self.changes,
            notes: self.notes,
            memory: self.memory,
            imbalanceBefore: before,
            imbalanceAfter: after,
            failing: self.memory.troubles.filter(\.value.isFailing).keys.sorted(),
            reviewAt: self.reviewAt()
        )
    }

    /// All decisions, in the order of their urgency.
    mutating func decide() {
        if self.isForgiving {
            self.rebuildAssignment()
            return
        }
        self.unassignForbidden()
        self.assignOrphans()
        self.serveMoveRequests()
        self.evacuate()
        self.correctPlaces()
        self.relieveFullNodes()
        self.relieveTroubled()
        self.rebalance()
    }

    /// Notices what has happened since the last plan, and forgets what no longer matters.
    private mutating func remember() {
        for (tenant, owner) in self.state.owners {
            if let last = self.memory.owners[tenant], last != owner { self.memory.movedAt[tenant] = self.now }
        }
        self.memory.owners = self.state.owners
        for holder in self.changes.lost { self.memory.lostAt[holder.node] = self.now }
        let now = self.now
        let cooldown = self.options.rebalanceCooldown
        self.memory.movedAt = self.memory.movedAt.filter { $0.value.advanced(by: cooldown) > now }
        self.memory.lostAt = self.memory.lostAt.filter { $0.value.advanced(by: cooldown) > now }
        self.memory.avoided = self.memory.avoided.filter { $0.value.until > now }
    }

    /// Counts what every node carries once the moves in flight have ended.
    private mutating func placeEverything() {
        for descriptor in self.living.values.sorted(by: { $0.id < $1.id }) {
            let candidate = NodeCandidate(
                id: descriptor.id,
                labels: descriptor.labels,
                capacity: descriptor.capacity > 0 ? descriptor.capacity : 1,
                load: self.state.loads[descriptor.id] ?? NodeLoad(),
                room: self.cap(of: descriptor) ?? .max
            )
            self.everyNode.append(candidate)
            if self.takesTenants(descriptor) {
                self.indices[descriptor.id] = self.nodes.count
                self.nodes.append(candidate)
            }
        }
        // Tenants that are owned and not yet published count too: they take room, and nothing else is decided about
        // them.
        for (tenant, owner) in self.state.owners.sorted(by: { $0.key < $1.key }) where self.living[owner] != nil {
            let move = self.decided.contains(tenant) ? self.state.moves[tenant] : nil
            self.add(tenant, to: move?.target ?? owner)
            // Until the move ends it takes room at both ends.
            if move != nil, let index = self.indices[owner] { self.nodes[index].takeRoom() }
        }
    }
}

// MARK: Facts and single steps

extension PlanDraft {
    /// Whether a node takes tenants at all.
    func takesTenants(_ node: NodeDescriptor) -> Bool {
        node.state == .active && self.state.loads[node.id]?.isStalled != true && node.capacity > 0
            && node.capacity.isFinite
    }

    /// The most tenants that a node may own; `nil` for no cap.
    func cap(of node: NodeDescriptor) -> Int? {
        [self.options.maxSchedulesPerNode, node.maxTenants].filter { $0 > 0 }.min()
    }

    /// Whether a tenant's lock is held by exactly the living registration of a node.
    func isLocked(_ tenant: TenantID, by node: NodeID) -> Bool {
        guard let holder = self.state.locks[tenant]?.holder, let descriptor = self.living[node] else { return false }
        return holder == descriptor.holder
    }

    /// Whether any living registration holds a tenant's lock.
    func isLocked(_ tenant: TenantID) -> Bool {
        guard let holder = self.state.locks[tenant]?.holder else { return false }
        return self.isLocked(tenant, by: holder.node)
    }

    /// Puts a tenant on a node in the reckoning.
    mutating func add(_ tenant: TenantID, to node: NodeID) {
        self.places[tenant] = node
        guard let index = self.indices[node] else { return }
        self.nodes[index].tenants += 1
        self.nodes[index].weight += self.state.tenants[tenant]?.placementWeight ?? 1
        self.nodes[index].takeRoom()
    }

    /// Takes a tenant from its node in the reckoning.
    mutating func removeFromPlace(_ tenant: TenantID, freeingRoom: Bool) {
        guard let node = self.places.removeValue(forKey: tenant), let index = self.indices[node] else { return }
        self.nodes[index].tenants -= 1
        self.nodes[index].weight -= self.state.tenants[tenant]?.placementWeight ?? 1
        if freeingRoom { self.nodes[index].giveRoom() }
    }

    /// Assigns a tenant that no living node has.
    mutating func assign(_ tenant: TenantID, to node: NodeID) {
        self.removeFromPlace(tenant, freeingRoom: true)
        self.add(tenant, to: node)
        self.changes.assign[tenant] = node
        self.changes.unassign[tenant] = nil
        self.memory.owners[tenant] = node
        self.decided.insert(tenant)
    }

    /// Leaves a tenant without a node, for a reason that status shows.
    mutating func unassign(_ tenant: TenantID, because reason: String) {
        self.removeFromPlace(tenant, freeingRoom: true)
        self.decided.insert(tenant)
        self.memory.owners[tenant] = nil
        if self.state.owners[tenant] != nil || self.state.unassigned[tenant] != reason {
            self.changes.unassign[tenant] = reason
        }
    }

    /// Brings a tenant from its living node to another: by a planned move when its node holds it, at once when nobody
    /// does. False when it cannot be done now.
    mutating func relocate(_ tenant: TenantID, to target: NodeID, because reason: MoveReason) -> Bool {
        guard let source = self.places[tenant], source != target, let from = self.living[source],
            let to = self.living[target]
        else { return false }
        if self.isLocked(tenant, by: source) {
            guard self.inFlight < self.options.maxConcurrentMoves else { return false }
            self.memory.moveCount += 1
            let id = "\(self.state.term)-\(self.memory.moveCount)"
            self.changes.begin.append(
                PlannedMove(id: id, tenant: tenant, from: from.holder, to: to.holder, reason: reason.rawValue)
            )
            self.memory.watches[id] = PlannerMemory.Watch(stage: .preparing, since: self.now)
            self.inFlight += 1
            self.removeFromPlace(tenant, freeingRoom: false)
            self.add(tenant, to: target)
            self.decided.insert(tenant)
        } else if !self.isLocked(tenant) {
            self.assign(tenant, to: target)
            // The store gives a tenant of a registered node to another only if it is taken from that node before. A
            // node that takes tenants is left the time to acquire it.
            if !self.takesTenants(from) { self.changes.unassign[tenant] = "node \(source) let go of it" }
        } else {
            // Another node still lets go of it.
            return false
        }
        self.memory.movedAt[tenant] = self.now
        return true
    }
}

extension NodeDescriptor {
    /// This registration.
    package var holder: Holder { Holder(node: self.id, incarnation: self.incarnation) }
}

extension NodeCandidate {
    /// Counts one tenant more against the cap.
    mutating func takeRoom() {
        // Below 0 for a node that has more tenants than its cap.
        if self.room != .max { self.room -= 1 }
    }

    /// Counts one tenant less.
    mutating func giveRoom() {
        if self.room != .max { self.room += 1 }
    }
}
