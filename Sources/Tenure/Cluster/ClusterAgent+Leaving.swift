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
        _ = try? await self.store.setState(.draining, of: self.descriptor.id)
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
            if !self.isAbandoning, await self.isAlone() {
                self.isAbandoning = true
                for tenant in self.machines.keys.sorted() { self.handle(.abandon, of: tenant) }
            }
            await self.changed.wait(until: self.configuration.clock.instant(self.now.advanced(by: .milliseconds(100))))
        }
        self.isAbandoning = true
        for tenant in self.machines.keys.sorted() { self.handle(.abandon, of: tenant) }
    }

    /// Whether nobody is there to take over, as far as can be known.
    private func isAlone() async -> Bool {
        // A failure leaves open who is there; the next round asks again.
        guard let state = try? await self.store.state() else {
            return self.isRedisLost
        }
        return !state.nodes.values.contains { $0.id != self.descriptor.id && $0.state == .active }
    }

    private func waitForSchedulers(until deadline: MonotonicInstant) async {
        while !self.running.isEmpty, self.now < deadline {
            await self.changed.wait(until: self.configuration.clock.instant(self.now.advanced(by: .milliseconds(100))))
        }
    }
}
