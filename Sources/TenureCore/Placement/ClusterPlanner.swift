/// Decides where tenants should be: a leader's plan from one snapshot of the cluster. Pure.
///
/// In one plan, in this order: moves that cannot end well are given up; tenants that nobody may own are taken from
/// their nodes; all orphans get a new node; then planned moves, for as long as fewer than `MaxConcurrentMoves` are in
/// flight: what operators asked for, draining and stalled nodes, pins, labels and caps, tenants whose database their
/// node cannot reach, and last the balance. The same input gives the same plan; a plan that has been carried out is
/// followed by an empty one.
package struct ClusterPlanner: Sendable {
    private let options: CoordinationOptions
    private let strategy: any PlacementStrategy
    private let moveTimeout: Duration

    /// A planner with its options.
    ///
    /// - Parameters:
    ///   - options: Caps, threshold, cooldown and moves in flight.
    ///   - strategy: Chooses nodes.
    ///   - moveTimeout: How long a move may stay in one stage. Default 30 s.
    package init(
        options: CoordinationOptions,
        strategy: any PlacementStrategy,
        moveTimeout: Duration = .seconds(30)
    ) {
        self.options = options
        self.strategy = strategy
        self.moveTimeout = moveTimeout
    }

    /// Plans from one snapshot.
    ///
    /// - Parameters:
    ///   - input: The snapshot with the leader's verdicts.
    ///   - memory: ``Plan/memory`` of the leader's last plan; an empty one at the start of a term.
    /// - Complexity: O(t log t + t · n) for t tenants and n nodes.
    package func plan(_ input: PlanInput, memory: PlannerMemory) -> Plan {
        self.draft(input, memory: memory, options: self.options, isForced: false).plan()
    }

    /// What an operator's request to rebalance would do now, all moves at once, without any cap on those in flight.
    package func preview(_ state: ClusterState) -> RebalancePreview {
        var options = self.options
        options.maxConcurrentMoves = .max
        var draft = self.draft(
            PlanInput(state: state, now: .zero),
            memory: PlannerMemory(),
            options: options,
            isForced: true
        )
        let before = draft.nodes
        draft.decide()
        return RebalancePreview(
            moves: draft.changes.begin,
            nodes: zip(before, draft.nodes).map { before, after in
                RebalancePreview.Node(
                    id: before.id,
                    tenantsBefore: before.tenants,
                    tenantsAfter: after.tenants,
                    loadBefore: before.relativeLoad,
                    loadAfter: after.relativeLoad
                )
            },
            imbalanceBefore: before.imbalance,
            imbalanceAfter: draft.nodes.imbalance
        )
    }

    private func draft(
        _ input: PlanInput,
        memory: PlannerMemory,
        options: CoordinationOptions,
        isForced: Bool
    ) -> PlanDraft {
        PlanDraft(
            input,
            memory: memory,
            options: options,
            strategy: self.strategy,
            moveTimeout: self.moveTimeout,
            isForced: isForced
        )
    }
}
