internal import Logging

extension ClusterAgent {
    /// Hands every tenant over, lets runs finish until the drain timeout, and leaves the cluster.
    ///
    /// The node goes on with its heartbeats, and with leading, until nothing depends on it any more.
    func leave() async {
        let deadline = self.now.advanced(by: self.options.drainTimeout)
        self.leaveDeadline = deadline
        self.descriptor.state = .draining
        self.emit(.nodeDraining)
        // If Redis cannot be told, nobody takes over, and the tenants are released below.
        _ = try? await self.store.setState(
            .draining,
            of: self.descriptor.id,
            registeredAs: self.descriptor.incarnation
        )
        self.replan()
        await self.handEverythingOver(until: deadline)
        await self.waitForSchedulers(until: deadline.advanced(by: .seconds(8)))
        self.perform(self.election.handle(.stopRequested, at: self.now))
        self.isRegistered = false
        // Gone without a word is gone too, after the node timeout.
        _ = try? await self.store.deregister(self.holder)
        self.emit(.nodeLeft)
    }

    private func handEverythingOver(until deadline: MonotonicInstant) async {
        while self.machines.values.contains(where: { !$0.isAbsent }), self.now < deadline {
            if !self.isAbandoning { await self.abandonWhatNobodyTakes() }
            // Nobody can be told; waiting for a lock that runs out by itself would only delay the end.
            if self.isRedisLost {
                for tenant in self.machines.keys.sorted() { self.handle(.forsake, of: tenant) }
            }
            await self.changed.wait(until: self.configuration.clock.instant(self.now.advanced(by: .milliseconds(100))))
        }
        self.isAbandoning = true
        for tenant in self.machines.keys.sorted() { self.handle(.abandon, of: tenant) }
        if self.isRedisLost {
            for tenant in self.machines.keys.sorted() { self.handle(.forsake, of: tenant) }
        }
    }

    /// Lets go of the tenants that no other node can take over, as far as can be known.
    private func abandonWhatNobodyTakes() async {
        // A failure leaves open who is there; the next round asks again, unless Redis is away.
        let state = try? await self.store.state()
        guard state != nil || self.isRedisLost else { return }
        let nodes = state?.nodes ?? [:]
        let others = nodes.values.filter { $0.id != self.descriptor.id && $0.state == .active }
        self.isAbandoning = others.isEmpty
        let listings = TenantListings(of: nodes.values)
        for tenant in self.machines.keys.sorted() where !self.abandonedTenants.contains(tenant) {
            let pin = state?.tenants[tenant]?.pinnedNode
            if others.contains(where: { (pin ?? $0.id) == $0.id && listings.knows($0.id, tenant) }) { continue }
            self.abandonedTenants.insert(tenant)
            self.handle(.abandon, of: tenant)
        }
    }

    private func waitForSchedulers(until deadline: MonotonicInstant) async {
        while !self.running.isEmpty, self.now < deadline {
            await self.changed.wait(until: self.configuration.clock.instant(self.now.advanced(by: .milliseconds(100))))
        }
    }
}
