/// Tells which registrations have stopped: those whose heartbeat counter has not *changed* for the node timeout.
///
/// Every node feeds one, followers too, so that a fresh leader has already watched the others. All instants are the
/// observer's own. What the store says about the age of a heartbeat, by its one clock, only makes the instant of a
/// change more exact within the time between two looks: a store whose clock jumps shifts a verdict by no more than
/// that. A false verdict costs a move of tenants, never safety.
///
/// What is counted as silence is time in which the observer looked. After a pause of its own (the process was stopped,
/// the store was away) every node starts afresh: those that looked dead may have been waiting for the same thing.
package struct LivenessDetector: Sendable {
    private struct Watch: Sendable {
        var counter: Int64
        /// `nil` until a snapshot of the cluster has named it: heartbeat replies carry counters only.
        var incarnation: Incarnation?
        /// When the last change arrived here, or the first sight.
        var changedAt: MonotonicInstant
        /// The last request that showed this counter was sent then.
        var confirmedAt: MonotonicInstant

        /// How long the counter is known to have stood still.
        var silence: Duration { self.changedAt.duration(to: self.confirmedAt) }
    }

    private let nodeTimeout: Duration
    private let longestGap: Duration
    private var watches: [NodeID: Watch] = [:]
    private var lastLookAt: MonotonicInstant?
    private var forgivingUntil: MonotonicInstant?

    /// A detector that has seen nothing yet.
    ///
    /// - Parameters:
    ///   - heartbeatInterval: How often the observer looks, in its quietest time.
    ///   - nodeTimeout: Silence after which a node is lost.
    package init(heartbeatInterval: Duration, nodeTimeout: Duration) {
        self.nodeTimeout = nodeTimeout
        // One look may fail without harm; half of the timeout is for nodes whose intervals are a few milliseconds.
        self.longestGap = max(heartbeatInterval * 2, nodeTimeout / 2)
    }

    /// Takes in the counters that a heartbeat returned. Nodes that are missing are no longer registered.
    ///
    /// - Parameters:
    ///   - heartbeats: Every registered node's counter.
    ///   - ages: How long before the reply each of them changed, as far as is known.
    ///   - requestedAt: Taken before the request was sent.
    ///   - now: When the reply arrived.
    package mutating func observed(
        _ heartbeats: [NodeID: Int64],
        ages: [NodeID: Duration] = [:],
        requestedAt: MonotonicInstant,
        at now: MonotonicInstant
    ) {
        self.noteLook(at: now)
        for (node, counter) in heartbeats {
            self.note(
                node,
                incarnation: nil,
                counter: counter,
                age: ages[node],
                requestedAt: requestedAt,
                at: now
            )
        }
        self.watches = self.watches.filter { heartbeats[$0.key] != nil }
    }

    /// Takes in a snapshot of the cluster, which also names the registrations.
    ///
    /// - Parameters:
    ///   - state: The snapshot.
    ///   - requestedAt: Taken before the request was sent.
    ///   - now: When the reply arrived.
    package mutating func observed(_ state: ClusterState, requestedAt: MonotonicInstant, at now: MonotonicInstant) {
        self.noteLook(at: now)
        for (node, descriptor) in state.nodes {
            self.note(
                node,
                incarnation: descriptor.incarnation,
                counter: state.heartbeats[node] ?? 0,
                age: state.heartbeatAges[node],
                requestedAt: requestedAt,
                at: now
            )
        }
        self.watches = self.watches.filter { state.nodes[$0.key] != nil }
    }

    /// The store forgot everything: for one node timeout nobody is lost, and everybody is seen for the first time.
    package mutating func storeForgot(at now: MonotonicInstant) {
        self.watches = [:]
        self.forgivingUntil = now.advanced(by: self.nodeTimeout)
    }

    /// Whether the time after a forgetful store still runs, in which nothing counts as an orphan.
    package func isForgiving(at now: MonotonicInstant) -> Bool {
        self.forgivingUntil.map { now < $0 } ?? false
    }

    /// Registrations that have stopped, ordered by node.
    ///
    /// A verdict needs a look that was sent after the silence reached the timeout: at ``nextDeadline`` read the
    /// cluster's state, give it to ``observed(_:requestedAt:at:)``, and ask again.
    package func lost(at now: MonotonicInstant) -> [Holder] {
        guard !self.isForgiving(at: now) else { return [] }
        return self.watches
            .compactMap { node, watch in
                guard let incarnation = watch.incarnation, watch.silence >= self.nodeTimeout else { return nil }
                return Holder(node: node, incarnation: incarnation)
            }
            .sorted { $0.node < $1.node }
    }

    /// How long a node's counter has stood still by now, as far as is known; `nil` for a node that is not registered.
    package func silence(of node: NodeID, at now: MonotonicInstant) -> Duration? {
        self.watches[node].map { $0.changedAt.duration(to: now) }
    }

    /// Nodes that may have stopped: silent for longer than a heartbeat is ever late in good times. No reason to take
    /// anything from them yet, and a reason to give them nothing.
    ///
    /// - Parameter interval: How often nodes send heartbeats.
    package func suspects(at now: MonotonicInstant, heartbeatInterval interval: Duration) -> Set<NodeID> {
        Set(self.watches.filter { $0.value.changedAt.duration(to: now) > interval * 3 / 2 }.keys)
    }

    /// Whether every node but one has shown a heartbeat since an instant.
    package func haveAllBeaten(since instant: MonotonicInstant, except own: NodeID) -> Bool {
        self.watches.allSatisfy { $0.key == own || $0.value.changedAt >= instant }
    }

    /// When the next node would be lost if its counter never changed again; `nil` when there is none.
    ///
    /// Lies in the past for a node that waits for its verdict, or for its removal.
    package var nextDeadline: MonotonicInstant? {
        let deadline = self.watches.values.map { $0.changedAt.advanced(by: self.nodeTimeout) }.min()
        return deadline.map { max($0, self.forgivingUntil ?? $0) }
    }

    private mutating func note(
        _ node: NodeID,
        incarnation: Incarnation?,
        counter: Int64,
        age: Duration?,
        requestedAt: MonotonicInstant,
        at now: MonotonicInstant
    ) {
        guard var watch = self.watches[node] else {
            self.watches[node] = Watch(
                counter: counter,
                incarnation: incarnation,
                changedAt: now,
                confirmedAt: now
            )
            return
        }
        // Replies of two connections may arrive in either order: an older counter is no news.
        let isRestart = incarnation != nil && watch.incarnation != nil && incarnation != watch.incarnation
        if isRestart || counter > watch.counter || (counter < watch.counter && requestedAt > watch.changedAt) {
            // The last look that showed the older counter was sent before the change.
            let changedAt = max(now.advanced(by: .zero - (age ?? .zero)), watch.confirmedAt)
            watch = Watch(
                counter: counter,
                incarnation: incarnation ?? watch.incarnation,
                changedAt: isRestart ? now : min(changedAt, now),
                confirmedAt: isRestart ? now : max(watch.confirmedAt, requestedAt)
            )
        } else if counter == watch.counter {
            watch.incarnation = incarnation ?? watch.incarnation
            watch.confirmedAt = max(watch.confirmedAt, requestedAt)
        }
        self.watches[node] = watch
    }

    private mutating func noteLook(at now: MonotonicInstant) {
        if let last = self.lastLookAt, last.duration(to: now) > self.longestGap {
            for node in self.watches.keys {
                self.watches[node]?.changedAt = now
                self.watches[node]?.confirmedAt = now
            }
        }
        self.lastLookAt = max(now, self.lastLookAt ?? now)
    }
}
