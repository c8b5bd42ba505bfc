internal import OrderedCollections
internal import TenureCore

/// What the coordination store in memory keeps, and its transitions as pure functions of the time.
///
/// Each method mirrors one script of the Redis adapter; where they differ, one of them is wrong.
struct InMemoryCoordinationState: Sendable {
    /// A lock or a leadership with its end.
    struct Lease: Sendable {
        var holder: Holder
        /// The epoch of a lock, the term of a leadership.
        var number: Int64
        var end: MonotonicInstant
    }

    /// Events that are kept at least; the oldest are dropped in lots beyond it.
    static let eventLimit = 10_000
    static let eventLot = 1_000
    /// Operators' requests that may wait.
    static let requestLimit = 1_000

    var nodes: [NodeID: NodeDescriptor] = [:]
    var heartbeats: [NodeID: Int64] = [:]
    var heartbeatInstants: [NodeID: MonotonicInstant] = [:]
    var loads: [NodeID: NodeLoad] = [:]
    var tenants: [TenantID: TenantDescriptor] = [:]
    var owners: [TenantID: NodeID] = [:]
    var ownersVersion: Int64 = 0
    var unassigned: [TenantID: String] = [:]
    var moves: [TenantID: PlannedMove] = [:]
    var locks: [TenantID: Lease] = [:]
    var epochs: [TenantID: Epoch] = [:]
    var requests: OrderedDictionary<String, OperatorRequest> = [:]
    var leader: Lease?
    var term: Term = .none
    var generation: String?
    var events: [StoredEvent] = []
    /// Wake-ups of the step that runs, to be delivered after it.
    var wakeups: [Wakeup] = []

    /// Numbers data sets and events; what forgetting does not reset.
    private var generations = 0
    private var lastEvent = 0

    /// Loses everything.
    mutating func forget(after generations: Int) {
        var empty = Self()
        empty.generations = max(self.generations, generations)
        empty.lastEvent = self.lastEvent
        self = empty
    }

    // MARK: Shared by the transitions

    /// The assignment, the moves or the nodes changed.
    mutating func noteChange() {
        self.ownersVersion += 1
        self.wakeups.append(.assignmentChanged)
    }

    func isRegistered(_ holder: Holder) -> Bool {
        self.nodes[holder.node]?.incarnation == holder.incarnation
    }

    func lock(of tenant: TenantID, at now: MonotonicInstant) -> Lease? {
        self.locks[tenant].flatMap { $0.end > now ? $0 : nil }
    }

    /// Removes the moves that a registration takes part in, and tells whether there were any.
    mutating func voidMoves(where isVoid: (Holder) -> Bool) -> Bool {
        let count = self.moves.count
        self.moves = self.moves.filter { !isVoid($0.value.sourceHolder) && !isVoid($0.value.targetHolder) }
        return self.moves.count != count
    }

    // MARK: Membership

    mutating func register(
        _ node: NodeDescriptor,
        replacing: Incarnation?,
        at now: MonotonicInstant
    ) -> RegistrationReply {
        let present = self.nodes[node.id]?.incarnation
        if let present, present != node.incarnation, present != replacing {
            return .occupied(by: present, heartbeat: self.heartbeats[node.id] ?? 0)
        }
        let generation = self.generation ?? self.nextGeneration()
        if present != node.incarnation {
            self.nodes[node.id] = node
            self.count(node.id, at: now)
            self.loads[node.id] = nil
            _ = self.voidMoves { $0.node == node.id && $0.incarnation != node.incarnation }
            self.noteChange()
        }
        return .registered(generation: generation)
    }

    private mutating func nextGeneration() -> String {
        self.generations += 1
        let generation = "memory-\(self.generations)"
        self.generation = generation
        return generation
    }

    mutating func heartbeat(_ heartbeat: Heartbeat, at now: MonotonicInstant) -> HeartbeatReply {
        let node = heartbeat.holder.node
        guard self.isRegistered(heartbeat.holder) else { return .unregistered(generation: self.generation) }
        var news = HeartbeatNews()
        for (tenant, epoch) in heartbeat.locks.sorted(by: { $0.key < $1.key }) {
            let lock = self.lock(of: tenant, at: now)
            if lock?.holder == heartbeat.holder, lock?.number == epoch.value {
                self.locks[tenant]?.end = now.advanced(by: heartbeat.lockDuration)
            } else {
                news.lostLocks.append(tenant)
            }
        }
        self.count(node, at: now)
        self.loads[node] = heartbeat.load
        news.ownersVersion = self.ownersVersion
        news.state = self.nodes[node]?.state ?? .active
        news.leader = self.leadership(at: now)
        news.term = self.term
        news.heartbeats = self.heartbeats
        news.heartbeatAges = self.heartbeatAges(at: now)
        news.generation = self.generation ?? ""
        return .alive(news)
    }

    private mutating func count(_ node: NodeID, at now: MonotonicInstant) {
        self.heartbeats[node, default: 0] += 1
        self.heartbeatInstants[node] = now
    }

    func heartbeatAges(at now: MonotonicInstant) -> [NodeID: Duration] {
        self.heartbeatInstants.mapValues { $0.duration(to: now) }
    }

    mutating func deregister(_ holder: Holder, at now: MonotonicInstant) {
        var isChanged = false
        if self.isRegistered(holder) {
            self.remove(holder.node)
            isChanged = true
        }
        if self.voidMoves(where: { $0 == holder }) { isChanged = true }
        let held = self.locks.filter { $0.value.holder == holder && $0.value.end > now }
        if !held.isEmpty {
            self.locks = self.locks.filter { held[$0.key] == nil }
            isChanged = true
        }
        if isChanged { self.noteChange() }
    }

    /// Removes a registration with its counter and its load.
    mutating func remove(_ node: NodeID) {
        self.nodes[node] = nil
        self.heartbeats[node] = nil
        self.heartbeatInstants[node] = nil
        self.loads[node] = nil
    }

    mutating func setState(_ state: NodeState, of node: NodeID, registeredAs incarnation: Incarnation?) -> Bool {
        guard let present = self.nodes[node], incarnation == nil || incarnation == present.incarnation else {
            return false
        }
        if present.state != state {
            self.nodes[node]?.state = state
            self.noteChange()
        }
        return true
    }

    // MARK: Operators and events

    mutating func submit(_ request: OperatorRequest) -> Bool {
        guard self.requests[request.id] == nil else { return true }
        guard self.requests.count < Self.requestLimit else { return false }
        self.requests[request.id] = request
        self.wakeups.append(.requested)
        return true
    }

    mutating func append(_ event: ClusterEvent) -> String {
        self.lastEvent += 1
        // To the millisecond, as an event's JSON keeps it.
        let time = UTCTimestamp.microseconds(of: UTCTimestamp.text(microseconds: event.time)) ?? event.time
        let kept = ClusterEvent(
            name: event.name,
            level: event.level,
            time: time,
            cluster: event.cluster,
            node: event.node,
            fields: event.fields
        )
        let id = "\(self.lastEvent)-0"
        self.events.append(StoredEvent(id: id, event: kept))
        if self.events.count >= Self.eventLimit + Self.eventLot { self.events.removeFirst(Self.eventLot) }
        return id
    }

    func events(after id: String?, limit: Int) -> [StoredEvent] {
        let last = id.flatMap { Int($0.prefix { $0 != "-" }) } ?? 0
        let isLater = { (event: StoredEvent) in (Int(event.id.prefix { $0 != "-" }) ?? 0) > last }
        return Array(self.events.drop { !isLater($0) }.prefix(max(1, limit)))
    }
}

extension PlannedMove {
    var sourceHolder: Holder { Holder(node: self.source, incarnation: self.sourceIncarnation) }
    var targetHolder: Holder { Holder(node: self.target, incarnation: self.targetIncarnation) }
}
