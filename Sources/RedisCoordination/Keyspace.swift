package import TenureCore

/// The names of a cluster's keys in Redis: the only place that knows them.
///
/// All share the cluster's hash tag, so that Redis Cluster keeps them in one slot and every script is atomic there too.
package struct Keyspace: Sendable, Hashable {
    /// What a script may be given as one of its `KEYS`; the name is the part after the prefix.
    package enum Key: String, Sendable, Hashable, CaseIterable {
        /// String with an expiry: `node/incarnation/term`.
        case leader
        /// Counter: the last term.
        case term
        /// String: names the data set.
        case generation
        /// Hash: node → JSON.
        case nodes
        /// Hash: node → counter.
        case heartbeats
        /// Hash: node → JSON.
        case loads
        /// Hash: tenant → JSON.
        case tenants
        /// Hash: tenant → node, the assignment.
        case owners
        /// Counter: changes of the assignment, of the moves and of the nodes.
        case ownersVersion = "owners-version"
        /// Hash: tenant → why it has no node.
        case unassigned
        /// Hash: tenant → JSON of the move in flight.
        case moves
        /// Hash: tenant → last epoch given.
        case epochs
        /// List: JSON of operators' requests, oldest first.
        case requests
        /// What the locks' names begin with; a tenant's lock is a string with an expiry, `node/incarnation/epoch`.
        case locks = "lock:"
        /// What the names of singletons begin with; each is a string with an expiry, `holder/token`.
        case singletons = "singleton:"
        /// Counter: the last token given to a singleton.
        case singletonToken = "singleton-token"
        /// Stream: cluster events.
        case events
        /// Channel: hints.
        case wake
        /// Sorted set: token of a message → when it is due, in milliseconds since 1970.
        case messagesDue = "messages:due"
        /// What the names of the messages' hashes begin with.
        case messageRecords = "messages:record:"
        /// What the names of the messages' sorted sets by state begin with: token → place in the order.
        case messageStates = "messages:state:"
        /// Counter: places in the order of the messages.
        case messageSequence = "messages:sequence"
        /// Stream: tokens of messages that are due; its group `workers` knows who delivers them.
        case messageStream = "messages:stream"
        /// Sorted set: token of a message that ended → when to forget it, in milliseconds since 1970.
        case messagesEnded = "messages:ended"
        /// What the names of the sets of occurrences that have not ended begin with, one a recurrence.
        case messagesLive = "messages:live:"
        /// Channel: messages that are due sooner than any other.
        case messageWake = "messages:wake"
    }

    /// What all names begin with, `tenure:{<cluster>}:`.
    package let prefix: String

    /// The names of a cluster.
    ///
    /// - Parameter keyPrefix: The option `KeyPrefix`; `tenure:` by default.
    package init(cluster: ClusterName, keyPrefix: String = "tenure:") {
        self.prefix = "\(keyPrefix){\(cluster)}:"
    }

    /// The full name of a key.
    package subscript(_ key: Key) -> String {
        self.prefix + key.rawValue
    }

    /// The full name of a tenant's lock.
    package func lock(of tenant: TenantID) -> String {
        self[.locks] + tenant.description
    }
}
