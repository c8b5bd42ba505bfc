/// A key that names no tenant: mistyped, removed, or not known to the discovery yet.
public struct UnknownTenant: Error, Sendable, Hashable, CustomStringConvertible {
    /// The key as it was given.
    public let key: String

    /// An error for a key.
    public init(_ key: String) {
        self.key = key
    }

    /// A sentence for a terminal.
    public var description: String { "there is no tenant '\(self.key)'" }
}

/// A name that no node of the cluster has.
public struct UnknownNode: Error, Sendable, Hashable, CustomStringConvertible {
    /// The node that was named.
    public let node: NodeID

    /// An error for a node.
    public init(_ node: NodeID) {
        self.node = node
    }

    /// A sentence for a terminal.
    public var description: String { "there is no node '\(self.node)' in the cluster" }
}

/// A request that was refused because of its arguments, or of something that does not exist. Nothing has happened.
public struct RequestRefused: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong.
    public let message: String
    /// What to do instead.
    public let hint: String?
    /// Whether something that the request names does not exist: a job, a dead letter.
    public let isNotFound: Bool

    package init(message: String, hint: String?, isNotFound: Bool) {
        self.message = message
        self.hint = hint
        self.isNotFound = isNotFound
    }

    /// The message with the hint.
    public var description: String { self.hint.map { "\(self.message). \($0)" } ?? self.message }
}
