/// One customer as a discovery describes it: where its schema is, and how it counts.
public struct Tenant: Sendable, Hashable {
    /// The tenant's name.
    public var id: TenantID
    /// A libpq URI or keyword string, or `env:VARIABLE`, or `file:PATH`.
    public var connection: String
    /// The schema that holds its tables: letters, digits and underscores. Default `tenure`.
    public var schema: String
    /// Its share of the load. Default 1.
    public var weight: Double
    /// Higher comes first under the priority selection strategy. Default 0.
    public var priority: Int
    /// Labels that a node must have to own it.
    public var labels: [String: String]
    /// The only node that may own it, if any.
    public var pinnedNode: NodeID?
    /// Whether it is suspended: it stays known, and nobody owns it.
    public var isSuspended: Bool

    /// Describes a tenant.
    public init(
        id: TenantID,
        connection: String,
        schema: String = "tenure",
        weight: Double = 1,
        priority: Int = 0,
        labels: [String: String] = [:],
        pinnedNode: NodeID? = nil,
        isSuspended: Bool = false
    ) {
        self.id = id
        self.connection = connection
        self.schema = schema
        self.weight = weight
        self.priority = priority
        self.labels = labels
        self.pinnedNode = pinnedNode
        self.isSuspended = isSuspended
    }

    /// What the cluster may know of it: everything but the connection.
    package var descriptor: TenantDescriptor {
        TenantDescriptor(
            id: self.id,
            weight: self.weight,
            priority: self.priority,
            labels: self.labels,
            pinnedNode: self.pinnedNode,
            isSuspended: self.isSuspended
        )
    }
}
