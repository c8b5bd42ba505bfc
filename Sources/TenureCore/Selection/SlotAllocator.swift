/// Slots that one tenant may fill now.
package struct SlotGrant: Sendable, Hashable {
    /// Who gets them.
    package let tenant: TenantID
    /// How many, from 1.
    package let count: Int
}

/// Gives a node's slots to its tenants: the limits are kept here, the order is the strategy's.
///
/// A granted slot is taken until ``release(_:of:)`` gives it back: when its run has ended, or when a claim found less
/// work than was granted. Only tenants that want something cost anything here.
package struct SlotAllocator: Sendable {
    /// Most choices in one call; a node with many free slots gives them out in larger quanta.
    private static let choicesPerGrant = 128

    private let maxConcurrentRuns: Int
    private let maxConcurrentRunsPerTenant: Int
    private var strategy: any SelectionStrategy
    /// Tenants for which something waits, ordered by ID.
    private var waiting: [TenantDemand] = []
    private var running: [TenantID: Int] = [:]

    /// Slots that are taken.
    package private(set) var taken = 0

    /// A node's slots, all free.
    ///
    /// - Parameters:
    ///   - maxConcurrentRuns: Slots of the node, from 1. Default 100.
    ///   - maxConcurrentRunsPerTenant: Slots that one tenant may hold, from 1. Default 50.
    ///   - strategy: Chooses who is next. Default ``WeightedFairSelection``.
    package init(
        maxConcurrentRuns: Int = 100,
        maxConcurrentRunsPerTenant: Int = 50,
        strategy: any SelectionStrategy = WeightedFairSelection()
    ) {
        self.maxConcurrentRuns = max(1, maxConcurrentRuns)
        self.maxConcurrentRunsPerTenant = max(1, maxConcurrentRunsPerTenant)
        self.strategy = strategy
    }

    /// Slots that are free.
    package var free: Int { max(0, self.maxConcurrentRuns - self.taken) }

    /// Slots that a tenant holds.
    package func running(_ tenant: TenantID) -> Int { self.running[tenant] ?? 0 }

    /// Says what of a tenant waits now, those not counted for which slots have been granted already. Replaces what was
    /// said before.
    ///
    /// - Parameters:
    ///   - tenant: Its weight and priority count.
    ///   - ready: Runs that wait; 0 when nothing does.
    ///   - dueSince: When the earliest of them became due, on this node's clock.
    ///   - workPriority: The highest priority among them.
    package mutating func update(
        _ tenant: TenantDescriptor,
        ready: Int,
        dueSince: MonotonicInstant,
        workPriority: Int = 0
    ) {
        let position = self.waiting.position(ofFirstNotBefore: tenant.id)
        let isThere = position < self.waiting.count && self.waiting[position].tenant == tenant.id
        guard ready > 0 else {
            if isThere { self.waiting.remove(at: position) }
            return
        }
        // A tenant without weight gets little, not nothing.
        let weight = tenant.weight.isFinite ? max(tenant.weight, 0.01) : 1
        let demand = TenantDemand(
            tenant: tenant.id,
            weight: weight,
            priority: tenant.priority,
            workPriority: workPriority,
            ready: ready,
            dueSince: dueSince,
            running: self.running(tenant.id),
            limit: self.maxConcurrentRunsPerTenant,
            labels: tenant.labels
        )
        if isThere { self.waiting[position] = demand } else { self.waiting.insert(demand, at: position) }
    }

    /// Forgets a tenant that left this node. Slots that it holds stay taken until they are released.
    package mutating func remove(_ tenant: TenantID) {
        let position = self.waiting.position(ofFirstNotBefore: tenant)
        if position < self.waiting.count, self.waiting[position].tenant == tenant { self.waiting.remove(at: position) }
        self.strategy.forgot(tenant)
    }

    /// Takes slots without asking the strategy: for claims that a node finds standing when it opens a tenant.
    package mutating func take(_ count: Int, for tenant: TenantID) {
        guard count > 0 else { return }
        self.taken += count
        self.running[tenant, default: 0] += count
    }

    /// Gives slots back. More than the tenant holds is an error of the caller.
    package mutating func release(_ count: Int, of tenant: TenantID) {
        guard count > 0 else { return }
        let held = self.running(tenant)
        precondition(count <= held, "\(count) slots of tenant \(tenant) released, which holds \(held)")
        self.taken -= count
        self.running[tenant] = count == held ? nil : held - count
    }

    /// Gives out free slots, in quanta, until none is free or nobody wants one. Each tenant occurs at most once, in the
    /// order in which the strategy first chose them.
    ///
    /// - Complexity: O(c · k) for k tenants with demand and at most 128 + k choices c, under the built-in strategies.
    package mutating func grant(at now: MonotonicInstant) -> [SlotGrant] {
        guard self.free > 0, !self.waiting.isEmpty else { return [] }
        var candidates = self.waiting.compactMap { demand -> TenantDemand? in
            var demand = demand
            demand.running = self.running(demand.tenant)
            return demand.appetite > 0 ? demand : nil
        }
        let quantum = max(1, (self.free + Self.choicesPerGrant - 1) / Self.choicesPerGrant)
        var order: [TenantID] = []
        var counts: [TenantID: Int] = [:]
        while self.free > 0, !candidates.isEmpty {
            guard let index = self.strategy.choose(among: candidates, at: now), candidates.indices.contains(index)
            else {
                break
            }
            let demand = candidates[index]
            let count = min(quantum, demand.appetite, self.free)
            self.strategy.granted(count, to: demand, at: now)
            self.take(count, for: demand.tenant)
            if counts[demand.tenant] == nil { order.append(demand.tenant) }
            counts[demand.tenant, default: 0] += count
            candidates[index].ready -= count
            candidates[index].running += count
            if candidates[index].appetite == 0 { candidates.remove(at: index) }
        }
        for tenant in order { self.waited(tenant, less: counts[tenant, default: 0]) }
        return order.map { SlotGrant(tenant: $0, count: counts[$0, default: 0]) }
    }

    private mutating func waited(_ tenant: TenantID, less count: Int) {
        let position = self.waiting.position(ofFirstNotBefore: tenant)
        self.waiting[position].ready -= count
        if self.waiting[position].ready <= 0 { self.waiting.remove(at: position) }
    }
}
