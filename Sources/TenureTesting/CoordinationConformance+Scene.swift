internal import TenureCore

/// A store in a check, with short words for what checks do all the time.
struct CoordinationScene: Sendable {
    /// A lease that does not run out during a check.
    static let long = Duration.seconds(600)
    /// A lease that a check lets run out.
    static let short = Duration.milliseconds(60)

    let fixture: CoordinationConformance.Fixture

    var store: any CoordinationStore { self.fixture.store }

    /// A holder from `node/incarnation`.
    func holder(_ text: String) throws -> Holder {
        let parts = text.split(separator: "/")
        return Holder(node: try NodeID(String(parts[0])), incarnation: Incarnation(String(parts[1])))
    }

    func tenant(_ name: String) throws -> TenantID { try TenantID(name) }

    func descriptor(_ holder: Holder) -> NodeDescriptor {
        NodeDescriptor(
            id: holder.node,
            incarnation: holder.incarnation,
            host: "host-\(holder.node)",
            pid: 7,
            version: "1.0",
            capacity: 1.5,
            maxTenants: 12,
            labels: ["zone": "a"]
        )
    }

    /// A move of a tenant, named after it.
    func move(_ name: String, from source: Holder, to target: Holder) throws -> PlannedMove {
        PlannedMove(id: name, tenant: try self.tenant(name), from: source, to: target, reason: "drain")
    }

    /// Lets a lease of ``short`` run out.
    func outlast() async throws {
        try await self.fixture.advance(Self.short * 2)
    }

    // MARK: Steps that must succeed

    /// Registers holders given as `node/incarnation`, and returns them.
    func registered(_ texts: String...) async throws -> [Holder] {
        var holders: [Holder] = []
        for text in texts {
            let holder = try self.holder(text)
            guard case .registered = try await self.store.register(self.descriptor(holder), replacing: nil) else {
                throw CoordinationConformance.Violation(description: "\(text) could not be registered")
            }
            holders.append(holder)
        }
        return holders
    }

    /// Makes a holder the leader for long.
    func elected(_ holder: Holder) async throws -> Term {
        let reply = try await self.store.acquireLeadership(holder, highestTermSeen: .none, lease: Self.long)
        guard case .acquired(let term) = reply else {
            throw CoordinationConformance.Violation(description: "\(holder) could not be elected: \(reply)")
        }
        return term
    }

    /// Applies a plan.
    func plan(_ term: Term, _ change: (inout PlanChanges) throws -> Void) async throws {
        var changes = PlanChanges()
        try change(&changes)
        try await self.store.apply(changes, term: term)
    }

    /// Assigns tenants to a holder's node.
    func assign(_ names: String..., to holder: Holder, under term: Term) async throws {
        let tenants = try names.map(self.tenant)
        try await self.plan(term) { changes in for tenant in tenants { changes.assign[tenant] = holder.node } }
    }

    /// Takes a tenant's lock.
    func locked(
        _ name: String,
        by holder: Holder,
        floor: Int64 = 0,
        for duration: Duration = Self.long
    ) async throws -> Epoch {
        let reply = try await self.store.acquireLock(
            of: try self.tenant(name),
            for: holder,
            floor: Epoch(floor),
            duration: duration
        )
        guard case .acquired(let epoch) = reply else {
            throw CoordinationConformance.Violation(description: "\(holder) could not lock \(name): \(reply)")
        }
        return epoch
    }

    /// Sends a heartbeat and returns its news.
    func news(of holder: Holder, locks: [TenantID: Epoch] = [:]) async throws -> HeartbeatNews {
        let reply = try await self.store.heartbeat(
            Heartbeat(holder: holder, load: NodeLoad(), locks: locks, lockDuration: Self.long)
        )
        guard case .alive(let news) = reply else {
            throw CoordinationConformance.Violation(description: "\(holder) is not registered: \(reply)")
        }
        return news
    }

    // MARK: Expectations

    /// Fails unless a write of a leader is refused because of its term.
    func expectSuperseded(_ what: String, _ body: () async throws(CoordinationError) -> Void) async throws {
        do throws(CoordinationError) {
            try await body()
        } catch {
            return try expectEqual(error.code, .superseded, what)
        }
        throw CoordinationConformance.Violation(description: "\(what): expected superseded, found success")
    }

    /// Fails unless a body leaves the store's state as it is, but for the remaining times.
    func expectUnchanged(_ what: String, _ body: () async throws -> Void) async throws {
        let before = try await self.store.state().withoutTimes
        try await body()
        try expectEqual(try await self.store.state().withoutTimes, before, what)
    }

    /// Fails unless a body causes a wake-up.
    func expectWakeup(_ expected: Wakeup, _ body: @Sendable () async throws -> Void) async throws {
        let wakeups = await self.store.wakeups()
        try await Self.wait(for: .resubscribed, in: wakeups)
        try await body()
        try await Self.wait(for: expected, in: wakeups)
    }

    private static func wait(for expected: Wakeup, in wakeups: AsyncStream<Wakeup>) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await wakeup in wakeups where wakeup == expected { return }
                throw CoordinationConformance.Violation(description: "the wake-ups ended before \(expected)")
            }
            group.addTask {
                try await Task.sleep(for: .seconds(10))
                throw CoordinationConformance.Violation(description: "no wake-up \(expected) within 10 s")
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}

extension ClusterState {
    /// The same with all remaining times set to zero.
    var withoutTimes: ClusterState {
        var state = self
        state.leader = self.leader?.withoutTime
        state.locks = self.locks.mapValues(\.withoutTime)
        state.heartbeatAges = [:]
        return state
    }
}

extension Leadership {
    var withoutTime: Leadership { Leadership(holder: self.holder, term: self.term, remaining: .zero) }
}

extension TenantLock {
    var withoutTime: TenantLock { TenantLock(holder: self.holder, epoch: self.epoch, remaining: .zero) }
}
