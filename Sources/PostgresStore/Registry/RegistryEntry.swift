package import TenureCore

/// A tenant as the registry has it.
package struct RegistryEntry: Sendable, Hashable {
    package var id: TenantID
    /// For people; `nil` if it has none.
    package var name: String?
    /// A libpq URI or keyword string, or `env:VARIABLE`, or `file:PATH`.
    package var connection: String
    /// Letters, digits and underscores. Default `tenure`.
    package var schema: String
    /// Whether it exists; a removed tenant stays in the registry.
    package var isActive: Bool
    /// Whether it is known, and nobody is to own it.
    package var isSuspended: Bool
    /// The only node that may own it.
    package var pinnedNode: NodeID?
    /// Its share of the load. Default 1.
    package var weight: Double
    /// Default 0.
    package var priority: Int
    /// Labels that a node must have to own it.
    package var labels: [String: String]
    /// Set by the registry.
    package var createdAt: ServerTime
    package var updatedAt: ServerTime

    /// A tenant to be added.
    package init(
        id: TenantID,
        name: String? = nil,
        connection: String,
        schema: String = "tenure",
        isActive: Bool = true,
        isSuspended: Bool = false,
        pinnedNode: NodeID? = nil,
        weight: Double = 1,
        priority: Int = 0,
        labels: [String: String] = [:],
        createdAt: ServerTime = .distantPast,
        updatedAt: ServerTime = .distantPast
    ) {
        self.id = id
        self.name = name
        self.connection = connection
        self.schema = schema
        self.isActive = isActive
        self.isSuspended = isSuspended
        self.pinnedNode = pinnedNode
        self.weight = weight
        self.priority = priority
        self.labels = labels
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// Changes of a tenant; what is `nil` stays as it is.
package struct RegistryChange: Sendable, Hashable {
    /// Empty clears it.
    package var name: String?
    package var connection: String?
    package var schema: String?
    package var isSuspended: Bool?
    package var pin: Pin?
    package var weight: Double?
    package var priority: Int?
    package var labels: [String: String]?

    /// What becomes of a pin.
    package enum Pin: Sendable, Hashable {
        case to(NodeID)
        case none
    }

    /// No change yet.
    package init() {}
}

/// What the registry holds, with the rows that cannot be used.
package struct RegistryListing: Sendable, Hashable {
    /// By ID.
    package var tenants: [RegistryEntry]
    /// Rows that could not be understood, with the reason; the tenants they name must not be taken for removed.
    package var unreadable: [Unreadable]

    package struct Unreadable: Sendable, Hashable {
        package var tenantID: String
        package var reason: String
    }
}
