package import TenureCore

/// What a look at the list of tenants has brought; each list is in the order of the IDs.
package struct DiscoveryNews: Sendable, Equatable {
    /// A tenant that is described otherwise than before.
    package struct Change: Sendable, Equatable {
        package let before: Tenant
        package let after: Tenant

        /// Whether its schema is elsewhere, or is reached in another way.
        package var movesDatabase: Bool {
            self.before.connection != self.after.connection || self.before.schema != self.after.schema
        }

        /// Whether what the cluster knows of it changed.
        package var changesDescriptor: Bool { self.before.descriptor != self.after.descriptor }
    }

    /// A tenant that is gone.
    package struct Removal: Sendable, Equatable {
        /// How that is known.
        package enum Reason: String, Sendable, Equatable {
            /// The discovery said so.
            case inactive
            /// It has been missing long enough.
            case missing
        }

        /// As it was last described.
        package let tenant: Tenant
        /// How that is known.
        package let reason: Reason
    }

    /// Something to tell the world.
    package struct Event: Sendable, Equatable {
        package let name: EventName
        package let fields: [ClusterEvent.Field]
    }

    package var added: [Tenant] = []
    package var changed: [Change] = []
    package var removed: [Removal] = []
    /// `discovery.completed`, `discovery.failed` or `discovery.suspicious`, which may come once for each description
    /// that cannot be used; none when there is nothing new to say.
    package var events: [Event] = []

    /// Nothing new.
    package init() {}

    /// Whether the list is as before.
    package var isEmpty: Bool { self.added.isEmpty && self.changed.isEmpty && self.removed.isEmpty }
}
