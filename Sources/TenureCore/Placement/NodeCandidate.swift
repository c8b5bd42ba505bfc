/// A node as a placement strategy sees it: what it can carry, and what it carries once everything decided has happened.
public struct NodeCandidate: Sendable, Hashable {
    /// The node's name.
    public let id: NodeID
    /// Its labels.
    public let labels: [String: String]
    /// A relative measure of how much it can carry; always above 0.
    public let capacity: Double
    /// What it reported last: due rate, busy slots, lag. Moves with the weather; a strategy that places by it should
    /// expect tenants to move more often.
    public let load: NodeLoad
    /// Tenants that it owns or is about to own; those about to leave are not counted.
    public var tenants: Int
    /// The sum of their weights.
    public var weight: Double
    /// Tenants that it may still take; `Int.max` when it has no cap.
    public var room: Int

    /// Describes a node, also for tests of one's own strategy.
    public init(
        id: NodeID,
        labels: [String: String] = [:],
        capacity: Double = 1,
        load: NodeLoad = NodeLoad(),
        tenants: Int = 0,
        weight: Double = 0,
        room: Int = .max
    ) {
        self.id = id
        self.labels = labels
        self.capacity = capacity
        self.load = load
        self.tenants = tenants
        self.weight = weight
        self.room = room
    }

    /// The weight that it carries per unit of capacity: what balance is measured in.
    public var relativeLoad: Double { self.weight / self.capacity }

    /// Whether it has every one of these labels, with the same value.
    public func hasLabels(_ required: [String: String]) -> Bool {
        required.allSatisfy { self.labels[$0.key] == $0.value }
    }
}

extension Sequence<NodeCandidate> {
    /// How uneven the load is: (max − min) / mean of the relative loads. 0 for no nodes, or when nobody carries
    /// anything.
    public var imbalance: Double {
        var count = 0
        var sum = 0.0
        var lowest = Double.infinity
        var highest = 0.0
        for node in self {
            count += 1
            sum += node.relativeLoad
            lowest = Swift.min(lowest, node.relativeLoad)
            highest = Swift.max(highest, node.relativeLoad)
        }
        guard count > 0, sum > 0 else { return 0 }
        return (highest - lowest) / (sum / Double(count))
    }
}
