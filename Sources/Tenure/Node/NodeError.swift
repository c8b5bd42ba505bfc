/// Why a node does not start, or ends.
public enum NodeError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Another process with this node ID is alive in the cluster.
    case nodeIDInUse(NodeID, by: Incarnation)
    /// Redis cannot be reached, or refuses.
    case redisUnreachable(String)

    /// What is wrong, and what to do.
    public var description: String {
        switch self {
        case .nodeIDInUse(let id, let incarnation):
            "node ID '\(id)' is in use: another process (incarnation \(incarnation)) sends heartbeats under it; "
                + "choose another node ID, or stop that process"
        case .redisUnreachable(let reason):
            "Redis cannot be used: \(reason)"
        }
    }
}

/// Options that cannot be used together.
public struct InvalidOptions: Error, Sendable, Hashable, CustomStringConvertible {
    /// One sentence each: the option, its value, and the way out.
    public let problems: [String]

    /// The problems, one a line.
    public var description: String { self.problems.joined(separator: "\n") }
}
