/// What a leader plans from.
package struct PlanInput: Sendable {
    /// The cluster as one read showed it.
    package var state: ClusterState
    /// Registrations that the leader's ``LivenessDetector`` counts as lost.
    package var lost: [Holder]
    /// Nodes that may have stopped: they get nothing while another node can take it.
    package var suspects: Set<NodeID>
    /// Whether nothing is to move of the leader's own accord: it has not heard of every node since its election, or one
    /// of them may have stopped.
    package var isUnsettled: Bool
    /// Whether Redis forgot less than a node timeout ago: nothing is an orphan then.
    package var isForgiving: Bool
    /// The leader's clock.
    package var now: MonotonicInstant

    /// A snapshot with the leader's own verdicts.
    package init(
        state: ClusterState,
        lost: [Holder] = [],
        suspects: Set<NodeID> = [],
        isUnsettled: Bool = false,
        isForgiving: Bool = false,
        now: MonotonicInstant
    ) {
        self.state = state
        self.lost = lost
        self.suspects = suspects
        self.isUnsettled = isUnsettled
        self.isForgiving = isForgiving
        self.now = now
    }
}

/// What a leader decided.
package struct Plan: Sendable {
    /// What to write, in one step.
    package var changes: PlanChanges
    /// What to tell people, in a fixed order.
    package var notes: [PlanNote]
    /// What to plan from next time. Keep it unless the changes certainly were not written.
    package var memory: PlannerMemory
    /// (max − min) / mean of the relative load before and after these changes, over the nodes that take tenants.
    package var imbalanceBefore: Double
    package var imbalanceAfter: Double
    /// Tenants that no node can open, ordered by ID.
    package var failing: [TenantID]
    /// Plan again then, even if nothing changes: a move is overdue, or a cooldown ends that something waits for.
    package var reviewAt: MonotonicInstant?
}

/// Something about a plan that people should see.
package enum PlanNote: Sendable, Equatable {
    /// Tenants move to even out the load.
    case rebalancePlanned(moves: Int, before: Double, after: Double)
    /// A move was given up.
    case moveVoided(PlannedMove, reason: String)
    /// An operator's request cannot be served; it counts as served.
    case requestRefused(OperatorRequest, reason: String)
    /// No node can open the tenant; it stays where it is.
    case tenantFailing(TenantID)
    /// A tenant that was failing is open.
    case tenantRecovered(TenantID)
}

/// Why a tenant moves; the text is that of ``PlannedMove/reason``.
package enum MoveReason: String, Sendable, Hashable, CaseIterable {
    /// An operator asked for it.
    case request
    /// Its node is draining or stalled.
    case drain
    /// It is pinned elsewhere.
    case pin
    /// Its node lacks its labels, or the strategy does not allow it there.
    case label
    /// Its node has more tenants than its cap.
    case cap
    /// Its node cannot reach its database.
    case trouble
    /// To even out the load.
    case rebalance
}

/// What rebalancing would do now, without doing it.
package struct RebalancePreview: Sendable, Equatable {
    /// One node, before and after.
    package struct Node: Sendable, Equatable {
        package var id: NodeID
        package var tenantsBefore: Int
        package var tenantsAfter: Int
        /// Weight per unit of capacity.
        package var loadBefore: Double
        package var loadAfter: Double
    }

    /// Moves with their reasons, in the order in which they would be made.
    package var moves: [PlannedMove]
    /// Nodes that take tenants, ordered by ID.
    package var nodes: [Node]
    package var imbalanceBefore: Double
    package var imbalanceAfter: Double
}
