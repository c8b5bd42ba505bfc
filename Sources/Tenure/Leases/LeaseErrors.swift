/// A lease that was not to be had within the time to wait: somebody else has it, or waits before.
public struct LeaseNotAcquired: Error, Sendable, Hashable, CustomStringConvertible {
    /// The name of the lease, the semaphore or the singleton.
    public let name: String
    /// In whose database; `nil` for a singleton.
    public let tenant: TenantID?
    /// How long it was waited for.
    public let waited: Duration

    init(name: String, tenant: TenantID?, waited: Duration) {
        self.name = name
        self.tenant = tenant
        self.waited = waited
    }

    /// A sentence for a terminal.
    public var description: String {
        let name = self.tenant.map { "'\(self.name)' of tenant \($0)" } ?? "'\(self.name)'"
        return self.waited <= .zero ? "\(name) is held by another" : "\(name) was not to be had in \(self.waited)"
    }
}

/// A lease that ended before its holder was done. Whatever the holder writes under its token from now on is to be
/// refused.
public struct LeaseLost: Error, Sendable, Hashable, CustomStringConvertible {
    /// The name of the lease, the semaphore or the singleton.
    public let name: String
    /// In whose database; `nil` for a singleton.
    public let tenant: TenantID?
    /// The token that is void.
    public let token: LeaseToken
    /// Whether the store said so. Otherwise it could not be renewed in time, and may still be held for a moment.
    public let isConfirmed: Bool

    init(name: String, tenant: TenantID?, token: LeaseToken, isConfirmed: Bool) {
        self.name = name
        self.tenant = tenant
        self.token = token
        self.isConfirmed = isConfirmed
    }

    /// A sentence for a terminal.
    public var description: String {
        let reason = self.isConfirmed ? "it expired or was released" : "it could not be renewed in time"
        let name = self.tenant.map { "'\(self.name)' of tenant \($0)" } ?? "'\(self.name)'"
        return "\(name) is lost (token \(self.token)): \(reason)"
    }
}
