/// What a leader remembers from plan to plan. A new leader starts with an empty one: that costs moves, never safety.
package struct PlannerMemory: Sendable, Equatable {
    /// A move in flight as this leader has watched it.
    struct Watch: Sendable, Equatable {
        var stage: PlannedMove.Stage
        var since: MonotonicInstant
    }

    /// A tenant whose database its owner could not reach.
    struct Trouble: Sendable, Equatable {
        /// Nodes that could not open it.
        var tried: Set<NodeID> = []
        /// When it was last reported, or last moved.
        var lastSign: MonotonicInstant
        /// Whether every node has been tried.
        var isFailing = false
    }

    /// A target that a tenant's move did not reach.
    struct Avoidance: Sendable, Equatable {
        var target: NodeID
        var until: MonotonicInstant
    }

    /// When a tenant last changed hands, or a move of it began or ended. Cooldowns count from here.
    var movedAt: [TenantID: MonotonicInstant] = [:]
    /// Owners as of the last plan: changes that others made are noticed by them.
    var owners: [TenantID: NodeID] = [:]
    /// Moves in flight by ID.
    var watches: [String: Watch] = [:]
    var troubles: [TenantID: Trouble] = [:]
    var avoided: [TenantID: Avoidance] = [:]
    /// When a node ID was last declared lost: it gets back its share after a cooldown only.
    var lostAt: [NodeID: MonotonicInstant] = [:]
    /// Counts the moves of this leader, for their IDs.
    var moveCount = 0

    /// Remembers nothing.
    package init() {}

    /// Takes the numbers of a plan's moves for given, whatever becomes of the plan: no number is given twice.
    package mutating func noteNumbers(of plan: PlannerMemory) {
        self.moveCount = max(self.moveCount, plan.moveCount)
    }
}
