internal import IOReactor

/// The pace of planned moves: one at a time is at its critical step on a node, in a moment in which nothing is due.
extension ClusterAgent {
    /// How long the next move may go without an end before another one is reported beside it.
    private static let reportPatience = Duration.milliseconds(600)
    /// How long a move waits for a quiet moment at most.
    private static let quietPatience = Duration.milliseconds(500)
    /// How long all moves that wait now may wait for quiet moments in all: many moves must not take for ever.
    private static let quietBudget = Duration.seconds(8)
    /// How long an owner waits for a moment in which nothing of its tenants is due.
    private static let stopPatience = Duration.milliseconds(400)
    /// How far apart an owner lets go of tenants: each hand-over should have the servers to itself.
    private static let stopDistance = Duration.milliseconds(20)
    /// How long it takes to let go of all tenants at most, because of these two.
    private static let stopBudget = Duration.seconds(8)
    private static let quietInterval = Duration.milliseconds(5)

    /// A tenant is prepared for a move to this node.
    func moveIsReady(_ tenant: TenantID, _ move: String) {
        self.readyMoves.removeAll { $0.tenant == tenant }
        self.readyMoves.append((tenant, move))
        self.reportNextMove()
    }

    /// A tenant's move has ended, well or not.
    func moveEnded(_ tenant: TenantID) {
        guard self.reportedMove == tenant else { return }
        self.reportedMove = nil
        if let timer = self.reportTimer { self.reactor.cancel(timer) }
        self.reportTimer = nil
        self.configuration.preparing.reopen()
        self.reportNextMove()
    }

    /// Reports the next prepared move, unless another one is on its way. One that takes long does not hold up the
    /// others.
    private func reportNextMove() {
        guard self.reportedMove == nil, self.reportTimer == nil else { return }
        // One that was reported twice may have ended meanwhile.
        self.readyMoves.removeAll { move in
            guard case .incoming = self.machines[move.tenant]?.state else { return true }
            return false
        }
        guard let next = self.readyMoves.first else { return }
        let patience = min(Self.quietPatience, Self.quietBudget / self.readyMoves.count)
        let since = self.waitsForQuietSince ?? self.now
        if self.isSomethingDue,
            since.duration(to: self.now) < patience
        {
            self.waitsForQuietSince = since
            self.reportTimer = self.schedule(at: self.now.advanced(by: Self.quietInterval)) { agent in
                agent.reportTimer = nil
                agent.reportNextMove()
            }
            return
        }
        self.waitsForQuietSince = nil
        self.readyMoves.removeFirst()
        self.reportedMove = next.tenant
        // Connecting and migrating others meanwhile would make this one slower.
        self.configuration.preparing.hold()
        self.hostings[next.tenant]?.scheduler.mailbox.send(.getReady(move: next.move))
        self.reportTimer = self.schedule(at: self.now.advanced(by: Self.reportPatience)) { agent in
            agent.reportTimer = nil
            agent.moveEnded(next.tenant)
        }
    }

    /// Whether a tenant of this node has something to do about now.
    private var isSomethingDue: Bool {
        self.hostings.values.contains { $0.scheduler.due.isNear(at: self.now) }
    }

    /// Lets an owner make its last claims, if possible between two instants at which something is due.
    func stopClaiming(_ tenant: TenantID, _ epoch: Epoch, since: MonotonicInstant? = nil) {
        guard let scheduler = self.hostings[tenant]?.scheduler else { return }
        let now = self.now
        let since = since ?? now
        let share = Self.stopBudget / max(1, self.machines.count)
        let isPatient = since.duration(to: now) < min(Self.stopPatience, share)
        guard isPatient, self.isSomethingDue || now < self.nextStopAt else {
            self.nextStopAt = now.advanced(by: min(Self.stopDistance, share))
            return scheduler.mailbox.send(.stopClaiming(epoch))
        }
        _ = self.schedule(at: now.advanced(by: Self.quietInterval)) { agent in
            agent.stopClaiming(tenant, epoch, since: since)
        }
    }
}
