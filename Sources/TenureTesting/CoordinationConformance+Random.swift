internal import TenureCore

extension CoordinationConformance {
    /// Puts two stores to the same random sequence of operations: they must give the same replies and come to the same
    /// states, but for generated names and remaining times. No lease runs out meanwhile.
    ///
    /// - Parameters:
    ///   - seed: Chooses the sequence; a failure names it.
    ///   - steps: How many operations.
    package static func compare(_ left: Fixture, _ right: Fixture, seed: UInt64, steps: Int) async throws {
        var generator = SplitMix(state: seed)
        for step in 0..<steps {
            let operation = Operation.random(using: &generator)
            do {
                let replies = (try await operation.perform(on: left), try await operation.perform(on: right))
                try expectEqual(replies.1, replies.0, "the reply to \(operation)")
                let states = (try await left.store.state(), try await right.store.state())
                try expectEqual(states.1.withoutNames, states.0.withoutNames, "the state after \(operation)")
            } catch let violation as Violation {
                throw Violation(description: "seed \(seed), step \(step): \(violation)")
            }
        }
    }
}

/// One operation with all its arguments, chosen so that most of them mean something to each other.
private enum Operation {
    case register(Holder, replacing: Incarnation?)
    case heartbeat(Holder, [TenantID: Epoch])
    case deregister(Holder)
    case setState(NodeState, NodeID)
    case acquireLeadership(Holder, Term)
    case renewLeadership(Holder, Term)
    case resignLeadership(Holder, Term)
    case publish([TenantDescriptor], [TenantID], Term)
    case apply(PlanChanges, Term)
    case acquireLock(TenantID, Holder, Epoch)
    case releaseLock(TenantID, Holder, Epoch)
    case reportReady(TenantID, String, Holder)
    case passLock(TenantID, String, Holder, Epoch)
    case submit(OperatorRequest)
    case assignment(NodeID)
    case forget

    static func random(using generator: inout SplitMix) -> Self {
        let tenant = generator.tenant()
        let holder = generator.holder()
        switch generator.below(64) {
        case 0..<8:
            return .register(holder, replacing: generator.oneIn(2) ? generator.holder().incarnation : nil)
        case 8..<14:
            let tenants = (0..<generator.below(4)).map { _ in generator.tenant() }
            return .heartbeat(holder, Dictionary(tenants.map { ($0, generator.epoch()) }) { $1 })
        case 14: return .deregister(holder)
        case 15..<17: return .setState(generator.oneIn(2) ? .active : .draining, holder.node)
        case 17..<22: return .acquireLeadership(holder, generator.term())
        case 22: return .renewLeadership(holder, generator.term())
        case 23: return .resignLeadership(holder, generator.term())
        case 24..<26:
            let descriptor = TenantDescriptor(
                id: tenant,
                weight: Double(generator.below(3)),
                isSuspended: generator.oneIn(4)
            )
            return .publish([descriptor], generator.oneIn(3) ? [generator.tenant()] : [], generator.term())
        case 26..<42: return .apply(generator.changes(), generator.term())
        case 42..<50: return .acquireLock(tenant, holder, generator.epoch())
        case 50..<52: return .releaseLock(tenant, holder, generator.epoch())
        case 52..<56: return .reportReady(tenant, generator.move(), holder)
        case 56..<60: return .passLock(tenant, generator.move(), holder, generator.epoch())
        case 60: return .submit(OperatorRequest(id: generator.move(), kind: .move, tenant: tenant))
        case 61, 62: return .assignment(holder.node)
        default: return generator.oneIn(4) ? .forget : .assignment(holder.node)
        }
    }

    /// The reply as text, without generated names and remaining times; an error as its code.
    func perform(on fixture: CoordinationConformance.Fixture) async throws -> String {
        do {
            return try await self.reply(on: fixture)
        } catch let error as CoordinationError {
            return "\(error.code)"
        }
    }

    private func reply(on fixture: CoordinationConformance.Fixture) async throws -> String {
        let store = fixture.store
        let lease = CoordinationScene.long
        switch self {
        case .register(let holder, let replaced):
            let node = NodeDescriptor(
                id: holder.node,
                incarnation: holder.incarnation,
                host: "h",
                pid: 1,
                version: "1",
                capacity: 0.5
            )
            let reply = try await store.register(node, replacing: replaced)
            if case .occupied(let incarnation, _) = reply { return "occupied by \(incarnation)" }
            return "registered"
        case .heartbeat(let holder, let locks):
            let reply = try await store.heartbeat(
                Heartbeat(holder: holder, load: NodeLoad(), locks: locks, lockDuration: lease)
            )
            guard case .alive(var news) = reply else { return "unregistered" }
            news.generation = ""
            news.leader = news.leader?.withoutTime
            let nodes = news.heartbeats.keys.sorted()
            news.heartbeats = [:]
            news.heartbeatAges = [:]
            return "\(news) \(nodes)"
        case .deregister(let holder): return "\(try await store.deregister(holder))"
        case .setState(let state, let node): return "\(try await store.setState(state, of: node))"
        case .acquireLeadership(let holder, let seen):
            let reply = try await store.acquireLeadership(holder, highestTermSeen: seen, lease: lease)
            guard case .held(let leadership) = reply else { return "\(reply)" }
            return "\(leadership.withoutTime)"
        case .renewLeadership(let holder, let term):
            return "\(try await store.renewLeadership(holder, term: term, lease: lease))"
        case .resignLeadership(let holder, let term):
            return "\(try await store.resignLeadership(holder, term: term))"
        case .publish(let upserts, let removed, let term):
            return "\(try await store.publishTenants(upserts, removing: removed, term: term))"
        case .apply(let changes, let term): return "\(try await store.apply(changes, term: term))"
        case .acquireLock(let tenant, let holder, let floor):
            let reply = try await store.acquireLock(of: tenant, for: holder, floor: floor, duration: lease)
            guard case .held(let lock) = reply else { return "\(reply)" }
            return "\(lock.withoutTime)"
        case .releaseLock(let tenant, let holder, let epoch):
            return "\(try await store.releaseLock(of: tenant, holder: holder, epoch: epoch))"
        case .reportReady(let tenant, let move, let holder):
            return "\(try await store.reportReady(tenant, move: move, target: holder))"
        case .passLock(let tenant, let move, let holder, let epoch):
            let reply = try await store.passLock(
                of: tenant,
                move: move,
                holder: holder,
                epoch: epoch,
                duration: lease,
                lastClaim: .distantPast
            )
            return "\(reply)"
        case .submit(let request): return "\(try await store.submit(request))"
        case .assignment(let node):
            let read = try await store.assignment(of: node)
            let tenants = read.tenants.sorted { $0.key < $1.key }
                .map {
                    "\($0.key) \($0.value.descriptor.debugDescription) \($0.value.lock?.withoutTime.epoch.value ?? 0)"
                }
            let moves = read.moves.values.sorted { $0.tenant < $1.tenant }
            return "\(tenants) \(moves) \(read.incarnations) \(read.ownersVersion)"
        case .forget: return "\(try await fixture.forget())"
        }
    }
}

/// A small generator whose sequence depends on its seed only.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
    mutating func oneIn(_ chances: Int) -> Bool { self.below(chances) == 0 }

    // Few names and small numbers, so that operations meet each other.

    mutating func tenant() -> TenantID {
        // A constant form that is always a name.
        try! TenantID("t\(self.below(3))")
    }

    mutating func holder() -> Holder {
        let incarnation = Incarnation(self.oneIn(4) ? "2" : "1")
        // As above.
        return Holder(node: try! NodeID("n\(self.below(3))"), incarnation: incarnation)
    }

    mutating func epoch() -> Epoch { Epoch(Int64(self.below(6))) }
    mutating func term() -> Term { Term(Int64(self.below(4))) }
    mutating func move() -> String { "m\(self.below(2))" }

    mutating func changes() -> PlanChanges {
        var changes = PlanChanges()
        if self.oneIn(12) { changes.lost = [self.holder()] }
        if !self.oneIn(4) { changes.assign[self.tenant()] = self.holder().node }
        if self.oneIn(10) { changes.unassign[self.tenant()] = "cap" }
        if self.oneIn(8) { changes.void[self.tenant()] = self.move() }
        if self.oneIn(8) { changes.served = [self.move()] }
        for _ in 0..<self.below(4) {
            changes.begin.append(
                PlannedMove(
                    id: self.move(),
                    tenant: self.tenant(),
                    from: self.holder(),
                    to: self.holder(),
                    reason: "drain"
                )
            )
        }
        return changes
    }
}

extension ClusterState {
    /// The same without generated names and remaining times.
    fileprivate var withoutNames: ClusterState {
        var state = self.withoutTimes
        state.generation = self.generation.map { _ in "generation" }
        state.heartbeats = self.heartbeats.mapValues { _ in 0 }
        return state
    }
}
