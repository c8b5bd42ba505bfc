/// What an audit looked at, and what it found.
public struct AuditReport: Sendable, Hashable {
    /// How much was looked at.
    public struct Checked: Sendable, Hashable {
        /// Tenants whose database was read.
        public var tenants = 0
        /// Jobs whose occurrences were compared with their schedule.
        public var jobs = 0
        /// Occurrences that the schedules have.
        public var occurrences = 0
        /// Rows of the history.
        public var runs = 0
        /// Claims that stood.
        public var claims = 0
        /// Looks at a tenant; more than there are tenants when something was to be looked at again.
        public var looks = 0
    }

    /// A tenant whose database could not be read.
    public struct Unreachable: Sendable, Hashable {
        /// The tenant.
        public let tenant: TenantID
        /// Why.
        public let reason: String
    }

    /// How much was looked at.
    public var checked = Checked()
    /// Broken promises, by tenant.
    public var violations: [AuditFinding] = []
    /// What is worth knowing, by tenant.
    public var warnings: [AuditFinding] = []
    /// Tenants that could not be looked at, by ID.
    public var unreachable: [Unreachable] = []
    /// Whether Redis was asked who owns what.
    public let includesCluster: Bool

    /// Whether no promise is broken, as far as could be seen.
    public var isSound: Bool { self.violations.isEmpty }
}
