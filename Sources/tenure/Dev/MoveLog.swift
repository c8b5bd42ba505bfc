internal import Synchronization
internal import TenureCore

/// Moves of tenants between nodes, gathered from the nodes' events.
final class MoveLog: Sendable {
    /// One tenant's move.
    struct Move: Sendable, Hashable {
        let tenant: String
        let from: String
        let to: String
        /// From the old owner's last claim to the new owner's first, in milliseconds; `nil` when the event does not
        /// say.
        let gapMilliseconds: Double?

        var json: JSON {
            .object([
                "tenant": .string(self.tenant),
                "from": .string(self.from),
                "to": .string(self.to),
                "gap_ms": self.gapMilliseconds.map { .number($0) } ?? .null,
            ])
        }
    }

    private struct State {
        var takeovers: [Move] = []
        var handovers: [Move] = []
    }

    private let state = Mutex(State())

    /// Unplanned moves so far.
    var takeovers: [Move] { self.state.withLock { $0.takeovers } }
    /// Planned moves so far.
    var handovers: [Move] { self.state.withLock { $0.handovers } }

    /// Notes an event if it tells of a move.
    func note(_ event: ClusterEvent) {
        guard event.name == EventName.takeoverCompleted.rawValue || event.name == EventName.handoverCompleted.rawValue
        else { return }
        let gap: Double? =
            switch event["gap_ms"] {
            case .integer(let number): Double(number)
            case .number(let number): number
            case .string, .boolean, nil: nil
            }
        let move = Move(
            tenant: event["tenant"]?.description ?? "",
            from: event["from"]?.description ?? "",
            to: event["to"]?.description ?? event.node,
            gapMilliseconds: gap
        )
        self.state.withLock { state in
            if event.name == EventName.takeoverCompleted.rawValue {
                state.takeovers.append(move)
            } else {
                state.handovers.append(move)
            }
        }
    }
}
